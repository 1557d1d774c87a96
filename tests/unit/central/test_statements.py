"""Batches of every size share a handful of statements: the driver keeps statements, and the values of their last run."""

import random
from typing import Any

from sqlalchemy import Engine, event

from central.core.parties import Worker
from central.exchange.intake import Arrival, Intake
from central.store.engine import ROWS_AT_ONCE
from simulators.fleet_exam import exam_payload
from sync.contract.exam import EXAM_SCHEMA
from tests.central_store import ORG


def test_a_long_drain_does_not_gather_statements(engine: Engine, intake: Intake, enrolled: Any, worker: Worker) -> None:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    terminal, dice = enrolled("kiosk-1"), random.Random(3)
    event.listen(engine, "before_cursor_execute", note)
    try:
        for size in range(1, 3 * ROWS_AT_ONCE, 2):
            batch = []
            for _ in range(size):
                payload = exam_payload(
                    dice, org=ORG, worker_id=worker.worker_id, employer_id=worker.employer_id, generation="test"
                )
                batch.append(Arrival(terminal.address.up("exam"), terminal.seal(EXAM_SCHEMA, payload)[1].wire))
            assert {verdict.outcome for verdict in intake.take(batch)} == {"accepted"}
    finally:
        event.remove(engine, "before_cursor_execute", note)
    inserts = {statement for statement in statements if statement.startswith("INSERT INTO message")}
    assert 1 <= len(inserts) <= ROWS_AT_ONCE
    assert max(len(statement) for statement in statements) < 40_000
