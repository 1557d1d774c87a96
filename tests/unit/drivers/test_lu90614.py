"""LU90614: golden frames, the wrong mode, and a forehead in front of the simulated module."""

import pytest

from drivers.config import ConfigError
from drivers.devices.lu90614 import SPEC
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, WrongDevice
from drivers.findings import MeasurementFound, Rejected
from simulators.lu90614 import Lu90614
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

GOLDEN = bytes.fromhex("FEAC281E00000000F0")
NORMAL = bytes.fromhex("FEAC243C000000000A")
OBJECT = bytes([0xFE, 0xAA, 0x24, 0x3C, 0, 0, 0, 0, 0x08])
MEASURE, BODY_MODE = b"\xfa\xca\xc4", b"\xfa\xc5\xbf"


def test_golden_frames() -> None:
    found = decode(SPEC, GOLDEN + NORMAL)
    assert values_of(found) == [{"temperature_celsius": 40.3}, {"temperature_celsius": 36.6}]
    assert isinstance(found[0], MeasurementFound)
    assert found[0].reading.raw == GOLDEN
    assert found[0].reading.details == {"mode": "body"}


def test_the_other_mode_is_refused() -> None:
    (found,) = decode(SPEC, OBJECT)
    assert isinstance(found, Rejected)
    assert "object mode" in found.reason
    assert values_of(decode(SPEC, OBJECT, mode="object")) == [{"temperature_celsius": 36.6}]
    assert kinds(decode(SPEC, NORMAL, mode="object")) == ["rejected"]


@pytest.mark.parametrize("whole", range(0, 60, 7))
@pytest.mark.parametrize("hundredths", [0, 1, 50, 99])
def test_every_temperature_is_exact_to_the_hundredth(whole: int, hundredths: int) -> None:
    head = bytes([0xFE, 0xAC, whole, hundredths, 0, 0, 0, 0])
    assert values_of(decode(SPEC, head + bytes([sum(head) & 0xFF]))) == [
        {"temperature_celsius": float(f"{whole}.{hundredths:02d}")}
    ]


@pytest.mark.parametrize("place", [4, 5, 6, 7])
def test_bytes_that_must_be_zero(place: int) -> None:
    head = bytearray([0xFE, 0xAC, 36, 60, 0, 0, 0, 0])
    head[place] = 1
    assert kinds(decode(SPEC, bytes([*head, sum(head) & 0xFF]))) == ["frame_error"]


def test_more_than_99_hundredths_are_broken() -> None:
    head = bytes([0xFE, 0xAC, 36, 100, 0, 0, 0, 0])
    assert kinds(decode(SPEC, head + bytes([sum(head) & 0xFF]))) == ["frame_error"]


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_any_changed_byte_is_noticed(place: int, flip: int) -> None:
    spoilt = bytearray(NORMAL)
    spoilt[place] ^= flip
    assert set(kinds(decode(SPEC, bytes(spoilt)))) == {"frame_error"}


@pytest.mark.parametrize("lost", range(9))
def test_a_lost_byte_does_not_cost_the_next_frame(lost: int) -> None:
    assert kinds(decode(SPEC, NORMAL[:lost] + NORMAL[lost + 1 :] + GOLDEN)) == ["frame_error", "measurement"]


def test_an_unasked_result_is_refused() -> None:
    assert kinds(decode(SPEC, NORMAL, session="no")) == ["rejected"]


@pytest.mark.parametrize(("name", "celsius"), [("normal", 36.6), ("high", 38.4), ("retry", 36.6)])
def test_measures_a_forehead(name: str, celsius: float) -> None:
    reading, run = measure(SPEC, ModelLine(in_scenario(Lu90614(), name), chunk=2))
    assert reading.values == {"temperature_celsius": celsius}
    assert "waiting_for_forehead" in run.states or name == "retry"


def test_sets_the_mode_right_once() -> None:
    line = ModelLine(in_scenario(Lu90614(), "object_mode"))
    assert measure(SPEC, line)[0].details == {"mode": "body"}
    assert line.sent.count(BODY_MODE) == 1


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nobody", DeviceFault),
        ("stuck", DeviceFault),
        ("mode_fixed", WrongDevice),
        ("silence", NoResponse),
        ("corrupted", FrameError),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(Lu90614(), name)), timeout_s=20.0)


def test_a_late_reply_does_not_count() -> None:
    model = Lu90614(forehead_celsius=39.0, comes_after_s=0.0)
    line = ModelLine(model)
    line.write(MEASURE)
    line.pass_time(2.0)
    assert line.waiting
    model.forehead_celsius = 36.4
    assert measure(SPEC, line)[0].values == {"temperature_celsius": 36.4}


def test_cancelled_midway() -> None:
    with pytest.raises(Cancelled):
        measure(SPEC, ModelLine(Lu90614()), cancel_at="waiting_for_forehead")


def test_identity_does_not_measure() -> None:
    line = ModelLine(Lu90614())
    assert not identify(SPEC, line).medical_device
    assert line.sent == b""


@pytest.mark.parametrize(("name", "value"), [("steady_readings", "0"), ("present_above_celsius", "warm")])
def test_a_wrong_option_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        instrument(SPEC, ModelLine(Lu90614()), **{name: value})
