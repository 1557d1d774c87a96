"""A gate opens once, for a signed admission in force; the log of passages shows every question and its answer."""

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from central.authority.pki import Authority
from central.core.media_files import MediaFiles
from central.core.rights import Role
from central.deciding.revocation import Reason, complete, revoke
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.store import certificates, decisions
from central.store.alerts import alert
from central.store.anomalies import anomaly
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.register_changes import Author
from central.store.registry import worker
from simulators.gate_receiver import RestController
from sync.contract.canonical import new_id
from sync.contract.model import utc_text
from sync.contract.passage import PASSAGE_SCHEMA
from sync.contract.topics import Up
from tests.console_centre import Browser, ConsoleCentre
from tests.gate_centre import GATE, key_of_gate, passages, with_gate


@pytest.fixture
def app(centre: ConsoleCentre):
    with_gate(centre)
    return centre.app()


@pytest.fixture
def gate(centre: ConsoleCentre, address: str, browser: Browser) -> RestController:
    return RestController(address, key_of_gate(centre, browser), GATE)


@pytest.fixture
def admit(centre: ConsoleCentre, zoya: Browser) -> Callable[[str], str]:
    def given(number: str = "1001") -> str:
        exam_id = centre.exam(number)
        assert zoya.decide(exam_id, outcome="admitted").status_code == 303
        return exam_id

    return given


def test_a_signed_admission_opens_once(centre, gate, admit) -> None:
    assert gate.ask()["reason"] == "not_examined"
    exam_id = admit()
    answer = gate.ask()
    assert (answer["open"], answer["reason"]) == (True, "open")
    assert [gate.ask()[name] for name in ("open", "reason")] == [False, "already_opened"]
    assert [(row.answer, row.opening_of) for row in reversed(passages(centre))] == [
        ("not_examined", None),
        ("open", exam_id),
        ("already_opened", None),
        ("already_opened", None),
    ]


def test_a_lost_answer_is_given_again_and_for_seconds_only(centre, gate, admit) -> None:
    admit()
    first = gate.ask(request_id="request-1")
    assert gate.ask(request_id="request-1") == first
    assert gate.ask("1002", request_id="request-1")["open"] is False, "the same request for somebody else"
    centre.shift = timedelta(seconds=11)
    assert (gate.ask(request_id="request-1")["open"], len(passages(centre))) == (False, 1)


def test_the_result_belongs_to_its_request(gate, admit) -> None:
    admit()
    assert gate.ask(request_id="request-1")["open"] is True
    assert gate.tell("request-2", {"passed": True})[0] == 404, "nobody asked that"
    assert gate.tell("request-1", {"passed": "yes"})[0] == 422
    assert gate.tell("request-1", {"passed": True})[1]["state"] == "passed"
    assert gate.tell("request-1", {"passed": False})[1]["state"] == "passed", "told twice"
    assert gate.ask(request_id="request-1")["open"] is False, "who passed does not pass again"


@pytest.mark.parametrize(
    ("outcome", "more", "reason"),
    [
        ("not_admitted", {"reasons": "pressure_high"}, "not_admitted"),
        ("refer", {"comment": "к врачу"}, "referred"),
    ],
)
def test_other_outcomes_keep_it_closed(centre, gate, zoya, outcome, more, reason) -> None:
    exam_id = centre.exam()
    assert gate.ask()["reason"] == "waiting"
    zoya.decide(exam_id, outcome=outcome, **more)
    assert gate.ask()["reason"] == reason


def test_unknown_workers_and_those_of_other_employers(centre, gate, admit) -> None:
    admit()
    assert gate.ask("no such number")["reason"] == "unknown_worker"
    with writing(centre.engine) as connection:
        own = worker.c.worker_id == centre.people.workers["1001"]
        connection.execute(update(worker).where(own).values(employer_id=centre.people.employers[1]))
    assert gate.ask()["reason"] == "unknown_worker"


def test_an_admission_ends(centre, gate, admit) -> None:
    admit()
    centre.shift = timedelta(hours=13)
    assert gate.ask()["reason"] == "expired"


def test_a_suspended_worker_and_a_newer_exam(centre, gate, admit) -> None:
    admit()
    centre.exam()
    assert gate.ask()["reason"] == "waiting"
    with writing(centre.engine) as connection:
        own = worker.c.worker_id == centre.people.workers["1001"]
        connection.execute(update(worker).where(own).values(status="suspended"))
    assert gate.ask()["reason"] == "suspended"


def test_a_clock_that_was_moved_back_opens_nothing(centre, gate, admit) -> None:
    admit()
    centre.shift = -timedelta(minutes=5)
    assert gate.ask()["reason"] == "clock"


def test_a_revoked_certificate_opens_nothing(centre, gate, admit) -> None:
    admit()
    author = Author(None, centre.now())
    with writing(centre.engine) as connection:
        (valid,) = certificates.valid(connection)
        revoke(connection, valid.certificate_id, Reason("key_compromise"), author)
    assert gate.ask()["reason"] == "certificate"
    with writing(centre.engine) as connection:
        complete(connection, Authority(centre.config.keys.authority_dir))
    assert gate.ask()["reason"] == "certificate"


@pytest.mark.parametrize("column", ["record", "cms"])
def test_what_was_edited_by_hand_opens_nothing(centre, gate, admit, column) -> None:
    exam_id = admit()
    with writing(centre.engine) as connection:
        row = decisions.of_exam(connection, exam_id)[0]
        damaged = {"record": row.record.replace(b"admitted", b"admitteD"), "cms": row.cms[:-1] + b"\x00"}[column]
        connection.execute(text("DROP TRIGGER guard_decision_update"))
        chosen = decision.c.decision_id == row.decision_id
        connection.execute(update(decision).where(chosen).values(**{column: damaged}))
    assert gate.ask()["reason"] == "signature"


def test_without_the_authoritys_root_nothing_opens(centre, gate, admit) -> None:
    admit()
    root = centre.config.keys.authority_dir / "ca.pem"
    root.rename(root.with_suffix(".away"))
    assert gate.ask()["reason"] == "signature"


def test_of_gates_that_ask_at_the_same_moment_one_opens(centre, gate, admit) -> None:
    admit()
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(gate.ask()["open"])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 5 + [True]


def test_a_correction_after_the_gate_opened_is_shown_and_told(centre, gate, zoya, admit) -> None:
    exam_id = admit()
    gate.ask()
    with reading(centre.engine) as connection:
        given = decisions.of_exam(connection, exam_id)[0].decision_id
    corrected = {"outcome": "not_admitted", "reasons": "pressure_high", "corrects": given, "comment": "ошибка"}
    assert zoya.decide(exam_id, **corrected).status_code == 303
    (row,) = passages(centre)
    assert row.corrected_at is not None
    assert "решение исправлено" in zoya.get("/gates?answer=corrected").text
    with reading(centre.engine) as connection:
        kinds = list(connection.execute(select(alert.c.kind).where(alert.c.exam_id == exam_id)).scalars())
    assert kinds == ["passed_corrected"]
    assert gate.ask()["reason"] == "not_admitted"


@pytest.mark.parametrize("body", [{}, [], "open", {"request_id": "x", "personnel_number": "1001"}, {"open": True}])
def test_a_controller_that_speaks_garbage_gets_no_opening(centre, gate, admit, body) -> None:
    admit()
    assert gate.send(body)[0] == 422
    assert passages(centre) == []


def test_a_key_of_another_employer_and_a_gate_that_nobody_has(centre, address, browser) -> None:
    key = key_of_gate(centre, browser, 1)
    for name in ("main", "other"):
        body = {"request_id": "request-1", "personnel_number": "1001"}
        assert RestController(address, key, name).send(body)[0] == 404
    assert passages(centre) == []


def test_the_page_lists_gates_and_passages(centre, gate, admit, zoya) -> None:
    empty = zoya.get("/gates").text
    assert "Ворота 1" in empty
    assert "Проходов нет" in empty
    admit()
    gate.ask()
    gate.ask("9999")
    page = zoya.get("/gates").text
    assert "впустить" in page
    assert "нет такого работника" in page
    assert "gate.answer" not in page
    assert "9999</small>" in page
    assert "9999</small>" not in zoya.get("/gates?answer=open").text
    assert zoya.get("/gates?since=tomorrow").status_code == 422


def test_an_employer_sees_the_own_workers_alone(centre, gate, admit, address) -> None:
    admit()
    gate.ask()
    for place, seen in ((0, True), (1, False)):
        centre.add_account(f"boss{place}", Role.EMPLOYER, employer_id=centre.people.employers[place])
        with contextlib.closing(Browser(address)) as boss:
            page = boss.log_in(f"boss{place}", unlock=False).get("/gates").text
        assert ("впустить</span>" in page) == seen


def _report(centre: ConsoleCentre, admitted: str, **changes: Any) -> str:
    """A terminal's word of its own gate, the whole way of ingest; returns the verdict."""
    with reading(centre.engine) as connection:
        given = decisions.of_exam(connection, admitted)
    report = {
        "passage_id": new_id(),
        "exam_id": admitted,
        "decision_id": given[0].decision_id,
        "worker_id": centre.people.workers["1001"],
        "employer_id": centre.people.employers[0],
        "valid_until": utc_text(centre.now() + timedelta(hours=12)),
        "outcome": "opened",
        "reason": "",
        "at": utc_text(centre.now()),
    }
    _, sealed = centre.terminal.seal(PASSAGE_SCHEMA, report | changes)
    rules = Rules(centre.config.generation, timedelta(days=1))
    intake = Intake(centre.engine, MediaFiles(centre.config.media_dir), rules)
    (verdict,) = intake.take([Arrival(centre.terminal.address.up(Up.PASSAGE), sealed.wire)])
    return verdict.outcome


def test_what_a_kiosks_own_gate_did_is_in_the_log_and_uses_the_admission_up(centre, gate, admit, zoya) -> None:
    exam_id = admit()
    assert _report(centre, exam_id) == "accepted"
    (row,) = passages(centre)
    assert (row.gate, row.answer, row.state, row.opening_of) == ("kiosk-1", "open", "told", exam_id)
    assert gate.ask()["reason"] == "already_opened"
    assert _report(centre, exam_id, outcome="refused", reason="already_opened") == "accepted"
    page = zoya.get("/gates").text
    assert "kiosk-1" in page
    assert "передано" in page


def test_a_kiosk_that_opened_without_a_link_is_logged_beside_the_gate_that_opened_too(centre, gate, admit) -> None:
    exam_id = admit()
    gate.ask()
    assert _report(centre, exam_id, outcome="unknown") == "accepted"
    assert [(row.answer, row.opening_of) for row in passages(centre)] == [("open", None), ("open", exam_id)]


def test_a_report_that_comes_after_the_correction_is_marked(centre, admit, zoya) -> None:
    exam_id = admit()
    with reading(centre.engine) as connection:
        given = decisions.of_exam(connection, exam_id)[0].decision_id
    corrected = {"outcome": "not_admitted", "reasons": "pressure_high", "corrects": given, "comment": "ошибка"}
    assert zoya.decide(exam_id, **corrected).status_code == 303
    assert _report(centre, exam_id) == "accepted"
    assert passages(centre)[0].corrected_at is not None


@pytest.mark.parametrize("name", ["exam_id", "decision_id"])
def test_a_report_of_an_admission_that_the_terminal_never_had_opens_no_row(centre, admit, name) -> None:
    exam_id = admit()
    assert _report(centre, exam_id, **{name: new_id()}) == "accepted"
    assert passages(centre) == []
    with reading(centre.engine) as connection:
        kinds = list(connection.execute(select(anomaly.c.kind)).scalars())
    assert "unasked_answer" in kinds
