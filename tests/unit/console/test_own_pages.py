"""A worker's account: born from a link, for one person, once; it opens the own records and nothing of anybody else."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.core.rights import Role
from central.people.doubles import Double, doubles, judge
from central.personal.joining import make_link
from central.store import accounts, audit, decisions, employments, registry
from central.store.account_links import account_link, account_of
from central.store.engine import reading, writing
from central.store.register_changes import Author
from central.store.workers import get_worker
from dopusk.lab.demo.sample_people import ORG
from sync.contract.account_link import kiosk_token, signed_bytes
from sync.contract.canonical import new_id
from tests.console_centre import CSRF, PASSWORD, Browser, ConsoleCentre

_TOKEN = re.compile(r"#([A-Za-z0-9_.-]+)")
PICTURE = {
    "sha256": "0" * 64,
    "kind": "photo",
    "content_type": "image/jpeg",
    "size_bytes": 9,
    "step": "face",
    "at": "2026-11-30T05:00:00.000Z",
}


def person_of(centre: ConsoleCentre, number: str) -> str:
    with reading(centre.engine) as connection:
        row = get_worker(connection, centre.people.workers[number])
    assert row is not None
    return str(row["person_id"])


def link_by_hand(centre: ConsoleCentre, number: str) -> str:
    """A link as `make_link` gives it to a medic."""
    with writing(centre.engine) as connection:
        return make_link(connection, person_of(centre, number), "", centre.now())


def link_of_kiosk(centre: ConsoleCentre, exam_id: str) -> str:
    """What the kiosk draws for this exam."""
    return kiosk_token(exam_id, centre.terminal.key.sign(signed_bytes(exam_id)))


def open_link(browser: Browser, token: str, **fields: str) -> "tuple[int, str]":
    shown = browser.get("/me/join")
    answer = browser.http.post("/me/join", data={"csrf": CSRF.findall(shown.text)[-1], "token": token} | fields)
    return answer.status_code, answer.text


def join(browser: Browser, token: str, password: str = PASSWORD) -> str:
    """Open the account; the login name."""
    status, text = open_link(browser, token, password=password, again=password)
    assert status == 200, text
    found = re.search(r'class="login code">(\d+)<', text)
    assert found is not None, text
    return found[1]


@pytest.fixture
def worker(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The phone of worker 1001, in the own pages."""
    with contextlib.closing(Browser(address)) as browser:
        join(browser, link_by_hand(centre, "1001"))
        yield browser


def test_a_medic_who_checked_a_document_shows_the_link(centre: ConsoleCentre, zoya: Browser, browser: Browser) -> None:
    person_id = person_of(centre, "1001")
    page = f"/persons/{person_id}"
    assert zoya.post(f"{page}/access", {"document": ""}, page=page).status_code == 422
    shown = zoya.post(f"{page}/access", {"document": "passport"}, page=page)
    assert shown.status_code == 200
    assert "<svg" in shown.text
    with reading(centre.engine) as connection:
        (link,) = connection.execute(select(account_link)).all()
        told = connection.execute(select(audit.audit).where(audit.audit.c.action == "person.access")).one()
    assert link.person_id == person_id
    assert link.made_by is not None
    assert told.detail == {"document": "passport"}
    assert link.token_sha256 not in shown.text
    assert zoya.post(f"/persons/{new_id()}/access", {"document": "passport"}, page=page).status_code == 404


def test_a_link_opens_one_account_once(centre: ConsoleCentre, browser: Browser, address: str) -> None:
    token = link_by_hand(centre, "1001")
    status, text = open_link(browser, token)
    assert status == 200
    assert "откроет осмотры работника" in text
    assert open_link(browser, token, password="short", again="short")[0] == 422
    assert open_link(browser, token, password=PASSWORD, again="another long word")[0] == 422
    login = join(browser, token)
    assert browser.get("/me").status_code == 200
    with contextlib.closing(Browser(address)) as second:
        status, text = open_link(second, token)
        assert status == 410
        assert "уже использована" in text
        assert second.get("/me").status_code in {303, 401}
        assert second.log_in(login, unlock=False).get("/me").status_code == 200
    with reading(centre.engine) as connection:
        own = account_of(connection, person_of(centre, "1001"))
    assert own is not None
    assert (own.role, own.orgs, own.has_totp) == (Role.WORKER, (), False)


def test_links_end_and_wrong_ones_pause(centre: ConsoleCentre, browser: Browser) -> None:
    token = link_by_hand(centre, "1001")
    newer = link_by_hand(centre, "1001")
    assert open_link(browser, token)[0] == 410, "a newer link took its place"
    centre.shift += timedelta(minutes=11)
    status, text = open_link(browser, newer)
    assert status == 410
    assert "десять минут" in text
    for _ in range(5):
        assert open_link(browser, "nonsense")[0] == 404
    status, text = open_link(browser, link_by_hand(centre, "1001"))
    assert status == 429
    assert "15 минут" in text


def test_a_kiosk_offers_a_link_only_to_whom_a_medic_knew(
    centre: ConsoleCentre, zoya: Browser, browser: Browser
) -> None:
    unseen = centre.exam("1001")
    assert zoya.decide(unseen, outcome="admitted").status_code == 303
    assert open_link(browser, link_of_kiosk(centre, unseen))[0] == 404, "no picture: nobody has seen anybody"
    exam_id = centre.exam("1002", media=[PICTURE])
    assert open_link(browser, link_of_kiosk(centre, exam_id))[0] == 404, "nobody has decided yet"
    other = centre.exam("1003", media=[PICTURE])
    assert zoya.decide(other, outcome="not_identified").status_code == 303
    assert open_link(browser, link_of_kiosk(centre, other))[0] == 404
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    forged = kiosk_token(exam_id, b"\0" * 64)
    assert open_link(browser, forged)[0] == 404
    join(browser, link_of_kiosk(centre, exam_id))
    assert exam_id in browser.get("/me/exams").text
    assert open_link(browser, link_of_kiosk(centre, exam_id))[0] == 410


def test_a_second_link_gives_a_new_password(centre: ConsoleCentre, worker: Browser, address: str) -> None:
    with contextlib.closing(Browser(address)) as phone:
        token = link_by_hand(centre, "1001")
        assert "учётная запись" in open_link(phone, token)[1]
        login = join(phone, token, "quite another horse")
        assert worker.get("/me").status_code in {303, 401}, "what was open before is closed"
        refused = worker.post("/login", {"username": login, "password": PASSWORD})
        assert refused.status_code == 401


def test_an_account_of_a_joined_person_is_closed_with_words(
    centre: ConsoleCentre, worker: Browser, zoya: Browser
) -> None:
    with reading(centre.engine) as connection:
        own = account_of(connection, person_of(centre, "1001"))
    assert own is not None
    with writing(centre.engine) as connection:
        mine = employments.of_person(connection, person_of(centre, "1001"), (ORG,))
        others = employments.of_person(connection, person_of(centre, "1002"), (ORG,))
        pair = Double(ORG, person_of(centre, "1002"), person_of(centre, "1001"), tuple(others), tuple(mine))
        assert judge(connection, centre.registry, pair, "joined", "один человек", Author("", centre.now())) == {}
        assert doubles(connection, (ORG,)) == []
    assert worker.get("/me").status_code in {303, 401}
    refused = worker.post("/login", {"username": own.username, "password": PASSWORD})
    assert refused.status_code == 401
    assert "новый QR-код" in refused.text
    with reading(centre.engine) as connection:
        assert account_of(connection, person_of(centre, "1002")) is None, "nobody sees more than before"


def test_a_correction_to_not_identified_closes_what_the_exam_opened(
    centre: ConsoleCentre, zoya: Browser, browser: Browser
) -> None:
    exam_id = centre.exam("1001", media=[PICTURE])
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    join(browser, link_of_kiosk(centre, exam_id))
    with reading(centre.engine) as connection:
        (given,) = decisions.of_exam(connection, exam_id)
    fields = {"outcome": "not_identified", "corrects": given.decision_id, "comment": "на фото другой человек"}
    assert zoya.decide(exam_id, **fields).status_code == 303
    assert browser.get("/me").status_code in {303, 401}
    with reading(centre.engine) as connection:
        own = account_of(connection, person_of(centre, "1001"))
    assert own is not None
    assert own.disabled


def test_nothing_of_others_opens(centre: ConsoleCentre, zoya: Browser, worker: Browser) -> None:
    mine, other = centre.exam("1001"), centre.exam("1002")
    assert worker.get(f"/me/exams/{mine}").status_code == 200
    assert worker.get(f"/me/exams/{other}").status_code == 404
    assert worker.get(f"/me/exams/{new_id()}").status_code == 404
    listed = worker.get("/me/exams").text
    assert mine in listed
    assert other not in listed
    for path in ("/queue", f"/exams/{mine}", "/registers", f"/persons/{person_of(centre, '1001')}", "/accounts"):
        assert worker.get(path).status_code == 403, path
    for path in ("/me", "/me/exams", f"/me/exams/{mine}"):
        assert zoya.get(path).status_code == 403, path


def test_an_administrator_makes_no_account_of_a_worker(centre: ConsoleCentre, address: str, worker: Browser) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR, orgs=())
    with reading(centre.engine) as connection:
        own = account_of(connection, person_of(centre, "1001"))
        assert own is not None
        assert own.account_id not in {one.account_id for one in accounts.all_accounts(connection)}
    with contextlib.closing(Browser(address)) as admin:
        admin.log_in("admin", unlock=False)
        fields = {"username": "w", "full_name": "Имя", "role": "worker", "org": ORG, "password": PASSWORD}
        assert admin.post("/accounts", fields).status_code == 422
        assert own.username not in admin.get("/accounts").text
        assert admin.get(f"/accounts/{own.account_id}/edit").status_code == 404


def test_a_worker_of_two_employers_sees_both_and_who_has_left_the_own_past(
    centre: ConsoleCentre, zoya: Browser, worker: Browser
) -> None:
    mine = centre.exam("1001")
    assert zoya.decide(mine, outcome="admitted").status_code == 303
    with writing(centre.engine) as connection:
        employments.move(connection, [centre.people.workers["1003"]], person_of(centre, "1001"), now=centre.now())
    shown = worker.get("/me").text
    assert "Ромашка-Транс" in shown
    assert "Вымышленный карьер" in shown
    assert shown.count('class="state"') == 2
    with writing(centre.engine) as connection:
        own = registry.worker.c.person_id == person_of(centre, "1001")
        connection.execute(registry.worker.update().where(own).values(archived_at=centre.now()))
    left = worker.get("/me").text
    assert "Сейчас вы нигде не числитесь" in left
    assert 'class="state"' not in left, "nobody is admitted where nobody is employed"
    assert mine in worker.get("/me/exams").text


def test_five_wrong_passwords_are_a_pause(centre: ConsoleCentre, worker: Browser, address: str) -> None:
    with reading(centre.engine) as connection:
        own = account_of(connection, person_of(centre, "1001"))
    assert own is not None
    with contextlib.closing(Browser(address)) as stranger:
        for _ in range(5):
            assert stranger.post("/login", {"username": own.username, "password": "wrong"}).status_code == 401
        answer = stranger.post("/login", {"username": own.username, "password": PASSWORD})
        assert answer.status_code == 429
        assert "15 минут" in answer.text
    assert worker.get("/me").status_code == 200, "the phone that is logged in goes on"
