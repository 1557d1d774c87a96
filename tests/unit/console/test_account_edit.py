"""An account is changed on its page: what that ends, and what is refused."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from central.core.parties import Organisation
from central.core.rights import Role
from central.store import accounts
from central.store.accounts import Account
from central.store.engine import reading, writing
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import PASSWORD, Browser, ConsoleCentre

OTHER = "sosna"


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The only administrator of the installation."""
    with writing(centre.engine) as connection:
        centre.registry.add_organisation(connection, Organisation(OTHER, "Медпункт Сосна", "Л041-2"))
    centre.add_account("root", Role.ADMINISTRATOR, orgs=())
    centre.add_account("vera", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("root", unlock=False)


def _account(centre: ConsoleCentre, username: str = "vera") -> Account:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, username)
    assert found is not None
    return found


def _edit(admin: Browser, account: Account, **changes: object) -> int:
    fields = {"full_name": account.full_name, "role": account.role, "org": list(account.orgs)}
    page = f"/accounts/{account.account_id}/edit"
    return admin.post(page, fields | changes, page=page).status_code


def test_name_role_and_several_organisations_are_changed_and_sessions_end(
    centre: ConsoleCentre, admin: Browser, address: str
) -> None:
    account = _account(centre)
    with contextlib.closing(Browser(address)) as vera:
        vera.log_in("vera", unlock=False)
        assert _edit(admin, account, full_name="Полевая Вера") == 303
        assert vera.get("/registers/workers").status_code == 200
        assert _edit(admin, account, full_name="Полевая Вера", role="auditor", org=[ORG, OTHER]) == 303
        assert vera.get("/registers/workers").status_code in {303, 401}
    after = _account(centre)
    assert (after.full_name, after.role, after.orgs) == ("Полевая Вера", "auditor", (OTHER, ORG))


def test_after_the_last_day_nobody_logs_in_and_open_sessions_are_over(
    centre: ConsoleCentre, admin: Browser, address: str
) -> None:
    today = centre.now().date()
    with contextlib.closing(Browser(address)) as vera:
        vera.log_in("vera", unlock=False)
        assert _edit(admin, _account(centre), ends_on=(today - timedelta(days=1)).isoformat()) == 422
        assert _account(centre).ends_on is None
        assert _edit(admin, _account(centre), ends_on=today.isoformat()) == 303
        assert vera.get("/registers/workers").status_code == 200
        centre.shift = timedelta(days=2)
        answer = vera.post("/login", {"username": "vera", "password": PASSWORD})
        assert answer.status_code != 303


def test_the_last_administrator_stays_one(centre: ConsoleCentre, admin: Browser, address: str) -> None:
    centre.add_account("second", Role.ADMINISTRATOR, orgs=())
    root, second = _account(centre, "root"), _account(centre, "second")
    assert _edit(admin, root, role="auditor", org=[ORG]) == 422  # one's own role
    assert _edit(admin, second, role="auditor", org=[ORG]) == 303
    centre.add_account("third", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as third:
        third.log_in("third", unlock=False)
        page = f"/accounts/{root.account_id}/edit"
        assert third.get(page).status_code == 404
    tomorrow = (centre.now().date() + timedelta(days=1)).isoformat()
    assert _edit(admin, root, ends_on=tomorrow) == 422
    assert _account(centre, "root").role == "administrator"


def test_who_is_the_last_administrator_for_good_is_not_disabled(
    centre: ConsoleCentre, admin: Browser, address: str
) -> None:
    """Who has a last day does not count: after it nobody could let anybody in again."""
    centre.add_account("second", Role.ADMINISTRATOR, orgs=())
    with contextlib.closing(Browser(address)) as second:
        second.log_in("second", unlock=False)
        root = _account(centre, "root")
        with writing(centre.engine) as connection:
            # Her own last day: from now on only the other one is an administrator without an end.
            ends_on = centre.now().date() + timedelta(days=1)
            accounts.change_account(connection, _account(centre, "second").account_id, {"ends_on": ends_on})
        answer = second.post(f"/accounts/{root.account_id}", {"action": "disable"}, page="/accounts")
        assert answer.status_code == 409
        assert "последний администратор" in answer.text
        assert not _account(centre, "root").disabled
        centre.add_account("third", Role.ADMINISTRATOR, orgs=())
        assert second.post(f"/accounts/{root.account_id}", {"action": "disable"}, page="/accounts").status_code == 303
    assert _account(centre, "root").disabled


def test_two_who_change_one_account_are_told_apart(centre: ConsoleCentre, admin: Browser) -> None:
    account = _account(centre)
    page = f"/accounts/{account.account_id}/edit"
    seen = admin.get(page).text.split('name="seen" value="')[1].split('"')[0]
    assert _edit(admin, account, full_name="Первая") == 303
    assert _edit(admin, account, full_name="Вторая", seen=seen) == 409
    assert _account(centre).full_name == "Первая"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"full_name": " "}, 422),
        ({"role": "king"}, 422),
        ({"org": []}, 422),
        ({"ends_on": "31.02.2027"}, 422),
        ({"org": ["nobody"]}, 404),
    ],
)
def test_what_cannot_be_is_refused(
    centre: ConsoleCentre, admin: Browser, changes: dict[str, object], word: int
) -> None:
    before = _account(centre)
    assert _edit(admin, before, **changes) == word
    assert _account(centre) == before
