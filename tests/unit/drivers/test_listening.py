"""Waiting on a line: every way in which nothing comes has its own explanation."""

from dataclasses import dataclass, field

import pytest

from drivers.errors import (
    Cancelled,
    DeviceError,
    DeviceFault,
    FrameError,
    NoResponse,
    StaleReading,
    WrongDevice,
)
from drivers.findings import FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.listening import Listener
from drivers.model import Act, Reading
from drivers.ports import Progress
from drivers.verdict import WRONG_FORMAT
from tests.unit.drivers.virtual_line import Clock, ScriptedLine, VirtualDeadline, VirtualRun

LIVE = MeasurementFound(Reading({"spo2_percent": 98, "pulse_bpm": 70}, b"x"))


@dataclass
class ListCodec:
    """Each received byte is the number of the finding to give."""

    known: list[Finding]
    at_close: list[Finding] = field(default_factory=list)

    def feed(self, data: bytes) -> list[Finding]:
        return [self.known[byte] for byte in data]

    def close(self) -> list[Finding]:
        rest, self.at_close = self.at_close, []
        return rest


def listener(*known: Finding, run: VirtualRun | None = None, at_close: list[Finding] | None = None) -> Listener:
    line = ScriptedLine(waiting=bytes(range(len(known))), clock=run.deadline.clock if run else Clock())
    return Listener("device", line, ListCodec(list(known), at_close or []), run)


def soon() -> VirtualDeadline:
    return VirtualDeadline(Clock(), 1.0)


@pytest.mark.parametrize(
    ("known", "error"),
    [
        ([], NoResponse),
        ([FrameBroken("noise")], FrameError),
        ([Rejected("held")], StaleReading),
        ([StateSeen("searching")], DeviceFault),
        ([FaultSeen("7", "worn out", Act.SERVICE)], DeviceFault),
        ([Rejected(f"{WRONG_FORMAT}: 4")], WrongDevice),
        ([LIVE], DeviceFault),
    ],
)
def test_every_end_has_its_explanation(known: list[Finding], error: type[DeviceError]) -> None:
    assert type(listener(at_close=known).explanation()) is error


def test_a_measurement_is_taken_and_states_are_reported() -> None:
    run = VirtualRun(soon())
    assert (
        listener(StateSeen("warming"), FrameBroken("noise"), LIVE, run=run).await_reading(run.deadline) == LIVE.reading
    )
    assert run.reported == [Progress("warming")]


@pytest.mark.parametrize(
    ("finding", "error"),
    [(FaultSeen("7", "worn out", Act.SERVICE), DeviceFault), (Rejected(f"{WRONG_FORMAT}: 4"), WrongDevice)],
)
def test_a_fault_ends_it_at_once(finding: Finding, error: type[DeviceError]) -> None:
    run = VirtualRun(soon())
    with pytest.raises(error):
        listener(finding, LIVE, run=run).await_reading(run.deadline)
    run = VirtualRun(soon())
    with pytest.raises(error):
        listener(finding, LIVE, run=run).await_steady(1, run.deadline)


def test_called_off() -> None:
    run = VirtualRun(soon(), cancelled=True)
    with pytest.raises(Cancelled):
        listener(run=run).await_reading(run.deadline)


def test_an_answer_is_the_first_finding_that_is_no_garbage() -> None:
    run = VirtualRun(soon())
    waiting = listener(FrameBroken("noise"), StateSeen("idle"), StateSeen("busy"), run=run)
    assert waiting.answer(b"?", run.deadline) == StateSeen("idle")
    assert waiting.next(run.deadline) == StateSeen("busy")
    assert waiting.answer(b"?", run.deadline) is None


def live(spo2: int, pulse: int, **details: int) -> MeasurementFound:
    return MeasurementFound(Reading({"spo2_percent": spo2, "pulse_bpm": pulse}, b"x", details=details))


@pytest.mark.parametrize(
    "disturbance",
    [
        FrameBroken("noise"),
        Rejected("held"),
        StateSeen("searching"),
        live(98, 70, artefact=1),
        live(90, 70),
        live(98, 120),
        MeasurementFound(Reading({"spo2_percent": 98}, b"x")),
    ],
)
def test_anything_in_between_starts_the_count_anew(disturbance: Finding) -> None:
    run = VirtualRun(soon())
    row: list[Finding] = [live(98, 70), live(98, 70), disturbance, live(97, 71), live(96, 72)]
    with pytest.raises(DeviceFault, match="steady"):
        listener(*row, run=run).await_steady(3, run.deadline)
    run = VirtualRun(soon())
    assert listener(*row, live(97, 73), run=run).await_steady(3, run.deadline).values["pulse_bpm"] == 73


def test_one_damaged_frame_near_the_true_values_is_not_the_result() -> None:
    run = VirtualRun(soon())
    row: list[Finding] = [live(98, 70), live(98, 70), live(98, 71), live(97, 78)]
    assert listener(*row, run=run).await_steady(4, run.deadline).values == {"spo2_percent": 98, "pulse_bpm": 70}
    assert run.states == ["measuring"]
    run = VirtualRun(soon())
    drifting: list[Finding] = [live(98, 70), live(98, 71), live(98, 72)]
    assert listener(*drifting, run=run).await_steady(3, run.deadline).values["pulse_bpm"] == 72


def test_silence_ends_a_frame_where_that_is_the_rule() -> None:
    clock = Clock()
    line = ScriptedLine(waiting=b"\x00", clock=clock)
    codec = ListCodec([StateSeen("half")], [LIVE])
    waiting = Listener("device", line, codec, silence_s=0.2)
    assert waiting.await_reading(VirtualDeadline(clock, 5.0)) == LIVE.reading
    assert clock.now_s < 1.0
