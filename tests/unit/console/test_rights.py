"""The rights matrix: every route of the console with every role, and with nobody."""

import re

import pytest

from central.console.app import every_route, guards_of
from central.console.guard import Guard, Public
from central.core.rights import RIGHTS, Right, Role
from tests.console_centre import Browser, ConsoleCentre

PUBLIC = {
    "/me/join",
    "/me/offline",
    "/me/worker.js",
    "/check/gate",
    "/login",
    "/login/outside",
    "/login/outside/answer",
    "/login/outside/code",
    "/check/{code}",
}


def _routes(centre: ConsoleCentre) -> list[tuple[str, str, Guard | Public]]:
    """Method, path and door of every route."""
    found = []
    for route in every_route(centre.app()):
        if not route.path.startswith("/api/"):
            (door,) = guards_of(route)
            found += [(method, route.path, door) for method in sorted(route.methods)]
    assert len(found) > 40
    return found


def _address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "00000000-0000-7000-8000-000000000000", path)


def test_only_login_and_the_check_of_papers_are_public(centre: ConsoleCentre) -> None:
    assert {path for _, path, door in _routes(centre) if isinstance(door, Public)} == PUBLIC


def test_nobody_gets_past_a_door_without_login(centre: ConsoleCentre, browser: Browser) -> None:
    for method, path, door in _routes(centre):
        if isinstance(door, Public):
            continue
        answer = browser.http.request(method, _address(path))
        assert answer.status_code in (303, 401), (method, path)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_passes_exactly_the_doors_of_its_rights(centre: ConsoleCentre, browser: Browser, role: Role) -> None:
    centre.add_account("somebody", role, employer_id=centre.people.employers[0])
    browser.log_in("somebody", unlock=False)
    token = browser.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
    for method, path, door in _routes(centre):
        if isinstance(door, Public) or path in {"/logout", "/queue/events"}:
            continue
        answer = browser.http.request(method, _address(path), data={"csrf": token} if method == "POST" else None)
        refused = answer.status_code == 403 and ("не позволяет" in answer.text or '"forbidden"' in answer.text)
        assert refused == (door.right not in RIGHTS[role]), (method, path, answer.status_code)
        assert answer.status_code != 500, (method, path)
        if method == "POST":
            # The token stands only where it was made: without it nothing changes, whatever the role.
            forged = browser.http.request(method, _address(path), data={"csrf": "x"})
            assert forged.status_code in (303, 403), (method, path)


FORMS_TO_SHOW = {
    "/signature",
    "/signature/plugin.js",
    "/accounts",
    "/accounts/{account_id}/edit",
    "/exams/{exam_id}/certificate",
    "/exams/{exam_id}/protocol",
}


def test_nothing_changes_by_get(centre: ConsoleCentre) -> None:
    changing = {Right.DECIDE, Right.CORRECT, Right.CHANGE_LIMITS, Right.CHANGE_ACCOUNTS}
    for method, path, door in _routes(centre):
        if isinstance(door, Guard) and door.right in changing and method == "GET":
            assert path in FORMS_TO_SHOW, path


def test_medical_rights_and_administration_are_apart() -> None:
    medical = {Right.SEE_EXAMS, Right.SEE_QUEUE, Right.DECIDE, Right.SEE_JOURNAL, Right.EXPORT_JOURNAL}
    for role in (Role.EMPLOYER, Role.ADMINISTRATOR, Role.SERVICE):
        assert not RIGHTS[role] & medical
    for role in set(Role) - {Role.MEDIC, Role.SENIOR_MEDIC}:
        assert Right.DECIDE not in RIGHTS[role]
