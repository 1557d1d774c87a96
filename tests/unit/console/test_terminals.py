"""Terminals from the console: registered, given a code, shut out; by the administrator alone, and written down."""

import contextlib
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from central.core.rights import Role
from central.store import enrolments, terminals
from central.store.audit import audit
from central.store.engine import reading, writing
from sync.contract.enrolment import split_code
from tests.console_centre import Browser, ConsoleCentre

NEW = {"terminal_id": "kiosk-9", "org": "zarya", "name": "Девятый", "place": "Проходная"}


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The administrator's browser."""
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


def _state(centre: ConsoleCentre, terminal_id: str) -> str | None:
    with reading(centre.engine) as connection:
        row = terminals.get_terminal(connection, terminal_id)
    return None if row is None else str(row["state"])


def _actions(centre: ConsoleCentre) -> list[tuple[str, str]]:
    with reading(centre.engine) as connection:
        query = select(audit.c.action, audit.c.subject).where(audit.c.action.like("terminal.%"))
        return [(row.action, row.subject) for row in connection.execute(query)]


def test_terminal_is_registered_gets_a_code_and_is_shut_out(centre: ConsoleCentre, admin: Browser) -> None:
    assert admin.post("/fleet/terminals", NEW, page="/fleet").status_code == 303
    assert _state(centre, "kiosk-9") == "new"

    shown = admin.post("/fleet/terminals/kiosk-9/code", {}, page="/fleet")
    (code,) = re.findall(r'id="enrolment-code">([^<]+)<', shown.text)
    with writing(centre.engine) as connection:
        assert enrolments.has_code(connection, split_code(code)[0])
    assert code not in admin.get("/fleet").text

    wrong = admin.post("/fleet/terminals/kiosk-9/revoke", {"confirm": "kiosk-1"}, page="/fleet")
    assert wrong.status_code == 422
    assert _state(centre, "kiosk-9") == "new"
    done = admin.post("/fleet/terminals/kiosk-9/revoke", {"confirm": "kiosk-9"}, page="/fleet")
    assert "Терминал отозван" in done.text
    assert _state(centre, "kiosk-9") == "revoked"
    assert admin.post("/fleet/terminals/kiosk-9/code", {}, page="/fleet").status_code == 422
    expected = [("terminal.add", "kiosk-9"), ("terminal.code", "kiosk-9"), ("terminal.revoke", "kiosk-9")]
    assert sorted(_actions(centre)) == expected
    with reading(centre.engine) as connection:
        assert all(code not in str(row) for row in connection.execute(select(audit)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"terminal_id": "Киоск"}, "не та запись"),
        ({"terminal_id": "centre"}, "не та запись"),
        ({"terminal_id": "kiosk-1"}, "встречается дважды"),
        ({"name": ""}, "заполните"),
        ({"place": "я" * 201}, "слишком длинный"),
        ({"org": "chuzhaya"}, "выберите одно"),
    ],
)
def test_faults_are_said_at_the_field(
    centre: ConsoleCentre, admin: Browser, changes: dict[str, str], words: str
) -> None:
    answer = admin.post("/fleet/terminals", NEW | changes, page="/fleet")
    assert answer.status_code == 422
    assert words in answer.text
    assert _state(centre, "kiosk-9") is None
    assert not _actions(centre)


def test_others_and_other_organisations_change_nothing(centre: ConsoleCentre, zoya: Browser, address: str) -> None:
    assert zoya.post("/fleet/terminals/kiosk-1/revoke", {"confirm": "kiosk-1"}, page="/fleet").status_code == 403
    centre.add_account("stranger", Role.ADMINISTRATOR, orgs=("chuzhaya",))
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("stranger", unlock=False)
        for action in ("code", "revoke"):
            path = f"/fleet/terminals/kiosk-1/{action}"
            assert browser.post(path, {"confirm": "kiosk-1"}, page="/fleet").status_code == 404
    assert _state(centre, "kiosk-1") == "enrolled"
