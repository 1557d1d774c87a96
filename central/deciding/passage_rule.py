"""Whether a gate opens for a worker now. Pure: everything it looks at is handed in.

Only one thing opens: an admission that a medic has signed, for this worker at this employer, in force now, whose signature holds
now, and that has opened nothing yet. Whatever is missing or in doubt keeps the gate closed, with a word of `REFUSALS`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from central.deciding.admissions import Admission
from central.store.decisions import StoredDecision
from central.store.gate_passages import OPEN

CLOCK_SLACK = timedelta(seconds=2)
"""Computers of one centre differ by so much; what is dated further ahead was dated by another clock."""
REFUSALS = (
    "unknown_worker",
    "unknown_gate",
    "not_admitted",
    "not_identified",
    "referred",
    "waiting",
    "expired",
    "not_examined",
    "in_person",
    "suspended",
    "already_opened",
    "signature",
    "certificate",
    "clock",
    "late",
    "unreadable",
    "way_out",
)
"""Why a gate stays closed."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a gate asks."""

    now: datetime
    admission: Admission | None
    """The worker's state at an employer of the gate; None for somebody whom none of them employs."""
    decision: StoredDecision | None = None
    """The decision in force of the exam that `admission` names."""
    signature_fault: str = ""
    """`signature` or `certificate`; empty: it was checked now and holds."""
    has_opened: bool = False
    """Whether this admission has opened a gate before."""
    newest_record: datetime | None = None
    """When a gate last asked: a clock that is behind it was moved."""


def answer_to(facts: Facts) -> str:
    """`open`, or one of `REFUSALS`."""
    found, decision, latest = facts.admission, facts.decision, facts.now + CLOCK_SLACK
    if found is None:
        return "unknown_worker"
    if found.state != "admitted":
        return found.state
    if decision is None or decision.outcome != "admitted" or decision.worker_id != found.worker_id:
        return "signature"
    if decision.decided_at > latest or (facts.newest_record is not None and facts.newest_record > latest):
        return "clock"
    if decision.valid_until is None or decision.valid_until <= facts.now:
        return "expired"
    if facts.signature_fault:
        return facts.signature_fault
    return "already_opened" if facts.has_opened else OPEN
