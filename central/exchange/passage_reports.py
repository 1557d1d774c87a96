"""Keeps what terminals report of their own gates in the log of passages, beside what gates ask the centre."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.exchange.checks import Accepted
from central.store import decisions, exams, gate_passages
from central.store.anomalies import NewAnomaly
from central.store.gate_passages import OPEN, Passage
from sync.contract.canonical import new_id
from sync.contract.passage import PassageReport
from sync.contract.topics import Up

_STATES = {"opened": "told", "unknown": "unknown", "failed": "failed", "refused": "answered"}


def note_passages(connection: Connection, fresh: Sequence[Accepted], *, now: datetime) -> list[NewAnomaly]:
    """Keep the reports of a batch. One about another terminal's exam, or a decision that is none, is noted as an anomaly."""
    noted = []
    for item in fresh:
        if not isinstance(item.body, PassageReport):
            continue
        terminal_id, report = item.address.terminal, item.body
        exam, decision = exams.current(connection, report.exam_id), decisions.find(connection, report.decision_id)
        is_ours = exam is not None and exam.terminal_id == terminal_id and exam.org == item.address.org
        if not is_ours or decision is None or decision.exam_id != report.exam_id:
            detail = f"tells of passage {report.passage_id} by an admission that this terminal was not given"
            topic = item.address.up(Up.PASSAGE)
            noted.append(NewAnomaly("unasked_answer", topic, detail, terminal_id, item.envelope.message_id))
            continue
        gate_passages.add(connection, _passage(connection, item, report, now))
    return noted


def _passage(connection: Connection, item: Accepted, report: PassageReport, now: datetime) -> Passage:
    is_open = report.outcome != "refused"
    # Another gate may have opened by this admission while the terminal had no link: both are in the log.
    uses_up = report.outcome in {"opened", "unknown"} and gate_passages.opening_of(connection, report.exam_id) is None
    given = decisions.of_exam(connection, report.exam_id)
    corrected = next((one.decided_at for one in given if one.corrects == report.decision_id), None)
    return Passage(
        passage_id=new_id(),
        org=item.address.org,
        gate=item.address.terminal,
        request_key=report.passage_id,
        asked_for="",
        employer_id=report.employer_id,
        worker_id=report.worker_id,
        answer=OPEN if is_open else report.reason,
        exam_id=report.exam_id,
        decision_id=report.decision_id,
        valid_until=report.valid_until,
        opening_of=report.exam_id if uses_up else None,
        asked_at=report.at,
        state=_STATES[report.outcome],
        state_at=now,
        corrected_at=corrected if is_open else None,
    )
