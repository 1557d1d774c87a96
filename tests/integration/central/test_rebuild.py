"""The list of examinations is a projection: made anew it is the same, row by row."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from central.core.clock import now_utc
from central.core.parties import Worker
from central.exchange.intake import Arrival, Intake
from central.keeping.rebuild import rebuild
from central.store import exams, in_force
from central.store.decisions import StoredDecision, add
from central.store.engine import reading, writing
from central.store.exams import exam
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from tests.central_store import ORG


def _rows(engine: Engine) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(select(exam).order_by(exam.c.exam_id)).mappings()]


def _decided(engine: Engine, exam_id: str, outcome: str, **changes: Any) -> StoredDecision:
    with writing(engine) as connection:
        current = exams.current(connection, exam_id)
        assert current is not None
        decision = StoredDecision(
            decision_id=new_id(),
            exam_id=exam_id,
            exam_message_id=current.message_id,
            exam_revision=current.revision,
            org=ORG,
            worker_id=None,
            medic_id="m",
            medic_name="Луговая Зоя Марковна",
            outcome=outcome,
            reasons=(),
            corrects=None,
            decided_at=now_utc(),
            valid_until=None,
            record=b"{}",
            cms=b"",
            certificate_serial="1",
            trail={},
        )
        decision = replace(decision, **changes)
        add(connection, decision)
        given = {"decision_id": decision.decision_id, "outcome": outcome, "decided_at": decision.decided_at}
        assert exams.mark_decided(connection, exam_id, current.message_id, **given)
    return decision


@pytest.mark.usefixtures("worker")
def test_the_list_is_the_same_when_made_anew(engine: Engine, intake: Intake, enrolled: Any, worker: Worker) -> None:
    identity, dice = enrolled("kiosk-1"), random.Random(4)

    def send(**changes: Any) -> str:
        payload = exam_payload(
            dice, org=ORG, worker_id=worker.worker_id, employer_id=worker.employer_id, generation="test"
        )
        return resend(payload | changes)

    def resend(payload: dict[str, Any]) -> str:
        wire = identity.seal("dopusk.exam/1", payload)[1].wire
        assert intake.take([Arrival(identity.address.up("exam"), wire)])[0].outcome == "accepted"
        return str(payload["exam_id"])

    send()
    send(state="unfinished", end_reason="interrupted", examinee=None)
    admitted, repeated, corrected, set_back = send(), send(), send(), send()
    _decided(engine, admitted, "admitted")
    _decided(engine, repeated, "repeat")
    first = _decided(engine, corrected, "admitted")
    later = first.decided_at + timedelta(seconds=1)
    _decided(engine, corrected, "not_admitted", corrects=first.decision_id, decided_at=later)
    first = _decided(engine, set_back, "admitted")
    earlier = first.decided_at - timedelta(hours=1)
    refusal = _decided(engine, set_back, "not_admitted", corrects=first.decision_id, decided_at=earlier)
    with reading(engine) as connection:
        before_repeat = exams.current(connection, repeated)
    assert before_repeat is not None
    resend(before_repeat.payload | {"revision": 2})

    before = _rows(engine)
    assert {row["state"] for row in before} == {"waiting", "decided", "unfinished"}
    with writing(engine) as connection:
        assert rebuild(connection) == 6
    assert _rows(engine) == before
    assert {row["decision_id"] for row in before if row["exam_id"] == set_back} == {refusal.decision_id}
    with reading(engine) as connection:
        assert list(in_force.every_misnamed(connection)) == []


def test_an_exam_that_names_another_decision_is_found(
    engine: Engine, intake: Intake, enrolled: Any, worker: Worker
) -> None:
    identity = enrolled("kiosk-1")
    payload = exam_payload(
        random.Random(4), org=ORG, worker_id=worker.worker_id, employer_id=worker.employer_id, generation="test"
    )
    intake.take([Arrival(identity.address.up("exam"), identity.seal("dopusk.exam/1", payload)[1].wire)])
    exam_id = str(payload["exam_id"])
    first = _decided(engine, exam_id, "admitted")
    _decided(engine, exam_id, "not_admitted", corrects=first.decision_id)
    for wrong in (first.decision_id, None):
        with writing(engine) as connection:
            connection.execute(exam.update().values(decision_id=wrong))
        with reading(engine) as connection:
            assert list(in_force.every_misnamed(connection)) == [exam_id]
