"""Dingo E-200 and EBS-010: the lines, the cycle, both kinds of test, what must never become a number."""

import pytest

from drivers.devices.dingo_e200 import SPEC
from drivers.errors import Cancelled, DeviceError, DeviceFault, FrameError, NoResponse, StaleReading
from drivers.findings import FaultSeen, StateSeen
from drivers.model import Act
from simulators.dingo_e200 import DingoModel
from simulators.model import apply_scenario
from tests.unit.drivers.virtual_line import (
    ModelLine,
    VirtualDeadline,
    VirtualRun,
    decode,
    identify,
    instrument,
    kinds,
    measure,
    values_of,
)


def scenario(name: str = "normal", **fields: object) -> ModelLine:
    model = DingoModel()
    apply_scenario(model, name)
    for key, value in fields.items():
        setattr(model, key, value)
    return ModelLine(model)


@pytest.mark.parametrize(
    ("line", "code", "act"),
    [
        ("$FLOW,ERR", "flow", Act.WORKER),
        ("$TIME,OUT", "time_out", Act.WORKER),
        ("$SENSOR,ERR", "sensor", Act.SERVICE),
        ("$MODULE,ERR", "module", Act.SERVICE),
        ("$TEMP,ERR", "temperature", Act.SERVICE),
        ("$SYSTEM,ERR", "system", Act.SERVICE),
        ("$BAT,LOW", "battery", Act.SERVICE),
        ("$LIFETIMEOVER", "lifetime", Act.SERVICE),
    ],
)
def test_every_error_line_is_a_fault_without_a_number(line: str, code: str, act: Act) -> None:
    (found,) = decode(SPEC, line.encode() + b"\r\n")
    assert isinstance(found, FaultSeen)
    assert (found.code, found.act) == (code, act)


@pytest.mark.parametrize(
    "line",
    [
        *("$R:", "$R:0.0", "$R:0.00", "$R:0.0000", "$R:00.000", "$R:-0.100", "$R:0,000", "$R:PASSED", "$R:pass"),
        *("R:0.000", "$R: 0.000", "$r:0.000", "x$R:0.000", "$R:0.000x", "$RESULT,0.000-OK"),
    ],
)
def test_what_is_not_exactly_a_result_is_none(line: str) -> None:
    assert kinds(decode(SPEC, line.encode() + b"\r\n")) == ["frame_error"]


def test_four_digits_are_refused() -> None:
    assert kinds(decode(SPEC, b"$R:0123,B\r\n")) == ["rejected"]


@pytest.mark.parametrize("word", ["PASS", "FAIL", "OVER"])
def test_words_stay_words(word: str) -> None:
    assert values_of(decode(SPEC, f"$R:{word},x\r\n".encode())) == [{"breath_test": word.lower()}]


def test_a_line_that_shares_its_read_with_another_is_not_lost() -> None:
    assert kinds(decode(SPEC, b"$BREATH\r\n$R:0.000\r\n$END\r\n")) == ["state", "measurement", "state"]


def test_half_a_result_is_no_result() -> None:
    assert kinds(decode(SPEC, b"$R:0.000")) == ["frame_error"]
    assert kinds(decode(SPEC, b"$R:0.000\r")) == ["frame_error"]


def test_the_ebs_states_its_unit_and_is_believed() -> None:
    data = b"$U/B,L/020,H/050,T/0003\r\n$RESULT,0.061-HIGH\r\n"
    assert values_of(decode(SPEC, data, dialect="ebs010", unit="mg/L")) == [
        {"breath_alcohol_raw": 0.061, "unit": "%BAC"}
    ]


def test_the_whole_cycle() -> None:
    line = scenario()
    reading, run = measure(SPEC, line)
    assert reading.values == {"breath_alcohol_mg_per_l": 0.0}
    assert reading.raw == b"$R:0.000\r\n"
    assert run.states == ["warming", "waiting_for_breath", "blowing", "analysing"]
    assert line.sent == b"$STARTSENTECH\r\n"


def test_the_fast_test_is_asked_for_by_the_run() -> None:
    line = scenario("high")
    run = VirtualRun(VirtualDeadline(line.clock, 100.0), {"test": "fast"})
    assert instrument(SPEC, line).measure(run).values == {"breath_test": "fail"}
    assert line.sent == b"$FASTSENTECH\r\n"


def test_over_range_is_a_word_in_the_precise_test_too() -> None:
    assert measure(SPEC, scenario("over"))[0].values == {"breath_test": "over"}


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("error_flow", DeviceFault, "flow"),
        ("error_sensor", DeviceFault, "sensor"),
        ("error_battery", DeviceFault, "battery"),
        ("nobody_blows", DeviceFault, "time_out"),
        ("ended", DeviceFault, "ended"),
        ("stale_memory", StaleReading, "no_breath"),
        ("silence", NoResponse, "no_response"),
        ("stuck", NoResponse, "timeout_waiting_for_breath"),
    ],
)
def test_every_way_to_fail(name: str, kind: type[DeviceError], code: str) -> None:
    with pytest.raises(kind) as caught:
        measure(SPEC, scenario(name), timeout_s=200.0)
    assert caught.value.code == code


def test_a_second_blow_after_a_bad_one() -> None:
    line = scenario("retry", alcohol="0.210")
    with pytest.raises(DeviceFault):
        measure(SPEC, line)
    assert measure(SPEC, line)[0].values == {"breath_alcohol_mg_per_l": 0.21}


def test_a_test_that_is_still_going_on_is_stopped_first() -> None:
    line = scenario(blows_after_s=1e9, patience_s=1e9)
    line.write(b"$STARTSENTECH\r\n")
    line.pass_time(1.0)
    line.waiting = b""
    line.model.blows_after_s = 3.0
    line.sent = b""
    line.model.warming_s = 1.5
    measure(SPEC, line)
    assert line.sent == b"$STOPSENTECH\r\n$STARTSENTECH\r\n"


def test_a_silent_idle_instrument_is_started_all_the_same() -> None:
    assert measure(SPEC, scenario(idle_end_period_s=1e9))[0].values == {"breath_alcohol_mg_per_l": 0.0}


def test_calling_off_stops_the_instrument() -> None:
    line = scenario()
    with pytest.raises(Cancelled):
        measure(SPEC, line, cancel_at="waiting_for_breath")
    assert line.model.stops == 1


def test_due_calibration_is_noted_or_refused() -> None:
    assert measure(SPEC, scenario("calibration"))[0].details == {"calibration_due": 1}
    with pytest.raises(DeviceFault) as caught:
        measure(SPEC, scenario("calibration"), calibration="refuse")
    assert (caught.value.code, caught.value.act) == ("calibration", Act.SERVICE)


def test_the_serial_number_is_confirmed_where_the_instrument_says_it() -> None:
    line = scenario()
    assert identify(SPEC, line, serial_number="E2-045617").serial_source == "device"
    assert identify(SPEC, line, serial_number="E2-000001").serial_number is None
    assert line.model.tests == 0


def test_nobody_there() -> None:
    with pytest.raises(NoResponse):
        identify(SPEC, scenario("silence"))


def test_the_other_dialect() -> None:
    line = scenario("ebs010_high")
    assert identify(SPEC, line, dialect="ebs010").model == "EBS-010"
    reading, _ = measure(SPEC, line, dialect="ebs010")
    assert reading.values == {"breath_alcohol_mg_per_l": 0.61}
    assert reading.details == {"verdict": "HIGH"}


def chattering(line: bytes) -> ModelLine:
    """A line on which the same words come again and again, whatever is asked."""
    spoken = scenario()
    spoken.spoil = lambda data: line
    return spoken


def test_whoever_is_in_the_middle_of_a_test_is_known_all_the_same() -> None:
    assert identify(SPEC, chattering(b"$WAIT\r\n")).maker == "Sentech Korea"


def test_a_test_before_that_does_not_end_calls_the_service() -> None:
    with pytest.raises(DeviceFault) as caught:
        measure(SPEC, chattering(b"$BREATH\r\n"))
    assert (caught.value.code, caught.value.act) == ("busy", Act.SERVICE)


def test_somebody_elses_lines_are_garbage() -> None:
    with pytest.raises(FrameError):
        identify(SPEC, chattering(b"hello\r\n"))
    with pytest.raises(FrameError):
        measure(SPEC, chattering(b"hello\r\n"))


def test_the_device_clock_is_told_and_not_used() -> None:
    (found,) = decode(SPEC, b"#2026-07-11,09:05:30\r\n")
    assert found == StateSeen("device_clock", {"clock": "2026-07-11T09:05:30"})
