"""What a body can have: one table, one judge, for every driver, profile and typed value."""

import math

import pytest

from drivers.body import LIMITS, judge_reading
from drivers.config import DeviceConfig
from drivers.devices import manual_entry
from drivers.devices.manual_entry import typed_values
from drivers.errors import DeviceError, WrongDevice
from drivers.findings import FrameBroken, MeasurementFound, Rejected
from drivers.identity import with_configured_serial
from drivers.modbus_adu import answer_adu
from drivers.model import Act, DeviceIdentity, Measures, Quantity, Reading, Value
from drivers.registry import attach
from tests.contract.rig import decoded

T, P, B, O = Measures.TEMPERATURE, Measures.PRESSURE, Measures.BREATH, Measures.OXIMETRY  # noqa: E741


@pytest.mark.parametrize(
    ("measures", "values"),
    [
        (T, {"temperature_celsius": 36.6}),
        (T, {"temperature_celsius": 25}),
        (T, {"temperature_celsius": 45.0}),
        (P, {"systolic_mmhg": 300, "diastolic_mmhg": 15, "mean_mmhg": 120, "pulse_bpm": 20}),
        (B, {"breath_alcohol_mg_per_l": 0.0}),
        (B, {"breath_alcohol_raw": 12, "unit": "mg/100mL"}),
        (B, {"breath_test": "pass"}),
        (O, {"spo2_percent": 98, "pulse_bpm": 61, "perfusion_index_percent": 0.55}),
    ],
)
def test_what_can_be_passes(measures: Measures, values: dict[str, Value]) -> None:
    judge_reading(Reading(values, b"raw"), measures)


@pytest.mark.parametrize(
    ("measures", "values", "code", "act"),
    [
        (T, {"temperature_celsius": 97.2}, "fahrenheit", Act.SERVICE),
        (T, {"temperature_celsius": 90}, "fahrenheit", Act.SERVICE),
        (T, {"temperature_celsius": 110.0}, "fahrenheit", Act.SERVICE),
        (T, {"temperature_celsius": 45.5}, "impossible_value", Act.WORKER),
        (T, {"temperature_celsius": 255.99}, "impossible_value", Act.WORKER),
        (T, {"temperature_celsius": 0.0}, "impossible_value", Act.WORKER),
        (T, {"temperature_celsius": math.nan}, "impossible_value", Act.WORKER),
        (T, {"temperature_celsius": math.inf}, "impossible_value", Act.WORKER),
        (T, {"temperature_celsius": "36.6"}, "impossible_value", Act.WORKER),
        (T, {"temperature_celsius": True}, "impossible_value", Act.WORKER),
        (T, {}, "incomplete", Act.WORKER),
        (T, {"pulse_bpm": 60}, "incomplete", Act.WORKER),
        (T, {"temperature_fahrenheit": 97.2}, "impossible_value", Act.WORKER),
        (P, {"systolic_mmhg": 120}, "incomplete", Act.WORKER),
        (P, {"systolic_mmhg": 80, "diastolic_mmhg": 80}, "impossible_value", Act.WORKER),
        (P, {"systolic_mmhg": 80, "diastolic_mmhg": 120}, "impossible_value", Act.WORKER),
        (P, {"systolic_mmhg": 120, "mean_mmhg": 130, "diastolic_mmhg": 80}, "impossible_value", Act.WORKER),
        (P, {"systolic_mmhg": 301, "diastolic_mmhg": 80}, "impossible_value", Act.WORKER),
        (P, {"systolic_mmhg": 120, "diastolic_mmhg": 80, "pulse_bpm": 0}, "impossible_value", Act.WORKER),
        (B, {"breath_alcohol_mg_per_l": 9.999}, "impossible_value", Act.WORKER),
        (B, {"breath_alcohol_mg_per_l": -0.01}, "impossible_value", Act.WORKER),
        (B, {"breath_test": "perhaps"}, "impossible_value", Act.WORKER),
        (O, {"spo2_percent": 0}, "impossible_value", Act.WORKER),
        (O, {"spo2_percent": 101}, "impossible_value", Act.WORKER),
    ],
)
def test_what_cannot_be_is_refused(measures: Measures, values: dict[str, Value], code: str, act: Act) -> None:
    with pytest.raises(DeviceError) as caught:
        judge_reading(Reading(values, b"raw"), measures)
    assert (caught.value.code, caught.value.act) == (code, act)


GOOD: dict[str, Value] = {"temperature_celsius": 36.6}


@pytest.mark.parametrize(
    "reading",
    [
        Reading(GOOD, b""),
        Reading(GOOD, b"x" * 2001),
        Reading(GOOD, b"x", device={"serial": "1" * 201}),
        Reading(GOOD, b"x", device={"model": "A\x00B"}),
        Reading(GOOD, b"x", device_clock="2026\n"),
        Reading(GOOD, b"x", details={"mode": "\x1b[2J"}),
        Reading(GOOD, b"x", details={"share": math.nan}),
    ],
)
def test_what_an_event_could_not_keep_is_refused_before_it_is_one(reading: Reading) -> None:
    with pytest.raises(DeviceError) as caught:
        judge_reading(reading, T)
    assert (caught.value.code, caught.value.act) == ("unusable_reading", Act.SERVICE)


@pytest.mark.parametrize("serial", ["9" * 201, "12\x0034"])
def test_an_unreadable_identity_is_a_wrong_device(serial: str) -> None:
    device = attach([DeviceConfig(id="a", driver="optris_ct", measures=T, port="/dev/a")])[0]
    with pytest.raises(WrongDevice) as caught:
        with_configured_serial(DeviceIdentity("Optris", "CT", serial), device)
    assert caught.value.code == "unreadable_identity"


def test_the_typed_table_is_the_same_table() -> None:
    assert manual_entry.LIMITS is LIMITS
    with pytest.raises(ValueError, match="Fahrenheit"):
        typed_values({"temperature_celsius": "97,2"})
    with pytest.raises(ValueError, match="no such quantity"):
        typed_values({"breath_alcohol_raw": "12"})


def test_every_number_that_a_device_gives_stands_in_the_table() -> None:
    assert {quantity for quantity in Quantity if quantity is not Quantity.BREATH_TEST} == set(LIMITS)


def lu90614(whole: int, hundredths: int) -> bytes:
    frame = bytes([0xFE, 0xAC, whole, hundredths, 0, 0, 0, 0])
    return frame + bytes([sum(frame) & 0xFF])


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("lu90614", lu90614(0x61, 0x14), "97.2 is no body temperature; is the instrument set to Fahrenheit?"),
        ("lu90614", lu90614(255, 99), "255.99 is not between 25 and 45"),
        ("lu90614", lu90614(0, 0), "0 is not between 25 and 45"),
        ("lu90614", lu90614(45, 50), "45.5 is not between"),
        ("optris_ct", (1000 + 972).to_bytes(2, "big"), "Fahrenheit"),
        ("optris_ct", (1000 + 1500).to_bytes(2, "big"), "150 is not between"),
        ("dingo_e200", b"$R:9.999\r\n", "9.999 is not between 0 and 5"),
        ("manual_entry", b"temperature_celsius=97.2\n", "Fahrenheit"),
        ("ct100", answer_adu([round((97.2 + 273.15) / 0.02), 15000]), "Fahrenheit"),
    ],
)
def test_decode_refuses_what_no_body_can_have(name: str, data: bytes, told: str) -> None:
    found = decoded(name, data)
    assert not any(isinstance(one, MeasurementFound) for one in found)
    assert any(told in one.reason for one in found if isinstance(one, Rejected | FrameBroken)), found
