"""What a terminal refuses is closed, told, counted, and sent once more by a person only: on both stores."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from central.core import metrics
from central.exchange.intake import Arrival, Intake
from central.exchange.resending import NotSent, send_again
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import anomalies, outgoing, refusals
from central.store.engine import reading, writing
from central.store.refusals import Refusal
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.envelope import open_sealed
from sync.contract.receipt import ACK_SCHEMA
from sync.contract.roster import REFERENCE_SCHEMA
from tests.central_store import CENTRE_KEY, ORG

Enrol = Callable[[str], TerminalIdentity]
PEN = Outgoing(CENTRE_KEY, "test")


def _queue(engine: Engine, kind: Any, schema: str, payload: dict[str, Any]) -> str:
    with writing(engine) as connection:
        return PEN.queue(connection, "kiosk-1", kind, schema, payload)


def _open(engine: Engine) -> dict[str, bytes]:
    with reading(engine) as connection:
        return {row.message_id: row.wire for row in outgoing.unacknowledged(connection, "kiosk-1", 100)}


def _refuse(intake: Intake, terminal: TerminalIdentity, wire: bytes, code: str = "untrusted_decision") -> None:
    refused = {"message_id": new_id(), "sha256": sha256_hex(wire), "code": code, "reason": "no such root"}
    _, sealed = terminal.seal(ACK_SCHEMA, {"refused": [refused]})
    (verdict,) = intake.take([Arrival(terminal.address.up("ack"), sealed.wire)])
    assert verdict.outcome == "accepted"


def _refusals(engine: Engine) -> list[Refusal]:
    with reading(engine) as connection:
        return refusals.refusals(connection, [ORG])


def test_a_refused_decision_is_closed_and_told(
    engine: Engine, intake: Intake, enrolled: Enrol, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = enrolled("kiosk-1")
    message_id = _queue(engine, "decision", "dopusk.decision/1", {"exam_id": new_id()})
    counter = metrics.refused_below.labels("decision", "untrusted_decision")
    before = counter._value.get()
    _refuse(intake, terminal, _open(engine)[message_id])
    assert message_id not in _open(engine)
    (refusal,) = _refusals(engine)
    assert (refusal.message_id, refusal.kind, refusal.code) == (message_id, "decision", "untrusted_decision")
    assert counter._value.get() == before + 1
    assert message_id in caplog.text
    with reading(engine) as connection:
        assert refusals.counts(connection) == [("decision", "untrusted_decision", 1)]


def test_a_refused_forgery_leaves_the_genuine_message_open(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    terminal = enrolled("kiosk-1")
    message_id = _queue(engine, "decision", "dopusk.decision/1", {"exam_id": new_id()})
    _refuse(intake, terminal, _open(engine)[message_id] + b" ", "malformed")
    assert message_id in _open(engine)
    assert _refusals(engine) == []
    with reading(engine) as connection:
        assert "foreign_message_below" in {row["kind"] for row in anomalies.newest(connection, 10)}


def test_one_terminal_cannot_refuse_for_another(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    enrolled("kiosk-1")
    other = enrolled("kiosk-2")
    message_id = _queue(engine, "decision", "dopusk.decision/1", {"exam_id": new_id()})
    _refuse(intake, other, _open(engine)[message_id])
    assert message_id in _open(engine)


def test_it_is_sent_again_once_as_it_was_signed(
    engine: Engine, intake: Intake, enrolled: Enrol, registry: Registry
) -> None:
    terminal = enrolled("kiosk-1")
    payload = {"exam_id": new_id(), "record_json": "{}", "cms_base64": "AAAA"}
    message_id = _queue(engine, "decision", "dopusk.decision/1", payload)
    _refuse(intake, terminal, _open(engine)[message_id])
    before = set(_open(engine))
    with writing(engine) as connection:
        send_again(connection, PEN, registry, message_id)
    ((fresh, wire),) = [(name, wire) for name, wire in _open(engine).items() if name not in before]
    envelope = open_sealed(wire, CENTRE_KEY.public_key())
    assert fresh != message_id
    assert (envelope.schema_, envelope.payload) == ("dopusk.decision/1", payload)
    assert _refusals(engine) == []
    with writing(engine) as connection, pytest.raises(NotSent, match="done"):
        send_again(connection, PEN, registry, message_id)


def test_an_old_book_does_not_come_back(engine: Engine, intake: Intake, enrolled: Enrol, registry: Registry) -> None:
    terminal = enrolled("kiosk-1")
    old = _queue(engine, "reference", REFERENCE_SCHEMA, {"name": "limits", "version": "1", "content": {}})
    _refuse(intake, terminal, _open(engine)[old], "invalid_payload")
    _queue(engine, "reference", REFERENCE_SCHEMA, {"name": "texts", "version": "1", "content": {}})
    _queue(engine, "reference", REFERENCE_SCHEMA, {"name": "limits", "version": "2", "content": {}})
    with writing(engine) as connection, pytest.raises(NotSent, match="superseded"):
        send_again(connection, PEN, registry, old)


def test_for_a_refused_roster_the_present_one_goes(
    engine: Engine, intake: Intake, enrolled: Enrol, registry: Registry
) -> None:
    terminal = enrolled("kiosk-1")
    ((first, wire),) = _open(engine).items()
    _refuse(intake, terminal, wire, "invalid_payload")
    assert _open(engine) == {}
    with writing(engine) as connection:
        send_again(connection, PEN, registry, first)
    ((_, fresh),) = _open(engine).items()
    assert open_sealed(fresh, CENTRE_KEY.public_key()).payload["version"] == 2
