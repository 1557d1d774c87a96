"""Makes the list of examinations again from the received messages and the decisions. It contains nothing original."""

from sqlalchemy import Connection

from central.store import decisions, exams, in_force, messages
from central.store.exams import Revision
from sync.contract.envelope import read_unverified
from sync.contract.exam import ExamRecord

_BATCH = 500


def rebuild(connection: Connection) -> int:
    """Empty the list and fill it again, in the caller's transaction; returns how many exams it holds.

    Signatures were checked when the messages were taken; `verify` checks them again. Raises `ContractError` or
    `pydantic.ValidationError` for a message that was damaged since.
    """
    exams.clear(connection)
    batch: list[Revision] = []
    for row in messages.exams_as_received(connection):
        envelope = read_unverified(row.wire or b"").envelope
        record = ExamRecord.model_validate(envelope.payload)
        batch.append(
            Revision(
                record,
                envelope.payload,
                row.terminal_id,
                envelope.generation,
                row.message_id,
                row.sha256,
                row.received_at,
            )
        )
        if len(batch) == _BATCH:
            exams.project(connection, batch)
            batch = []
    exams.project(connection, batch)
    corrected = in_force.corrected(connection)
    for decision in decisions.every(connection):
        if decision.decision_id in corrected:
            continue
        exams.mark_decided(
            connection,
            decision.exam_id,
            decision.exam_message_id,
            decision_id=decision.decision_id,
            outcome=decision.outcome,
            decided_at=decision.decided_at,
        )
    return exams.count(connection)
