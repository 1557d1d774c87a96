"""What the centre says of a worker for a gate: only of an admission in force, and later whether it still holds."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from central.personal.own_state import own_states
from central.store import employments, exams
from sync.contract.gate_pass import GateFault, GateStatement, check_pass, statement_text


def pass_for(
    connection: Connection,
    person_id: str,
    worker_id: str,
    key: str,
    now: datetime,
    signing_key: Ed25519PrivateKey,
    *,
    says_name: bool,
) -> str | None:
    """The signed statement of an own employment that is admitted now; None where it is not."""
    state = next((one for one in own_states(connection, person_id, now) if one.worker_id == worker_id), None)
    if state is None or state.admission.state != "admitted" or state.admission.exam_id is None:
        return None
    exam = exams.get(connection, state.admission.exam_id)
    until = state.admission.valid_until
    if exam is None or exam["decision_id"] is None or until is None:
        return None
    statement = GateStatement(
        person_id=person_id,
        employer=state.employer_name[:80],
        name=(employments.name_of(connection, person_id) or "") if says_name else "",
        decision_id=exam["decision_id"],
        until=until,
        made_at=now,
        key=key,
    )
    return statement_text(statement, signing_key)


def judge(connection: Connection, text: str, centre_key: Ed25519PublicKey, now: datetime) -> str:
    """What became of a code: `in_force`, `corrected`, or what is wrong with it as `GateFault` names it."""
    try:
        statement = check_pass(text, centre_key, now)
    except GateFault as fault:
        return fault.code
    states = own_states(connection, statement.person_id, now)
    held = {one.admission.exam_id for one in states if one.admission.state == "admitted"}
    rows = [exams.get(connection, exam_id) for exam_id in held if exam_id is not None]
    return "in_force" if statement.decision_id in {row["decision_id"] for row in rows if row} else "corrected"
