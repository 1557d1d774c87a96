"""An account is deleted: disabled at once, taken back for a while, then name and secrets are erased and its id stays."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from central.access.erasing import ERASED, erase_deleted
from central.console.app import every_route
from central.core.rights import Role
from central.store import accounts, alerts, audit, security_alerts
from central.store.accounts import ERASED_NAME, Account, account, session
from central.store.engine import load_tables, reading, writing
from central.store.metadata import metadata
from central.store.recovery_codes import recovery_code
from central.store.security_alerts import SecurityAlert
from dopusk.lab.demo.sample_people import ORG
from sync.contract.books import CONSENT_TEXT
from tests.console_centre import PASSWORD, Browser, ConsoleCentre

ENDLESS = {"/queue/events", "/logout"}
NAME, LOGIN = "Имя leaver", "leaver"


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The administrator."""
    centre.add_account("root", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("root", unlock=False)


def _account(centre: ConsoleCentre, account_id: str) -> Account:
    with reading(centre.engine) as connection:
        found = accounts.by_id(connection, account_id)
    assert found is not None
    return found


def _leaver(centre: ConsoleCentre, role: Role = Role.SENIOR_MEDIC) -> str:
    centre.add_account(LOGIN, role)
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, LOGIN)
    assert found is not None
    return found.account_id


def _do(admin: Browser, account_id: str, action: str, **fields: str) -> int:
    return admin.post(f"/accounts/{account_id}", {"action": action} | fields, page="/accounts").status_code


def _pass_days(centre: ConsoleCentre, days: int) -> None:
    """Days on which somebody else was at work."""
    with writing(centre.engine) as connection:
        for day in range(days):
            at = centre.now() + timedelta(days=day)
            audit.write(connection, at=at, account_id="somebody", address="10.0.0.1", action="login")
    centre.shift += timedelta(days=days)


def _erase(centre: ConsoleCentre) -> int:
    return erase_deleted(centre.engine, centre.config.accounts, centre.now())


def test_it_is_closed_at_once_and_can_be_taken_back_until_it_is_erased(
    centre: ConsoleCentre, admin: Browser, address: str
) -> None:
    leaver = _leaver(centre)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in(LOGIN, unlock=False)
        assert _do(admin, leaver, "delete") == 303
        assert browser.get("/registers/workers").status_code in {303, 401}
        assert browser.post("/login", {"username": LOGIN, "password": PASSWORD}).status_code == 401
        assert "удалена" in admin.get("/accounts").text
        assert _do(admin, leaver, "enable", reason="нужна") == 409
        _pass_days(centre, centre.config.accounts.keep_days - 1)
        assert _erase(centre) == 0
        admin.log_in("root", unlock=False)
        assert _do(admin, leaver, "undelete") == 303
        assert _account(centre, leaver).disabled
        assert _do(admin, leaver, "enable", reason="вернулась") == 303
        browser.log_in(LOGIN, unlock=False)
    _pass_days(centre, 400)
    assert _erase(centre) == 0
    assert _account(centre, leaver).full_name == NAME


def test_a_clock_that_is_set_far_ahead_erases_nothing(centre: ConsoleCentre, admin: Browser) -> None:
    leaver = _leaver(centre)
    assert _do(admin, leaver, "delete") == 303
    centre.shift = timedelta(days=3650)
    assert _erase(centre) == 0


def test_the_last_administrator_and_ones_own_account_are_not_deleted(centre: ConsoleCentre, admin: Browser) -> None:
    centre.add_account("whole", Role.ADMINISTRATOR, orgs=())
    with reading(centre.engine) as connection:
        ids = {one.username: one.account_id for one in accounts.all_accounts(connection)}
    assert _do(admin, ids["root"], "delete") == 404
    assert _do(admin, ids["whole"], "delete") == 404
    assert not _account(centre, ids["whole"]).disabled


def _set_limit(browser: Browser, subject: dict[str, str]) -> None:
    limit = subject | {"parameter": "pulse_bpm", "high": "110", "basis": "приказ 7"}
    seen = browser.post("/limits", limit | {"action": "preview"}, page="/limits")
    assert seen.status_code == 200, seen.text
    mark = seen.text.split('name="previewed" value="')[1].split('"')[0]
    assert browser.post("/limits", limit | {"action": "save", "previewed": mark}, page="/limits").status_code == 303


@pytest.fixture
def erased(centre: ConsoleCentre, admin: Browser, address: str) -> str:
    """An account that has left its traces everywhere, and is erased; returns its id."""
    leaver = _leaver(centre)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in(LOGIN, unlock=False)
        new = {
            "of_org": ORG,
            "name": "ООО «Ольха»",
            "inn": "7707083893",
            "zone": "Europe/Moscow",
            "contact": "диспетчер",
        }
        assert browser.post("/registers/employers/new", new).status_code == 303
        consent = {
            "kind": "biometric_comparison",
            "version": "9",
            "body": "Согласен.",
            "valid_from": f"{centre.now():%Y-%m-%d}",
        }
        assert browser.post("/consents/texts", consent, page="/consents").status_code == 303
        for subject in ({"scope": "organisation"}, {"scope": "worker", "personnel_number": "1001"}):
            _set_limit(browser, subject)
    with writing(centre.engine) as connection:
        alert = SecurityAlert("alert-1", ORG, "odd_hour", leaver, 1, "entry-1", centre.now(), None)
        security_alerts.add(connection, alert)
        seen = {
            "alert_id": "seen-1",
            "org": ORG,
            "employer_id": centre.people.employers[0],
            "exam_id": "e",
            "seen_by": leaver,
        }
        seen |= {"decision_id": "d", "kind": "intoxication", "created_at": centre.now(), "seen_at": centre.now()}
        connection.execute(alerts.alert.insert().values(**seen))
    assert _do(admin, leaver, "delete") == 303
    _pass_days(centre, centre.config.accounts.keep_days)
    assert _erase(centre) == 1
    assert _erase(centre) == 0
    admin.log_in("root", unlock=False)
    return leaver


def test_name_and_secrets_are_gone_and_the_id_stays(centre: ConsoleCentre, erased: str) -> None:
    found = _account(centre, erased)
    assert (found.full_name, found.has_totp, found.medic_id, found.disabled) == (ERASED_NAME, False, None, True)
    with reading(centre.engine) as connection:
        row = connection.execute(select(account).where(account.c.account_id == erased)).mappings().one()
        assert LOGIN not in " ".join(str(value) for value in row.values())
        for table in (session, recovery_code):
            assert not connection.execute(select(table).where(table.c.account_id == erased)).all()
        done = audit.search(connection, orgs=(ORG,), accounts=(erased,), account_id=erased)
        assert {"login", "employer.add"} <= {entry.action for entry in done}
        assert [entry.subject for entry in audit.search(connection, orgs=(ORG,), accounts=(), action=ERASED)] == [
            erased
        ]


def test_no_table_keeps_the_name(centre: ConsoleCentre, erased: str) -> None:
    load_tables()
    with reading(centre.engine) as connection:
        keeping = {
            f"{table.name}.{name}"
            for table in metadata.sorted_tables
            for row in connection.execute(select(table)).mappings()
            for name, value in row.items()
            if NAME in (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
        }
    assert keeping == set()


def test_every_page_that_showed_the_name_says_that_it_is_erased(
    centre: ConsoleCentre, app: FastAPI, erased: str, browser: Browser
) -> None:
    centre.add_account("vera", Role.SENIOR_MEDIC)
    centre.add_account("glafira", Role.AUDITOR)
    centre.add_account("dispatcher", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with reading(centre.engine) as connection:
        found = audit.search(connection, orgs=(ORG,), accounts=(), account_id=erased, action="employer.add")
    named = {
        f"/registers/employers/{found[0].subject}",
        "/changes",
        "/consents",
        f"/books/{CONSENT_TEXT}",
        "/accounts",
        "/limits",
    }
    plain = {route.path for route in every_route(app) if "GET" in route.methods and "{" not in route.path}
    showing = set()
    for who in ("root", "vera", "glafira", "dispatcher"):
        browser.log_in(who, unlock=False)
        for path in sorted((plain | named) - ENDLESS):
            answer = browser.get(path)
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert NAME not in answer.text, path
                assert f">{LOGIN}<" not in answer.text, path
                if ERASED_NAME in answer.text:
                    showing.add(path)
    assert showing >= named | {"/audit", "/admissions"}


def test_nothing_can_be_done_to_it_any_more(centre: ConsoleCentre, admin: Browser, erased: str) -> None:
    for action in ("enable", "undelete", "reset_password", "delete"):
        assert _do(admin, erased, action, password="шесть медленных верблюдов", reason="нужна") == 404
    assert admin.get(f"/accounts/{erased}/edit").status_code == 404
    assert admin.post("/login", {"username": f"erased-{erased}", "password": PASSWORD}).status_code == 401
    centre.add_account(LOGIN, Role.AUDITOR)
