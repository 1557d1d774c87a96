"""A&D UA-767PC: golden strings, bursts of the wrong length, and the simulated monitor."""

import pytest

from drivers.devices.and_ua767pc import SPEC
from drivers.errors import Cancelled, FrameError, NoResponse, StaleReading
from drivers.findings import MeasurementFound, Rejected
from simulators.and_ua767pc import AndUa767pc
from tests.unit.drivers.virtual_line import (
    ModelLine,
    VirtualDeadline,
    VirtualRun,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
    values_of,
)

GOLDEN = b"804C4C4960"
BUILT = bytes.fromhex("38303238353034383630")


def test_golden_strings() -> None:
    (found,) = decode(SPEC, GOLDEN)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"systolic_mmhg": 152, "diastolic_mmhg": 76, "pulse_bpm": 73}
    assert found.reading.raw == GOLDEN
    assert found.reading.details == {"status": "80"}
    assert values_of(decode(SPEC, BUILT)) == [{"systolic_mmhg": 120, "diastolic_mmhg": 80, "pulse_bpm": 72}]


@pytest.mark.parametrize("status", [b"80", b"81", b"82", b"83"])
def test_statuses_that_were_seen(status: bytes) -> None:
    assert kinds(decode(SPEC, status + GOLDEN[2:])) == ["measurement"]


@pytest.mark.parametrize("status", [b"00", b"7F", b"84", b"FF"])
def test_other_statuses_are_refused(status: bytes) -> None:
    assert decode(SPEC, status + GOLDEN[2:]) == [Rejected(f"undocumented status {status.decode()}")]


@pytest.mark.parametrize("values", [b"80004C4960", b"804C004960", b"80FFFF4960", b"8000000000"])
def test_impossible_pressures_are_refused(values: bytes) -> None:
    assert kinds(decode(SPEC, values)) == ["rejected"]


@pytest.mark.parametrize("lost", range(10))
def test_a_digit_lost_or_gained_never_gives_a_value(lost: int) -> None:
    assert kinds(decode(SPEC, GOLDEN[:lost] + GOLDEN[lost + 1 :])) == ["frame_error"]
    assert kinds(decode(SPEC, GOLDEN[:lost] + b"8" + GOLDEN[lost:])) == ["frame_error"]
    assert kinds(decode(SPEC, GOLDEN[:lost] + GOLDEN[lost + 1 :] + GOLDEN)) == ["frame_error"]


def test_lower_case_is_no_digit() -> None:
    assert "measurement" not in kinds(decode(SPEC, GOLDEN.lower()))


def test_doubles_garbage_and_line_ends() -> None:
    assert kinds(decode(SPEC, GOLDEN + BUILT)) == ["measurement", "measurement"]
    assert kinds(decode(SPEC, b"\x00\xff*" + GOLDEN)) == ["frame_error", "measurement"]
    assert kinds(decode(SPEC, GOLDEN + b"\r\n" + BUILT + b"\r\n")) == ["measurement", "measurement"]


def test_a_line_end_without_a_burst_is_noise() -> None:
    assert kinds(decode(SPEC, b"\r\n")) == ["frame_error"]
    assert kinds(decode(SPEC, GOLDEN + b"\r\n\r\n")) == ["measurement", "frame_error"]


def test_an_endless_burst_is_bounded() -> None:
    assert kinds(decode(SPEC, b"80" * 500)) == ["frame_error"]


def test_an_unasked_result_is_refused() -> None:
    assert kinds(decode(SPEC, GOLDEN, session="no")) == ["rejected"]


@pytest.mark.parametrize(("name", "systolic"), [("normal", 122), ("high", 168)])
def test_measures(name: str, systolic: int) -> None:
    line = ModelLine(in_scenario(AndUa767pc(), name), chunk=3)
    assert measure(SPEC, line)[0].values["systolic_mmhg"] == systolic
    assert line.sent == b""


def test_dialogue_is_opened_acknowledged_and_closed() -> None:
    line = ModelLine(AndUa767pc())
    measure(SPEC, line, dialogue="yes")
    printed = [bytes.fromhex(text) for text in ("0243504330353B", "013730504306", "0243504330343A")]
    assert line.sent == b"".join(printed)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("other_status", StaleReading),
        ("digit_lost", FrameError),
        ("corrupted", FrameError),
        ("silence", NoResponse),
        ("stuck", NoResponse),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(AndUa767pc(), name)))


def test_a_result_from_before_the_start_does_not_count() -> None:
    model = AndUa767pc()
    line = ModelLine(model)
    line.pass_time(36.0)
    assert line.waiting
    model.systolic_mmhg = 131
    assert measure(SPEC, line)[0].values["systolic_mmhg"] == 131


def test_cancelled_midway_closes_the_dialogue() -> None:
    class CalledOff(ModelLine):
        def read(self, size: int = 256) -> bytes:
            run.cancelled = True
            return super().read(size)

    line = CalledOff(AndUa767pc())
    run = VirtualRun(VirtualDeadline(line.clock, 60.0))
    with pytest.raises(Cancelled):
        instrument(SPEC, line, dialogue="yes").measure(run)
    assert line.sent.endswith(b"\x02CPC04\x3a")


def test_identity_is_the_manuals() -> None:
    line = ModelLine(AndUa767pc())
    assert identify(SPEC, line).maker == "A&D"
    assert line.sent == b""
