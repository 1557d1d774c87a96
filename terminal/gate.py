"""The gate beside the kiosk: its relay lets one person in for a signed admission that this terminal has checked by itself.

Opened is only for who stands before the screen, by a clock that is right, and once: the admission is used up on the disk before
the relay moves. After a doubt nothing is tried again, the guard lets in. Only the way in is ours.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from drivers.relay_worker import RelayDone, RelayState
from sync.contract.canonical import new_id
from sync.contract.decision import DecisionRecord
from sync.contract.decision_rules import AFTER_WORK
from sync.contract.passage import PASSAGE_SCHEMA, PassageOutcome, PassageReport
from sync.contract.topics import Up
from terminal.core import Core
from terminal.exam.model import ExamState, Stamp
from terminal.store.gate_openings import GateOpening

_SLACK = timedelta(seconds=2)
"""Right clocks differ by so much."""


class Relay(Protocol):
    """The relay's own thread."""

    def start(self) -> None: ...
    def open_once(self, request_id: str, within_s: float) -> None: ...
    def stop(self) -> None: ...


def refusal(
    record: DecisionRecord, exam: ExamState | None, now: Stamp, revoked: Collection[str], *, has_opened: bool
) -> str:
    """Why the gate stays closed for a checked admission; empty where it may open. Pure.

    `exam`: the one on the screen; None where nobody stands there. `revoked`: serial numbers of certificates.
    """
    examinee, here = record.exam.examinee, exam.examinee if exam is not None else None
    if here is None or examinee is None or exam is None or exam.exam_id != record.exam.exam_id:
        return "late"
    if (examinee.worker_id, examinee.employer_id) != (here.worker_id, here.employer_id):
        return "unknown_worker"
    moment, until = _moment(exam, now), record.decision.valid_until
    if moment is None or (now.trusted and record.decision.decided_at > now.at + _SLACK):
        return "clock"
    if until is None or until <= moment:
        return "expired"
    if record.medic.certificate_serial in revoked:
        return "certificate"
    if has_opened:
        return "already_opened"
    return ""


def _moment(exam: ExamState, now: Stamp) -> datetime | None:
    """This moment by the clock that dated the exam; None where nobody can tell.

    Within one boot the exam's start and the time since then tell it, whatever the wall clock says; the later one counts.
    """
    if exam.started.boot_id != now.boot_id:
        return now.at if now.trusted else None
    counted = exam.started.at + timedelta(seconds=max(0.0, now.monotonic_s - exam.started.monotonic_s))
    return max(counted, now.at) if now.trusted else counted


class GateOpenings:
    """Only the core thread may use it."""

    def __init__(self, core: Core, relay: Relay, within_s: float, on_screen: Callable[[], ExamState | None]) -> None:
        """`within_s`: an opening that the relay cannot begin so soon is not begun."""
        self._core, self._relay, self._within_s, self._on_screen = core, relay, within_s, on_screen
        self._exam_id = ""
        self._shown = ""
        self.is_ready = False

    def start(self) -> None:
        """Tell the centre of openings whose end was lost with the process, and let the relay's thread begin."""
        for item in self._core.store.gate_openings.unfinished():
            self._end(item, "unknown")
        self._relay.start()

    def shown_of(self, exam: ExamState | None) -> str:
        """What the screen says of the gate beside this exam: `opening`, an outcome, or the code of a refusal."""
        return self._shown if exam is not None and exam.exam_id == self._exam_id else ""

    def decided(self, record: DecisionRecord, revoked: Collection[str]) -> None:
        """A decision whose signature was checked here is committed: open for an admission, once."""
        if record.decision.outcome != "admitted" or record.exam.exam_type in AFTER_WORK:
            return
        if record.exam.examinee is None:
            return
        store, now = self._core.store, self._core.clock.now()
        exam_id, before = record.exam.exam_id, store.gate_openings.of_exam(record.exam.exam_id)
        code = refusal(record, self._on_screen(), now, revoked, has_opened=before is not None)
        report = PassageReport(
            passage_id=new_id(),
            exam_id=exam_id,
            decision_id=record.decision.decision_id,
            worker_id=record.exam.examinee.worker_id,
            employer_id=record.exam.examinee.employer_id,
            valid_until=record.decision.valid_until,
            outcome="refused" if code else "unknown",
            reason=code,
            at=now.at,
        )
        self._exam_id, self._shown = exam_id, code or "opening"
        if code:
            with store.transaction():
                self._queue(report)
            return
        with store.transaction():
            body = report.model_dump_json()
            store.gate_openings.begin(GateOpening(exam_id, report.passage_id, body, is_told=False))
        self._relay.open_once(report.passage_id, self._within_s)

    def done(self, message: RelayDone) -> None:
        """What became of an order."""
        item = self._core.store.gate_openings.of_passage(message.request_id)
        if item is None or item.is_told:
            return
        self._end(item, message.outcome)
        if item.exam_id == self._exam_id:
            self._shown = message.outcome

    def state(self, message: RelayState) -> None:
        """How the relay is."""
        self.is_ready = message.is_ready

    def stop(self) -> None:
        """End with the relay off."""
        self._relay.stop()

    def _end(self, item: GateOpening, outcome: PassageOutcome) -> None:
        report = PassageReport.model_validate_json(item.report).model_copy(update={"outcome": outcome})
        store = self._core.store
        with store.transaction():
            store.gate_openings.tell(item.passage_id, report.model_dump_json())
            self._queue(report)

    def _queue(self, report: PassageReport) -> None:
        payload, stamp = report.model_dump(mode="json"), self._core.clock.now()
        self._core.store.queue(Up.PASSAGE, PASSAGE_SCHEMA, payload, subject=report.passage_id, stamp=stamp)
