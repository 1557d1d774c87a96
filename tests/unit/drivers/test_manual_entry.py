"""Manual entry: typed values are checked, marked, and never completed."""

import pytest

from drivers.devices.manual_entry import ManualEntry, typed_values
from drivers.errors import Cancelled, DeviceFault
from drivers.findings import MeasurementFound, Rejected
from drivers.model import Act, Derivation, Reading
from tests.contract.rig import decoded
from tests.unit.drivers.virtual_line import Clock, VirtualDeadline, VirtualRun


def test_a_decimal_comma_is_a_point() -> None:
    assert typed_values({"temperature_celsius": "36,6"}) == {"temperature_celsius": 36.6}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"systolic_mmhg": "122"}, "pressure needs both"),
        ({"systolic_mmhg": "78", "diastolic_mmhg": "122"}, "must be above"),
        ({"systolic_mmhg": "122.5", "diastolic_mmhg": "78"}, "whole number"),
        ({"temperature_celsius": "366"}, "not between 25 and 45"),
        ({"temperature_celsius": "nan"}, "not between"),
        ({"temperature_celsius": "warm"}, "is no number"),
        ({"breath_test": "maybe"}, "none of pass, fail, over"),
        ({"height_cm": "180"}, "no such quantity"),
        ({"pulse_bpm": "70"}, "no complete result"),
        ({}, "no complete result"),
    ],
)
def test_what_cannot_be_is_refused_with_its_limits(typed: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        typed_values(typed)


def test_a_typed_line_is_a_manual_reading() -> None:
    (found,) = decoded("manual_entry", b"spo2_percent=97;pulse_bpm=64\n")
    assert isinstance(found, MeasurementFound)
    assert found.reading.derivation is Derivation.MANUAL
    assert found.reading.values == {"spo2_percent": 97, "pulse_bpm": 64}


def test_a_quantity_must_not_stand_there_twice() -> None:
    assert not any(
        isinstance(one, MeasurementFound) for one in decoded("manual_entry", b"spo2_percent=97;spo2_percent=88\n")
    )


def taken(options: dict[str, str], *, cancelled: bool = False) -> Reading:
    run = VirtualRun(VirtualDeadline(Clock(), 10.0), options, cancelled=cancelled)
    return ManualEntry({}).measure(run)


def test_values_come_with_the_order_and_nothing_else_is_looked_at() -> None:
    reading = taken({"temperature_celsius": " 36,6 ", "maker": "Severny Pribor"})
    assert reading.values == {"temperature_celsius": 36.6}
    assert reading.raw == b"temperature_celsius=36,6\n"


@pytest.mark.parametrize(("options", "code"), [({}, "not_typed"), ({"pulse_bpm": "70"}, "impossible_value")])
def test_the_medic_is_told_what_is_missing(options: dict[str, str], code: str) -> None:
    with pytest.raises(DeviceFault) as caught:
        taken(options)
    assert (caught.value.code, caught.value.act) == (code, Act.MEDIC)


def test_it_can_be_called_off() -> None:
    with pytest.raises(Cancelled):
        taken({"spo2_percent": "97"}, cancelled=True)


def test_qualitative_words_may_be_typed() -> None:
    assert typed_values({"breath_test": "pass"}) == {"breath_test": "pass"}


def test_without_an_order_it_does_not_count() -> None:
    (found,) = decoded("manual_entry", b"spo2_percent=97\n", session="no")
    assert isinstance(found, Rejected)
