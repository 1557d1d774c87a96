"""Whatever stands in an address: it is understood, or it is a fault of the address, and never one of ours."""

import contextlib
import re
from collections.abc import Iterator
from importlib import import_module
from inspect import getsource
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI

import central.console.routes
from central.console.app import every_route, guards_of
from central.console.guard import Guard
from central.core.rights import RIGHTS, Role
from tests.console_centre import Browser, ConsoleCentre
from tests.size import share_of

MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-W01-1",
    "24:00",
)
WORDS = (
    "-1",
    "1e999",
    "9" * 40,
    "٣",
    "nan",
    "null",
    "'\"<>",
    "%",
    "\u202e",
    "\ud7ff\uffff",
    "x" * 3000,
    "a\nb",
    "\\",
    "../..",
    "",
)
VALUES = (*MOMENTS, *WORDS)
_NAMED = re.compile(r'(?:query(?:_params)?\.get(?:list)?|getlist|day_of)\(\s*(?:\w+(?:\.\w+)*,\s*)?"(\w+)"')
OWN_PARTS, COMMON_PARTS = 3, 11
"""The share of the values that a name gets at one page: what lists have in common is read by one code for all of them."""
COMMON = {"since", "until", "after_moment", "after_id", "sought", "worker_id", "page", "q"}
_ENDLESS = re.compile(r"/events$")


def _names(path: str) -> set[str]:
    """Names of parameters that the route of that path may read: those of its module and of what lists have in common."""
    folder = Path(central.console.routes.__file__).parent
    for file in folder.glob("*.py"):
        module = import_module(f"central.console.routes.{file.stem}")
        router = getattr(module, "router", None)
        if router is not None and any(getattr(route, "path", "") == path for route in router.routes):
            return set(_NAMED.findall(getsource(module))) | COMMON
    return COMMON


@pytest.fixture
def people(centre: ConsoleCentre, address: str, zoya: Browser) -> Iterator[dict[Role, Browser]]:
    found = {Role.MEDIC: zoya}
    with contextlib.ExitStack() as stack:
        for role in set(Role) - {Role.MEDIC}:
            centre.add_account(role.value, role, employer_id=centre.people.employers[0])
            found[role] = stack.enter_context(contextlib.closing(Browser(address))).log_in(role.value, unlock=False)
        yield found


def test_no_query_is_a_fault_of_ours(centre: ConsoleCentre, app: FastAPI, people: dict[Role, Browser]) -> None:
    exam_id = centre.exam()
    assert people[Role.MEDIC].decide(exam_id, outcome="admitted").status_code == 303
    tried, names_tried, wrong = set(), 0, []
    for route in every_route(app):
        if "GET" not in route.methods or _ENDLESS.search(route.path) or "/export" in route.path or "{" in route.path:
            continue
        (door,) = guards_of(route)
        role = next((one for one in Role if isinstance(door, Guard) and door.right in RIGHTS[one]), Role.MEDIC)
        names = _names(route.path) | {item.alias for item in route.dependant.query_params}
        for name in sorted(names):
            names_tried += 1
            for value in share_of(VALUES, names_tried, COMMON_PARTS if name in COMMON else OWN_PARTS):
                pairs = {name: value} | ({"after_id": "x"} if name == "after_moment" else {})
                pairs |= {"after_moment": "2026-01-01T00:00:00Z"} if name == "after_id" else {}
                answer = people[role].get(route.path, params=pairs)
                tried.add((name, value))
                if answer.status_code >= 500:
                    wrong.append((route.path, name, value[:40], answer.status_code))
    assert names_tried > 300
    assert {value for _, value in tried} == set(VALUES)
    assert wrong == []


def test_no_id_in_a_path_is_a_fault_of_ours(app: FastAPI, people: dict[Role, Browser]) -> None:
    wrong = []
    for turn, route in enumerate(every_route(app)):
        if "{" not in route.path:
            continue
        (door,) = guards_of(route)
        role = next((one for one in Role if isinstance(door, Guard) and door.right in RIGHTS[one]), Role.MEDIC)
        token = people[role].get("/account").text.split('name="csrf" value="')[1].split('"')[0]
        for value in share_of(WORDS[:-1], turn, OWN_PARTS):
            path = re.sub(r"\{\w+(:\w+)?\}", lambda _, value=value: quote(value[:300], safe=""), route.path)
            for method in route.methods:
                answer = people[role].http.request(method, path, data={"csrf": token} if method == "POST" else None)
                if answer.status_code >= 500:
                    wrong.append((method, route.path, value[:40], answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    "cookie", ["dopusk_zone", "dopusk_language", "dopusk_theme", "dopusk_session", "dopusk_device", "dopusk_form"]
)
def test_no_cookie_is_a_fault_of_ours(browser: Browser, cookie: str) -> None:
    for value in ("../../etc/passwd", "%00", "x" * 3000, "%ff", "Europe/Moscow/", "[[1]]", "W10.x.y"):
        answer = browser.http.get("/login", headers={"cookie": f"dopusk_{cookie}={value}"})
        assert answer.status_code == 200, value
        answer = browser.http.get("/queue", headers={"cookie": f"dopusk_{cookie}={value}"})
        assert answer.status_code == 303, value
