"""Five-byte stream of Contec and Berry: golden frames, flags, stored values, and the simulated oximeter."""

import pytest

from drivers.config import ConfigError
from drivers.devices.contec_legacy import SPEC
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading
from drivers.findings import MeasurementFound, Rejected, StateSeen
from simulators.contec_legacy import ContecLegacy
from tests.unit.drivers.virtual_line import (
    ModelLine,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
    values_of,
)

GOLDEN = bytes.fromhex("C633094862")
FAST = bytes.fromhex("8633490C61")
BCI = bytes.fromhex("C53C084862")
BCI_OUT = bytes.fromhex("9000507F7F")
STORED_HEADER = bytes.fromhex("F28000F28000F28000808120")
STORED = Rejected("stored: values from the memory belong to somebody else")


def test_golden_frames() -> None:
    assert values_of(decode(SPEC, GOLDEN + FAST)) == [
        {"pulse_bpm": 72, "spo2_percent": 98},
        {"pulse_bpm": 140, "spo2_percent": 97},
    ]
    assert values_of(decode(SPEC, BCI, dialect="berry")) == [{"pulse_bpm": 72, "spo2_percent": 98}]
    assert decode(SPEC, BCI_OUT, dialect="berry") == [StateSeen("finger_out")]


def test_raw_and_signal_strength() -> None:
    (found,) = decode(SPEC, GOLDEN)
    assert isinstance(found, MeasurementFound)
    assert found.reading.raw == GOLDEN
    assert found.reading.details == {"signal_strength": 6}


@pytest.mark.parametrize(
    ("dialect", "frame", "kind"),
    [
        ("contec", "9033094862", "rejected"),
        ("contec", "8633194862", "rejected"),
        ("contec", "8633294862", "rejected"),
        ("contec", "9033000000", "state"),
        ("contec", "8633000000", "state"),
        ("contec", "8633497F7F", "state"),
        ("berry", "953C084862", "rejected"),
        ("berry", "A53C084862", "rejected"),
        ("berry", "853C184862", "rejected"),
        ("berry", "853C284862", "rejected"),
        ("berry", "853C080000", "frame_error"),
        ("contec", "8633094865", "frame_error"),
        ("berry", "853C084865", "frame_error"),
    ],
)
def test_frames_that_are_no_measurement(dialect: str, frame: str, kind: str) -> None:
    assert kinds(decode(SPEC, bytes.fromhex(frame), dialect=dialect)) == [kind]


def test_falling_spo2_is_a_detail_of_contec() -> None:
    (found,) = decode(SPEC, bytes.fromhex("A633094862"))
    assert isinstance(found, MeasurementFound)
    assert found.reading.details == {"signal_strength": 6, "low_spo2": 1}


def test_a_missing_value_is_absent() -> None:
    assert values_of(decode(SPEC, bytes.fromhex("8633090062"))) == [{"spo2_percent": 98}]
    assert values_of(decode(SPEC, bytes.fromhex("863309487F"))) == [{"pulse_bpm": 72}]


def test_stored_values_are_refused() -> None:
    stream = STORED_HEADER + bytes.fromhex("F0C862F1895F") + GOLDEN
    found = decode(SPEC, stream)
    assert found[:3] == [STORED, STORED, STORED]
    assert kinds(found[3:]) == ["measurement"]


def test_a_berry_has_no_memory() -> None:
    assert set(kinds(decode(SPEC, STORED_HEADER, dialect="berry"))) == {"frame_error"}


@pytest.mark.parametrize("lost", range(1, 5))
def test_a_lost_byte_does_not_cost_the_next_frame(lost: int) -> None:
    assert kinds(decode(SPEC, GOLDEN[:lost] + GOLDEN[lost + 1 :] + GOLDEN)) == ["frame_error", "measurement"]


def test_garbage_and_doubles() -> None:
    assert kinds(decode(SPEC, b"\x00\x33\xf6\xf6" + GOLDEN + GOLDEN)) == ["frame_error", "measurement", "measurement"]


def test_unasked_values_are_refused() -> None:
    assert kinds(decode(SPEC, GOLDEN, session="no")) == ["rejected"]


@pytest.mark.parametrize(
    ("name", "dialect", "values"),
    [
        ("normal", "contec", {"pulse_bpm": 71, "spo2_percent": 98}),
        ("high", "contec", {"pulse_bpm": 149, "spo2_percent": 98}),
        ("berry", "berry", {"pulse_bpm": 71, "spo2_percent": 98}),
    ],
)
def test_measures(name: str, dialect: str, values: dict[str, int]) -> None:
    reading, run = measure(SPEC, ModelLine(in_scenario(ContecLegacy(), name), chunk=7), dialect=dialect)
    assert reading.values == values
    assert run.states == ["searching", "measuring"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("finger_out", DeviceFault),
        ("held", StaleReading),
        ("stuck", DeviceFault),
        ("stale_memory", StaleReading),
        ("silence", NoResponse),
        ("corrupted", FrameError),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(ContecLegacy(), name)), timeout_s=10.0)


def test_values_from_before_the_start_do_not_count() -> None:
    model = ContecLegacy()
    line = ModelLine(model)
    line.pass_time(10.0)
    model.pulse_bpm = 95
    assert measure(SPEC, line)[0].values["pulse_bpm"] == 95


def test_cancelled_midway() -> None:
    with pytest.raises(Cancelled):
        measure(SPEC, ModelLine(ContecLegacy()), cancel_at="searching")


def test_identity_is_the_manuals() -> None:
    line = ModelLine(ContecLegacy())
    assert identify(SPEC, line).maker == "Contec"
    assert identify(SPEC, line, dialect="berry").maker == "Berry"
    assert line.sent == b""


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ConfigError, match="steady_frames"):
        instrument(SPEC, ModelLine(ContecLegacy()), steady_frames="0")
