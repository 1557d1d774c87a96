"""Accounts, the own account, keys, the audit log, the fleet."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from central.console.routes import audit as audit_routes
from central.core.rights import Role
from central.store import accounts
from central.store.accounts import account
from central.store.audit import audit, write
from central.store.engine import reading, writing
from tests.console_centre import PASSWORD, Browser, ConsoleCentre, shows

NEW = "a completely new secret"


@pytest.fixture
def admin(centre: ConsoleCentre, browser: Browser) -> Browser:
    centre.add_account("admin", Role.ADMINISTRATOR)
    return browser.log_in("admin", unlock=False)


def test_new_account_has_to_change_its_password_first(centre: ConsoleCentre, admin: Browser, zoya: Browser) -> None:
    made = {"username": "Pavel", "full_name": "Ильин Павел Львович", "role": "auditor", "password": PASSWORD}
    assert admin.post("/accounts", made).status_code == 303
    zoya.post("/logout", {}, page="/queue")
    zoya.log_in("pavel", unlock=False)
    assert zoya.get("/journal").headers["location"] == "/account"
    fields = {"password": PASSWORD, "new_password": NEW}
    assert zoya.post("/account/password", fields, page="/account").status_code == 303
    assert zoya.get("/journal").status_code == 200


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": "zoya"}, "занято"),
        ({"username": ""}, "заполните"),
        ({"password": "short"}, "короче 12"),
        ({"password": "pavel-and-more-of-it"}, "содержит имя"),
        ({"password": "a" * 20}, "однообразный"),
        ({"password": "Qwerty123456!"}, "клавиши подряд"),
        ({"password": "Парольдопуск2026"}, "угадывают первыми"),
        ({"password": "ильин и много слов"}, "содержит имя"),
        ({"role": "king"}, "выберите"),
        ({"role": "employer"}, "выберите"),
    ],
)
def test_bad_account_is_said_at_its_field(admin: Browser, changes: dict[str, str], said: str) -> None:
    made = {"username": "pavel", "full_name": "Ильин Павел", "role": "auditor", "password": PASSWORD} | changes
    answer = admin.post("/accounts", made)
    assert answer.status_code == 422
    assert said in answer.text


def test_second_factor_is_set_up_with_a_first_code_and_removed_with_the_password(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    page = zoya.get("/account").text
    secret = re.search(r'class="code">([A-Z2-7]+)<', page)
    sealed = re.search(r'name="secret" value="([^"]+)"', page)
    assert secret is not None
    assert sealed is not None
    assert zoya.post("/account/totp", {"secret": sealed[1], "code": "1"}, page="/account").status_code == 422
    assert zoya.post("/account/totp", {"secret": "forged", "code": "1"}, page="/account").status_code == 422
    code = pyotp.TOTP(secret[1]).at(centre.now())
    assert zoya.post("/account/totp", {"secret": sealed[1], "code": code}, page="/account").status_code == 200
    assert "Подключён" in zoya.get("/account").text
    assert zoya.post("/account/totp/remove", {"password": "no"}, page="/account").status_code == 422
    assert zoya.post("/account/totp/remove", {"password": PASSWORD}, page="/account").status_code == 303


def test_disabling_ends_sessions_and_nobody_disables_himself(
    centre: ConsoleCentre, admin: Browser, zoya: Browser
) -> None:
    with reading(centre.engine) as connection:
        ids = {item.username: item.account_id for item in accounts.all_accounts(connection)}
    assert admin.post(f"/accounts/{ids['admin']}", {"action": "disable"}, page="/accounts").status_code == 404
    assert admin.post(f"/accounts/{ids['zoya']}", {"action": "disable"}, page="/accounts").status_code == 303
    assert zoya.get("/queue").status_code == 303
    assert admin.post(f"/accounts/{ids['zoya']}", {"action": "promote"}, page="/accounts").status_code == 404


def test_account_of_another_organisation_cannot_be_touched(centre: ConsoleCentre, admin: Browser) -> None:
    centre.add_account("stranger", Role.AUDITOR, orgs=("another",))
    with reading(centre.engine) as connection:
        stranger = accounts.by_username(connection, "stranger")
    assert stranger is not None
    assert "stranger" not in admin.get("/accounts").text
    answer = admin.post(f"/accounts/{stranger.account_id}", {"action": "disable"}, page="/accounts")
    assert answer.status_code == 404


def test_audit_log_names_reads_and_marks_what_is_out_of_the_ordinary(
    centre: ConsoleCentre, zoya: Browser, browser: Browser
) -> None:
    exam_id = centre.exam("1001")
    zoya.get(f"/exams/{exam_id}")
    zoya.get("/journal?person=Ветров")
    with writing(centre.engine) as connection:
        write(connection, at=centre.now(), account_id=None, address="", action="journal.export", detail={"rows": 9000})
        rows = connection.execute(select(accounts.account.c.account_id)).all()
    assert rows
    centre.add_account("auditor", Role.AUDITOR)
    browser.log_in("auditor", unlock=False)
    page = browser.get("/audit").text
    assert exam_id in page
    assert "просмотр осмотра" in page
    assert "большая выгрузка" in page
    assert "Ветров" not in page.split("<main")[1]
    assert exam_id not in browser.get("/audit?action=login").text
    tomorrow = (centre.now() + timedelta(days=2)).date()
    assert exam_id not in browser.get(f"/audit?since={tomorrow}").text


def test_fleet_shows_terminals_to_the_service_without_medical_data(centre: ConsoleCentre, browser: Browser) -> None:
    centre.exam("1003", systolic_mmhg=171)
    centre.add_account("engineer", Role.SERVICE)
    browser.log_in("engineer", unlock=False)
    assert browser.get("/").headers["location"] == "/fleet"
    page = browser.get("/fleet").text
    assert "Терминал 1" in page
    assert "Громов" not in page
    assert not shows(page, "171")


def _row(page: str, username: str) -> str:
    """The line of an account."""
    return page.split(f"<tr><td>{username}</td>")[1].split("</tr>")[0]


def _actions(page: str, username: str) -> set[str]:
    return set(re.findall(r'name="action" value="(\w+)"', _row(page, username)))


def test_an_account_is_offered_only_what_it_needs(centre: ConsoleCentre, admin: Browser, zoya: Browser) -> None:
    centre.add_account("inspector", Role.AUDITOR)
    page = admin.get("/accounts").text
    assert _actions(page, "inspector") == {"disable", "reset_password", "delete"}
    assert _actions(page, "zoya") == {"disable", "reset_password", "end_sessions", "delete"}
    assert _actions(page, "admin") == set(), "nobody locks himself out"
    with writing(centre.engine) as connection:
        (account_id,) = connection.execute(
            select(account.c.account_id).where(account.c.username == "inspector")
        ).scalars()
        overdue = {"locked_until": centre.now() + timedelta(minutes=5), "factor_due_at": centre.now()}
        connection.execute(update(account).where(account.c.account_id == account_id).values(overdue))
    assert "unlock" in _actions(admin.get("/accounts").text, "inspector")
    address = f"/accounts/{account_id}"
    assert admin.post(address, {"action": "unlock"}, page="/accounts").status_code == 303
    assert "unlock" not in _actions(admin.get("/accounts").text, "inspector")
    # The page of another tab still offers it.
    again = admin.post(address, {"action": "unlock"}, page="/accounts")
    assert again.status_code == 409
    assert "делать это уже незачем" in again.text
    with reading(centre.engine) as connection:
        assert len(connection.execute(select(audit).where(audit.c.action == "account.unlock")).all()) == 1


def test_a_temporary_password_is_set_and_a_weak_one_is_said_at_its_field(
    centre: ConsoleCentre, admin: Browser, zoya: Browser
) -> None:
    with reading(centre.engine) as connection:
        (account_id,) = connection.execute(select(account.c.account_id).where(account.c.username == "zoya")).scalars()
    weak = admin.post(f"/accounts/{account_id}", {"action": "reset_password", "password": "short"}, page="/accounts")
    assert weak.status_code == 422
    assert 'aria-describedby="fault-new-password"' in _row(weak.text, "zoya")
    assert zoya.get("/queue").status_code == 200
    fields = {"action": "reset_password", "password": "staple battery correct 71"}
    assert admin.post(f"/accounts/{account_id}", fields, page="/accounts").status_code == 303
    assert zoya.get("/queue").status_code == 303, "the sessions of the account are over"


def test_what_is_wrong_with_a_new_account_stands_at_its_fields(admin: Browser) -> None:
    answer = admin.post("/accounts", {"username": "", "full_name": "", "role": "employer", "password": "x"})
    assert answer.status_code == 422
    for name in ("username", "full_name", "employer_id", "password"):
        assert f'id="fault-{name}"' in answer.text


def test_the_access_log_goes_on_page_by_page_and_says_wrong_days_at_their_fields(
    centre: ConsoleCentre, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_routes, "ROWS", 5)
    centre.add_account("auditor", Role.AUDITOR)
    browser.log_in("auditor", unlock=False)
    with writing(centre.engine) as connection:
        for number in range(12):
            # Equal moments must not hide a line between two pages.
            write(
                connection,
                at=centre.now(),
                account_id=None,
                address="",
                action="login.refused",
                subject=f"n{number // 3}",
            )
    seen, link = [], "/audit?action=login.refused"
    while link:
        page = browser.get(link).text
        seen += re.findall(r'<td class="code"><code>(n\d)', page)
        found = re.findall(r'id="next" href="([^"]*)"', page)
        link = found[0].replace("&amp;", "&") if found else ""
    assert sorted(seen) == sorted(f"n{number // 3}" for number in range(12))
    for query in ("since=2026-02-31", "until=9999-12-31", "since=0001-01-01", "since=2027-01-01&until=2026-01-01"):
        answer = browser.get(f"/audit?{query}")
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text


def test_an_auditor_of_another_organisation_sees_nothing_of_ours(
    centre: ConsoleCentre, zoya: Browser, browser: Browser
) -> None:
    exam_id = centre.exam("1001")
    zoya.get(f"/exams/{exam_id}")
    centre.add_account("stranger", Role.AUDITOR, orgs=("another",))
    page = browser.log_in("stranger", unlock=False).get("/audit").text
    assert exam_id not in page
    assert "zoya" not in page
    assert "stranger" in page


@pytest.mark.parametrize("username", ["a b", "<script>", "x" * 65, "имя;1\nимя;2"])
def test_a_login_name_that_nobody_could_type_is_refused(admin: Browser, username: str) -> None:
    made = {"username": username, "full_name": "Ильин Павел", "role": "auditor", "password": PASSWORD}
    answer = admin.post("/accounts", made)
    assert answer.status_code == 422
    assert "буквы, цифры, точка" in answer.text.split('id="fault-username"')[1].split("</small>")[0]


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("/accounts", {"username": "nn", "full_name": "ы" * 201, "role": "auditor", "password": PASSWORD}, "full_name"),
        ("/accounts/keys", {"name": "ы" * 201}, "key_name"),
        ("/accounts/channels", {"kind": "webhook", "address": "ftp://x", "secret": "s" * 16}, "channel_address"),
    ],
)
def test_what_is_too_long_or_wrong_is_said_at_its_field_and_not_cut(
    centre: ConsoleCentre, admin: Browser, path: str, fields: dict[str, str], field: str
) -> None:
    answer = admin.post(path, fields | {"employer_id": centre.people.employers[0]}, page="/accounts")
    assert answer.status_code == 422
    assert answer.text.count(f'id="fault-{field}"') == 1
