"""The page that binds a terminal to employers: what it takes, what it refuses, what stays in the log."""

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from central.core.rights import Role
from central.store import terminal_employers
from central.store.audit import audit
from central.store.engine import reading
from tests.console_centre import Browser, ConsoleCentre

PAGE = "/fleet/terminals/kiosk-1/employers"


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


def _bound(centre: ConsoleCentre) -> list[str] | None:
    with reading(centre.engine) as connection:
        return terminal_employers.of_terminal(connection, "kiosk-1")


def test_a_terminal_is_bound_shown_and_freed_again(centre: ConsoleCentre, admin: Browser) -> None:
    first = centre.people.employers[0]
    assert PAGE in admin.get("/fleet").text
    assert admin.post(PAGE, {"scope": "some", "employer": first}, page=PAGE).status_code == 303
    assert _bound(centre) == [first]
    assert f'value="{first}" checked' in admin.get(PAGE).text
    assert "только: " in admin.get("/fleet").text
    assert admin.post(PAGE, {"scope": "all"}, page=PAGE).status_code == 303
    assert _bound(centre) is None
    with reading(centre.engine) as connection:
        rows = connection.execute(select(audit.c.detail).where(audit.c.action == "terminal.bind")).scalars().all()
    assert rows == [{"before": "all", "after": [first]}, {"before": [first], "after": "all"}]


def test_nothing_chosen_opens_nothing(centre: ConsoleCentre, admin: Browser) -> None:
    first = centre.people.employers[0]
    admin.post(PAGE, {"scope": "some", "employer": first}, page=PAGE)
    for fields in ({}, {"scope": "some"}, {"scope": "some", "employer": "01a20219-4ef4-77d4-b34d-eba49876e986"}):
        assert admin.post(PAGE, fields, page=PAGE).status_code == 422
        assert _bound(centre) == [first]


def test_nobody_else_binds(admin: Browser, zoya: Browser) -> None:
    assert zoya.get(PAGE).status_code == 403
    assert admin.get("/fleet/terminals/stranger/employers").status_code == 404
