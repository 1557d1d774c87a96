"""Accounts that nobody uses: warned of, closed, told, enabled again; and what never closes any."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from central.access.unused import CLOSED, WARNED, look_at_unused
from central.core.rights import Role
from central.notifying.vigilance import Vigil
from central.store import accounts, audit, security_alerts
from central.store.accounts import Account
from central.store.audit import OF_ITSELF
from central.store.engine import reading, writing
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import PASSWORD, Browser, ConsoleCentre
from tests.unit.console.test_own_pages import join, link_by_hand


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The administrator, whom the others of the centre are told to."""
    centre.add_account("root", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("root", unlock=False)


def _account(centre: ConsoleCentre, username: str) -> Account:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, username)
    assert found is not None
    return found


def _unused_since(centre: ConsoleCentre, username: str, days: int, *, never: bool = False) -> None:
    at = centre.now() - timedelta(days=days)
    values = {"created_at": at, "last_login_at": None} if never else {"created_at": at, "last_login_at": at}
    with writing(centre.engine) as connection:
        accounts.change_account(connection, _account(centre, username).account_id, values)


def _in_use(centre: ConsoleCentre, until: datetime, days: int, step: int = 7) -> None:
    """Somebody else has logged in now and again."""
    with writing(centre.engine) as connection:
        for ago in range(0, days + step, step):
            at = until - timedelta(days=ago)
            audit.write(connection, at=at, account_id="somebody", address="10.0.0.1", action="login")


def _warned(centre: ConsoleCentre, username: str, days: int = 30) -> None:
    """The administrator was warned of it so many days ago."""
    at, subject = centre.now() - timedelta(days=days), _account(centre, username).account_id
    with writing(centre.engine) as connection:
        audit.write(connection, at=at, account_id=None, address=OF_ITSELF, action=WARNED, subject=subject)


def _look(centre: ConsoleCentre) -> None:
    look_at_unused(centre.engine, centre.config.accounts, centre.now())
    Vigil(centre.engine, centre.config.vigilance).look(centre.now())


def _told(centre: ConsoleCentre) -> list[tuple[str, str, int]]:
    with reading(centre.engine) as connection:
        known = {one.account_id: one.username for one in accounts.all_accounts(connection)}
        found = security_alerts.latest(connection, [ORG])
    return sorted((known[item.subject], item.kind, item.count) for item in found)


@pytest.mark.parametrize("never", [False, True])
def test_an_account_is_warned_of_then_closed_and_told_once(
    centre: ConsoleCentre, admin: Browser, browser: Browser, never: bool
) -> None:
    centre.add_account("leaver", Role.AUDITOR)
    _in_use(centre, centre.now(), 100)
    for days, told in (
        (59, []),
        (60, [("leaver", "account_unused", 60)]),
        (61, [("leaver", "account_unused", 60)]),
        (89, [("leaver", "account_unused", 60)]),
        (90, [("leaver", "account_closed", 90), ("leaver", "account_unused", 60)]),
    ):
        _unused_since(centre, "leaver", days, never=never)
        if days == 90:
            _warned(centre, "leaver")
        for _ in range(2):
            _look(centre)
        assert _told(centre) == told
        assert _account(centre, "leaver").disabled == (days == 90)
        assert (f"без входа дней: {days}" in admin.get("/accounts").text) == (60 <= days < 90)
    assert "закрыта: не использовалась" in admin.get("/accounts").text
    centre.add_account("glafira", Role.AUDITOR)
    log = browser.log_in("glafira", unlock=False).get("/audit").text
    assert "учётная запись закрыта: ею не пользовались" in log
    assert "центр, по сроку" in log
    assert not _account(centre, "zoya").disabled


def test_it_is_enabled_again_with_a_reason_and_its_time_begins_anew(
    centre: ConsoleCentre, admin: Browser, browser: Browser
) -> None:
    centre.add_account("leaver", Role.AUDITOR)
    _in_use(centre, centre.now(), 100)
    _unused_since(centre, "leaver", 95)
    _warned(centre, "leaver")
    _look(centre)
    page = f"/accounts/{_account(centre, 'leaver').account_id}"
    refused = admin.post(page, {"action": "enable", "reason": "  "}, page="/accounts")
    assert refused.status_code == 422
    assert "назовите причину" in refused.text
    assert _account(centre, "leaver").disabled
    assert admin.post(page, {"action": "enable", "reason": "вышел из отпуска"}, page="/accounts").status_code == 303
    _look(centre)
    assert not _account(centre, "leaver").disabled
    assert "вышел из отпуска" in admin.get("/accounts").text
    assert browser.post("/login", {"username": "leaver", "password": PASSWORD}).status_code == 303


def test_one_that_was_long_unused_before_anybody_looked_is_warned_of_first(centre: ConsoleCentre) -> None:
    """At an update, or when the terms are made shorter: the days between the two terms pass after the warning too."""
    centre.add_account("root", Role.ADMINISTRATOR)
    centre.add_account("leaver", Role.AUDITOR)
    _in_use(centre, centre.now() + timedelta(days=31), 240)
    _unused_since(centre, "leaver", 200)
    for passed, is_closed in ((0, False), (1, False), (29, False), (30, True)):
        centre.shift = timedelta(days=passed)
        for _ in range(2):
            _look(centre)
        assert _account(centre, "leaver").disabled == is_closed
    assert [kind for name, kind, _ in _told(centre) if name == "leaver"] == ["account_closed", "account_unused"]


@pytest.mark.parametrize("ahead", [40, 365, 20 * 365])
def test_a_clock_that_is_set_far_ahead_closes_nobody(centre: ConsoleCentre, admin: Browser, ahead: int) -> None:
    centre.add_account("leaver", Role.AUDITOR)
    _in_use(centre, centre.now(), 100, step=1)
    _unused_since(centre, "leaver", 65)
    _warned(centre, "leaver", 5)
    centre.shift = timedelta(days=ahead)
    _in_use(centre, centre.now(), 1, step=1)
    _look(centre)
    with reading(centre.engine) as connection:
        assert not [one.username for one in accounts.all_accounts(connection) if one.disabled]


def test_the_last_administrator_is_warned_of_and_stays(centre: ConsoleCentre) -> None:
    for name, days in (("older", 400), ("newer", 200)):
        centre.add_account(name, Role.ADMINISTRATOR)
        _unused_since(centre, name, days)
        if name == "older":
            _warned(centre, name)
    _in_use(centre, centre.now(), 100)
    for _ in range(3):
        _look(centre)
    assert _account(centre, "older").disabled
    assert not _account(centre, "newer").disabled
    assert [(name, kind) for name, kind, _ in _told(centre)] == [
        ("newer", "account_unused"),
        ("older", "account_closed"),
    ]


def test_each_organisation_of_an_account_is_told(centre: ConsoleCentre) -> None:
    centre.add_account("leaver", Role.AUDITOR, orgs=(ORG, "sosna"))
    centre.add_account("root", Role.ADMINISTRATOR, orgs=())
    centre.add_account("second", Role.ADMINISTRATOR, orgs=())
    _in_use(centre, centre.now(), 100)
    for name in ("leaver", "second"):
        _unused_since(centre, name, 90)
        _warned(centre, name)
    _look(centre)
    with reading(centre.engine) as connection:
        entries = audit.search(connection, orgs=(ORG, "sosna"), accounts=(), action=CLOSED)
        assert sorted((entry.org or "", entry.subject) for entry in entries) == sorted(
            [
                ("", _account(centre, "second").account_id),
                *((org, _account(centre, "leaver").account_id) for org in (ORG, "sosna")),
            ]
        )
        warnings = audit.search(connection, orgs=(ORG,), accounts=(), action=WARNED)
        assert {entry.org for entry in warnings} == {None}, "none but those of before"
        told = security_alerts.latest(connection, ["sosna"])
    assert sorted(item.org for item in told) == ["", "sosna"]


def test_an_account_of_a_worker_is_closed_without_an_alert_and_opened_by_a_new_link(
    centre: ConsoleCentre, browser: Browser
) -> None:
    """Nobody but the worker could act on a warning; a link of the kiosk or the medical room opens it again, and for good."""
    login = join(browser, link_by_hand(centre, "1001"))
    _in_use(centre, centre.now(), 100)
    _unused_since(centre, login, 89)
    _look(centre)
    assert not _account(centre, login).disabled
    _unused_since(centre, login, 91)
    _look(centre)
    assert _account(centre, login).disabled
    assert _told(centre) == []
    assert browser.get("/me").status_code in {303, 401}, "its sessions have ended"
    assert join(browser, link_by_hand(centre, "1001")) == login
    _look(centre)
    assert not _account(centre, login).disabled
