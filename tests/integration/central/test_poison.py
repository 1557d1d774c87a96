"""One row, message or terminal that the centre stumbles over keeps no other from its turn: on a real broker and a real store."""

from typing import Any

import pytest
from sqlalchemy import select

from central.core.clock import now_utc
from central.exchange import intake as intake_module
from central.exchange import resending
from central.exchange.intake import NOT_TAKEN, Intake
from central.link.outgoing import Outgoing
from central.store import exams
from central.store.anomalies import anomaly
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.outgoing import centre_outbox
from sync.contract.topics import Up
from tests.broker import TestCentre
from tests.waiting import until


def test_a_message_that_cannot_be_handed_over_holds_up_no_other(centre: TestCentre) -> None:
    terminal = centre.terminal("kiosk-1", acknowledges=False)
    outgoing = Outgoing.from_config(centre.config)
    with writing(centre.engine) as connection:
        for number in range(600):
            row = {"message_id": f"poison-{number}", "seq": 1000 + number, "kind": "nonsense", "state": "queued"}
            whole = {
                "terminal_id": "kiosk-1",
                "org": "zarya",
                "prev_hash": "",
                "sha256": "x",
                "wire": b"x",
                "attempts": 0,
            }
            connection.execute(centre_outbox.insert().values(row | whole | {"created_at": now_utc()}))
        good = outgoing.queue(connection, "kiosk-1", "reference", "dopusk.reference/1", {})
    centre.dispatcher.wake()
    assert terminal.wait_for(lambda t: good in {envelope.message_id for _, envelope in t.received})


def test_a_message_that_we_stumble_over_is_recorded_and_kept_by_its_terminal(
    centre: TestCentre, make_exam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = centre.terminal("kiosk-1")
    poison, good = make_exam(), [make_exam() for _ in range(3)]
    project = exams.project

    def stumble(connection: Any, revisions: Any) -> Any:
        if any(revision.record.exam_id == poison["exam_id"] for revision in revisions):
            raise OverflowError("date value out of range")
        return project(connection, revisions)

    monkeypatch.setattr(intake_module.exams, "project", stumble)
    sent = [terminal.send_exam(payload) for payload in (good[0], poison, *good[1:])]
    ids = [message_id for message_id, _ in sent]
    assert terminal.wait_for_receipts([ids[0], *ids[2:]])
    assert ids[1] not in terminal.receipts, "it is not committed, so its terminal keeps it"

    def noted() -> list[Any]:
        with reading(centre.engine) as connection:
            return list(connection.execute(select(anomaly).where(anomaly.c.kind == NOT_TAKEN)))

    assert until(lambda: len(noted()) == 1)
    assert noted()[0].terminal_id == "kiosk-1"
    assert "OverflowError" in noted()[0].detail
    monkeypatch.undo()
    terminal.publish(Up.EXAM, sent[1][1].wire)
    assert terminal.wait_for_receipts([ids[1]]), "once the fault is mended the same bytes are taken"
    with reading(centre.engine) as connection:
        assert len(connection.execute(select(exam.c.exam_id)).all()) == 4


def test_ingest_goes_on_after_an_error_of_any_kind(
    centre: TestCentre, make_exam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = centre.terminal("kiosk-1")
    take, failures = Intake.take, [KeyError("x"), MemoryError(), RecursionError()]

    def planted(self: Intake, arrivals: Any) -> Any:
        if failures:
            raise failures.pop()
        return take(self, arrivals)

    monkeypatch.setattr(Intake, "take", planted)
    message_id, _ = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([message_id])
    assert not failures


def test_one_terminal_that_cannot_be_given_its_books_keeps_no_other_from_them(
    centre: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("kiosk-1", "kiosk-2"):
        centre.identity(name)
    outgoing = Outgoing.from_config(centre.config)
    replenisher = resending.Replenisher(outgoing, centre.registry)
    with writing(centre.engine) as connection:
        row = {"message_id": "poison", "seq": 1000, "kind": "reference", "state": "acked", "wire": b"no message"}
        whole = {"terminal_id": "kiosk-1", "org": "zarya", "prev_hash": "", "sha256": "x", "attempts": 0}
        connection.execute(centre_outbox.insert().values(row | whole | {"created_at": now_utc()}))
    monkeypatch.setattr(resending.health, "behind", lambda _connection: [("kiosk-1", "zarya"), ("kiosk-2", "zarya")])
    with writing(centre.engine) as connection:
        assert replenisher.send(connection) == ["kiosk-2"]
        assert replenisher.send(connection) == ["kiosk-2"], "the other is tried again after a while"
