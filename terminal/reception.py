"""Turns a lookup in the roster into an event of the exam. No I/O of its own."""

from collections.abc import Sequence
from datetime import date

from sync.contract.limits import LimitEntry, resolve
from sync.contract.roster import RosterWorker
from terminal.exam import events
from terminal.exam.model import Activity, Employment, ExamState, Phase, Stamp
from terminal.exam.times import local_day
from terminal.identity import Found, NotFound, Several
from terminal.snapshot import EmploymentCard, Ending, WorkerCard

_END_OF_BLOCKED: dict[str, events.EndReason] = {
    "not_identified": "not_identified",
    "consent_refused": "consent_refused",
    "suspended": "not_allowed",
    "not_remote": "not_allowed",
    "in_person": "not_allowed",
    "not_allowed": "not_allowed",
    "person_changed": "person_changed",
}


def reception_event(
    found: Found | NotFound, exam_id: str, stamp: Stamp, limits: Sequence[LimitEntry]
) -> events.IdentificationFailed | events.ExamineeBlocked | events.ExamineeIdentified:
    """Not found, found but not to be examined here today, or found: with the limits that hold for this worker."""
    if isinstance(found, NotFound):
        return events.IdentificationFailed(exam_id=exam_id, stamp=stamp, code=found.code)
    worker = found.worker
    block = _block(worker, local_day(stamp))
    if block is not None:
        code, text = block
        return events.ExamineeBlocked(
            exam_id=exam_id,
            stamp=stamp,
            worker_id=worker.worker_id,
            employer_id=worker.employer_id,
            identified_by=found.how,
            found_by_face=found.evidence,
            code=code,
            text=text,
        )
    own = [LimitEntry.model_validate(entry) for entry in worker.limits]
    applied = resolve([*limits, *own], worker_id=worker.worker_id, employer_id=worker.employer_id, on=local_day(stamp))
    return events.ExamineeIdentified(
        exam_id=exam_id,
        stamp=stamp,
        worker_id=worker.worker_id,
        employer_id=worker.employer_id,
        identified_by=found.how,
        found_by_face=found.evidence,
        limits=applied,
    )


def _block(worker: RosterWorker, day: date) -> tuple[events.BlockCode, str] | None:
    """Why this worker may not be examined here on that day, and in which words; None where nothing speaks against it.

    Rules hold by the terminal's own day, whether the centre can be reached or not.
    """
    if worker.status != "active":
        return "suspended", worker.block_text
    if not worker.remote_allowed:
        return "not_remote", worker.block_text
    hold = worker.hold_on(day)
    return (hold.code, hold.text) if hold is not None else None


def choice_event(found: Several, exam_id: str, stamp: Stamp) -> events.EmploymentsFound:
    """Several employments go by what was typed or read."""
    return events.EmploymentsFound(
        exam_id=exam_id,
        stamp=stamp,
        employments=tuple(
            Employment(worker_id=worker.worker_id, employer_id=worker.employer_id) for worker in found.workers
        ),
        identified_by=found.how,
        found_by_face=found.evidence,
    )


def employment_card(worker: RosterWorker | None) -> EmploymentCard:
    """What the screen may show of an employment before anybody has said whose it is; empty for one that has gone."""
    return EmploymentCard(worker.employer_name, worker.position) if worker is not None else EmploymentCard("", "")


def card_of(worker: RosterWorker) -> WorkerCard:
    """What the screen may show of a worker."""
    endings = tuple(Ending(one.text, one.since, one.until) for one in worker.notices)
    return WorkerCard(worker.full_name, worker.position, worker.employer_name, endings)


def end_reason(state: ExamState, *, timed_out: bool) -> events.EndReason:
    """Why an exam that is being left ends."""
    if state.phase is Phase.NOT_TODAY:
        return _END_OF_BLOCKED[state.blocked_code]
    if state.phase is Phase.IDENTIFY and state.identification_attempts:
        return "not_identified"
    if state.activity is Activity.TROUBLE:
        return "device_trouble"
    return "timed_out" if timed_out else "interrupted"


def cut_off_reason(state: ExamState) -> events.EndReason:
    """Why an exam ends that a restart has cut off and nobody goes on with."""
    return end_reason(state, timed_out=False) if state.phase is Phase.NOT_TODAY else "interrupted"
