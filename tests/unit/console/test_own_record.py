"""The own record: papers, grounds, consents, who has looked, requests and appeals; and every id of somebody else is a 404."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.console.app import every_route, guards_of
from central.core.rights import Right, Role
from central.people.consents import Consents
from central.store import appeals, consents, copy_requests
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.faces import worker_face
from central.store.papers import paper
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import new_id
from tests.console_centre import CSRF, ZOYA, Browser, ConsoleCentre
from tests.unit.console.test_own_gate import KEY
from tests.unit.console.test_own_pages import join, link_by_hand, person_of
from tests.written_papers import write_paper

TEXT = "Согласен на сравнение лица. " * 5


@pytest.fixture
def worker(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The phone of worker 1001."""
    with contextlib.closing(Browser(address)) as browser:
        join(browser, link_by_hand(centre, "1001"))
        yield browser


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The senior medic."""
    centre.add_account("senior", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("senior", unlock=False)


def _agree(centre: ConsoleCentre, number: str) -> str:
    """A consent to the comparison of faces, on paper."""
    today = centre.now().date()
    register = Consents(centre.registry)
    with writing(centre.engine) as connection:
        if consents.get_text(connection, ORG, "biometric_comparison", "1") is None:
            register.add_text(connection, ORG, "biometric_comparison", "1", TEXT, valid_from=today, author="senior")
        return register.give(
            connection,
            centre.people.workers[number],
            "biometric_comparison",
            "1",
            given_on=today,
            means="paper",
            basis="дело 4",
            author="senior",
        )


def _refused(centre: ConsoleCentre, zoya: Browser, number: str) -> str:
    exam_id = centre.exam(number, systolic_mmhg=171)
    assert zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath").status_code == 303
    return exam_id


def test_every_id_of_somebody_else_is_a_404(centre: ConsoleCentre, zoya: Browser, worker: Browser) -> None:
    """All routes of the own record that take an id, in the path or in the form."""
    exam_id = _refused(centre, zoya, "1002")
    assert write_paper(zoya, exam_id).status_code == 303
    shown = zoya.post(f"/exams/{exam_id}/papers", {"kind": "refusal"}, page=f"/exams/{exam_id}")
    assert shown.status_code == 200, shown.text
    with reading(centre.engine) as connection:
        paper_id = connection.execute(select(paper.c.paper_id)).scalars().first()
    consent_id = _agree(centre, "1002")
    values = {"exam_id": exam_id, "paper_id": str(paper_id)}
    fields = {
        "/me/consents/withdraw": {"consent_id": consent_id},
        "/me/requests": {"worker_id": centre.people.workers["1002"]},
        "/me/appeals": {"exam_id": exam_id, "words": "не согласен"},
        "/me/gate": {"worker_id": centre.people.workers["1002"], "key": KEY},
    }
    token = CSRF.findall(worker.get("/me").text)[-1]
    named = 0
    for route in every_route(centre.app()):
        (door,) = guards_of(route) or (None,)
        if getattr(door, "right", None) is not Right.SEE_OWN_RECORD:
            continue
        if "POST" in route.methods:
            assert fields[route.path], "every form names something, and is tried here"
            answer = worker.http.post(route.path, data={"csrf": token} | fields[route.path])
            assert answer.status_code == 404, route.path
            named += 1
        elif "{" in route.path:
            for made_up in (values, dict.fromkeys(values, new_id())):
                assert worker.get(route.path.format(**made_up)).status_code == 404, route.path
            named += 1
        else:
            text = worker.get(route.path).text
            assert not [one for one in (exam_id, str(paper_id), consent_id) if one in text], route.path
            assert "Заречная" not in text
    assert named == 6
    with reading(centre.engine) as connection:
        assert consents.has_consent(connection, centre.people.workers["1002"], "biometric_comparison")
        assert copy_requests.of_person(connection, person_of(centre, "1002")) == []
        assert appeals.of_person(connection, person_of(centre, "1002")) == []


def test_a_paper_comes_as_it_was_signed(centre: ConsoleCentre, zoya: Browser, worker: Browser) -> None:
    exam_id = _refused(centre, zoya, "1001")
    assert write_paper(zoya, exam_id).status_code == 303
    printed = zoya.post(f"/exams/{exam_id}/papers", {"kind": "refusal"}, page=f"/exams/{exam_id}")
    assert printed.status_code == 200
    with reading(centre.engine) as connection:
        paper_id = connection.execute(select(paper.c.paper_id)).scalar_one()
    assert "Справ" in worker.get("/me/papers").text or "Скачать" in worker.get("/me/papers").text
    taken = worker.get(f"/me/papers/{paper_id}/file")
    assert taken.status_code == 200
    assert taken.content == printed.content
    assert b"/ByteRange" in taken.content


def test_a_withdrawn_consent_reaches_the_terminals(centre: ConsoleCentre, worker: Browser) -> None:
    consent_id = _agree(centre, "1001")
    woken = centre.woken
    assert worker.post("/me/consents/withdraw", {"consent_id": consent_id}, page="/me/consents").status_code == 303
    assert centre.woken > woken
    with reading(centre.engine) as connection:
        record = consents.get_consent(connection, consent_id)
        assert consents.in_force(connection, ORG) == {}, "what the roster tells the terminals"
    assert record is not None
    assert (record.withdrawal_means, record.in_force) == ("own_pages", False)
    assert worker.post("/me/consents/withdraw", {"consent_id": consent_id}, page="/me/consents").status_code == 409
    with writing(centre.engine) as connection:
        connection.execute(
            worker_face.insert().values(
                terminal_id="kiosk-1",
                worker_id=centre.people.workers["1001"],
                photo_sha256="0" * 64,
                state="deleted",
                reason="",
                engine="",
                problems=[],
                legal_basis="",
                seq=2,
                told_at=centre.now(),
                updated_at=centre.now(),
            )
        )
    shown = worker.get("/me/consents").text
    assert "образец удалён" in shown
    assert "на своих страницах" in shown


def test_who_has_looked_is_told_by_role(centre: ConsoleCentre, zoya: Browser, worker: Browser) -> None:
    mine, other = centre.exam("1001"), centre.exam("1002")
    zoya.get(f"/exams/{mine}")
    worker.get(f"/me/exams/{mine}")
    shown = worker.get("/me/looks").text
    assert shown.count("<b>") == 1, "the own looks are left out"
    assert "медработник" in shown
    assert ZOYA not in shown
    zoya.get(f"/exams/{other}")
    assert worker.get("/me/looks").text.count("<b>") == 1


def test_copies_are_asked_for_and_stand_with_the_others(
    centre: ConsoleCentre, worker: Browser, senior: Browser
) -> None:
    mine = centre.people.workers["1001"]
    wrong = worker.post("/me/requests", {"worker_id": mine, "since": "31.02.2026"}, page="/me/requests")
    assert wrong.status_code == 422
    assert worker.post("/me/requests", {"worker_id": mine, "kind": ""}, page="/me/requests").status_code == 303
    with reading(centre.engine) as connection:
        (known,) = copy_requests.of_person(connection, person_of(centre, "1001"))
    assert (known.item.asked_by, known.item.identity_checked) == ("patient", True)
    assert f"/conclusions/requests/{known.item.request_id}" in senior.get("/conclusions/requests").text
    assert "ответ до" in worker.get("/me/requests").text


def test_an_appeal_is_answered_once_and_changes_no_decision(
    centre: ConsoleCentre, zoya: Browser, worker: Browser, senior: Browser
) -> None:
    exam_id = _refused(centre, zoya, "1001")
    admitted = centre.exam("1001")
    assert zoya.decide(admitted, outcome="admitted").status_code == 303
    assert exam_id in worker.get("/me/requests").text
    fields = {"exam_id": exam_id, "words": "Давление мерили сразу после лестницы."}
    assert worker.post("/me/appeals", fields | {"words": ""}, page="/me/requests").status_code == 422
    assert worker.post("/me/appeals", fields | {"exam_id": admitted}, page="/me/requests").status_code == 422
    assert worker.post("/me/appeals", fields, page="/me/requests").status_code == 303
    again = worker.post("/me/appeals", fields, page="/me/requests")
    assert again.status_code == 409
    assert "вы уже просили" in again.text
    with reading(centre.engine) as connection:
        (known,) = appeals.of_person(connection, person_of(centre, "1001"))
    path = f"/appeals/{known.item.appeal_id}"
    assert "после лестницы" in senior.get("/appeals").text
    assert zoya.get("/appeals").status_code == 403
    assert senior.post(path, {"outcome": "", "words": "x"}, page="/appeals").status_code == 422
    reply = {"outcome": "invited", "words": "Приходите в медпункт сегодня до 18:00."}
    page = senior.get("/appeals").text
    assert senior.post(path, reply, page="/appeals").status_code == 303
    late = senior.http.post(path, data={"csrf": CSRF.findall(page)[-1]} | reply)
    assert late.status_code == 409
    assert "до 18:00" in worker.get("/me/requests").text
    with reading(centre.engine) as connection:
        asked = connection.execute(select(audit.c.action).where(audit.c.action.like("appeal.%"))).scalars().all()
    assert {"appeal.ask", "appeal.answer", "appeal.list"} <= set(asked)
    assert (
        "Не допущен" in worker.get(f"/me/exams/{exam_id}").text
        or "не допущен" in worker.get(f"/me/exams/{exam_id}").text
    )


def test_after_thirty_days_nothing_is_asked(centre: ConsoleCentre, zoya: Browser, worker: Browser) -> None:
    exam_id = _refused(centre, zoya, "1001")
    centre.shift += timedelta(days=31)
    login = worker.get("/me")
    assert login.status_code in {303, 401}
    join(worker, link_by_hand(centre, "1001"))
    answer = worker.post("/me/appeals", {"exam_id": exam_id, "words": "поздно"}, page="/me/requests")
    assert answer.status_code == 422
    assert "срок прошёл" in answer.text


def test_registers_say_about_whom_it_is(centre: ConsoleCentre, zoya: Browser, worker: Browser) -> None:
    _refused(centre, zoya, "1001")
    shown = worker.get("/me/about").text
    assert ZOYA in shown
    assert "Ромашка" in shown
