"""A decision that a terminal refuses cannot be overlooked, and goes out again by a person's hand, as it was signed."""

import contextlib
from datetime import timedelta

from sqlalchemy import select

from central.core.media_files import MediaFiles
from central.core.rights import Role
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.store.audit import audit
from central.store.engine import reading
from central.store.outgoing import unacknowledged
from sync.contract.canonical import sha256_hex
from sync.contract.envelope import read_unverified
from sync.contract.receipt import ACK_SCHEMA
from tests.console_centre import Browser, ConsoleCentre

WORDS = "подпись медработника не прошла проверку"


def _open(centre: ConsoleCentre) -> dict[str, bytes]:
    """Decisions on their way to the terminal."""
    with reading(centre.engine) as connection:
        return {
            row.message_id: row.wire for row in unacknowledged(connection, "kiosk-1", 100) if row.kind == "decision"
        }


def _refuse(centre: ConsoleCentre, wire: bytes) -> None:
    refused = {"sha256": sha256_hex(wire), "code": "untrusted_decision", "reason": "another root"}
    _, sealed = centre.terminal.seal(ACK_SCHEMA, {"refused": [refused]})
    rules = Rules(centre.config.generation, timedelta(days=1))
    Intake(centre.engine, MediaFiles(centre.config.media_dir), rules).take(
        [Arrival(centre.terminal.address.up("ack"), sealed.wire)]
    )


def test_a_refused_decision_stands_everywhere_until_it_is_sent_again(centre: ConsoleCentre, browser: Browser) -> None:
    exam_id = centre.exam()
    browser.log_in("zoya")
    assert browser.decide(exam_id, outcome="admitted").status_code == 303
    ((message_id, wire),) = _open(centre).items()
    assert "не принял" not in browser.get("/queue/rows").text
    _refuse(centre, wire)

    assert "Терминал не принял подписанное решение" in browser.get("/queue/rows").text
    assert WORDS in browser.get(f"/exams/{exam_id}").text
    assert WORDS in browser.get("/fleet").text
    assert _open(centre) == {}

    path = f"/fleet/refused/{message_id}/again"
    woken = centre.woken
    assert browser.post(path, {}, page="/fleet").status_code == 303
    assert centre.woken > woken
    ((fresh, again),) = _open(centre).items()
    assert fresh != message_id
    assert read_unverified(again)[0].payload == read_unverified(wire)[0].payload
    for page in ("/queue/rows", f"/exams/{exam_id}", "/fleet"):
        assert "не принял" not in browser.get(page).text
    assert "уже отправлено" in browser.post(path, {}, page="/fleet").text
    assert list(_open(centre)) == [fresh]
    with reading(centre.engine) as connection:
        rows = connection.execute(select(audit).where(audit.c.action == "terminal.send_again")).all()
    assert [(row.subject, row.detail["message_id"]) for row in rows] == [("kiosk-1", message_id)]


def test_nobody_sends_for_another_organisation(centre: ConsoleCentre, browser: Browser, address: str) -> None:
    exam_id = centre.exam()
    browser.log_in("zoya").decide(exam_id, outcome="admitted")
    ((message_id, wire),) = _open(centre).items()
    _refuse(centre, wire)
    centre.add_account("stranger", Role.ADMINISTRATOR, orgs=("elsewhere",))
    with contextlib.closing(Browser(address)) as other:
        other.log_in("stranger", unlock=False)
        assert other.post(f"/fleet/refused/{message_id}/again", {}, page="/fleet").status_code == 404
    assert _open(centre) == {}
