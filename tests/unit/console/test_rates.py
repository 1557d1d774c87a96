"""Doors that are open to strangers let one of them knock only so often."""

import contextlib
from collections.abc import Iterator

import httpx
import pytest

from central.console.app import every_route, guards_of
from central.console.enrolment_api import make_router
from central.console.guard import Public
from central.core.config import RatesConfig
from central.core.rights import Role
from central.terminals.enrolment import Enrolment
from tests.console_centre import PASSWORD, Browser, ConsoleCentre, serving


@pytest.fixture
def address(centre: ConsoleCentre) -> Iterator[str]:
    rates = RatesConfig(sign_in_per_minute=3, check_per_minute=3, api_per_minute=3, api_failures_per_minute=3)
    centre.config = centre.config.model_copy(update={"rates": rates})
    with serving(centre.app(), centre.config.http.port) as found:
        yield found


def test_logins_of_one_address(centre: ConsoleCentre, browser: Browser) -> None:
    for _ in range(3):
        assert browser.post("/login", {"username": "zoya", "password": "wrong"}).status_code == 401
    answer = browser.post("/login", {"username": "zoya", "password": PASSWORD})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 21
    assert "с этого адреса" in answer.text


def test_callers_behind_the_own_proxy_are_told_apart(address: str) -> None:
    def status(caller: str) -> int:
        return httpx.get(f"{address}/check/unknown", headers={"X-Forwarded-For": caller}).status_code

    assert [status("192.0.2.1") for _ in range(4)] == [404, 404, 404, 429]
    assert status("192.0.2.2") == 404


def test_the_public_page_of_papers(address: str) -> None:
    for _ in range(3):
        assert httpx.get(f"{address}/check/unknown").status_code == 404
    answer = httpx.get(f"{address}/check/unknown")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "Слишком много запросов" in answer.text


def test_calls_of_one_key_and_tries_without_one(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("admin", unlock=False)
        fields = {
            "name": "турникет",
            "employer_id": centre.people.employers[0],
            "scopes": ["admissions:read", "exams:read"],
        }
        page = browser.post("/accounts/keys", fields, page="/accounts").text
    key = page.split('class="code">')[1].split("<")[0]
    headers = {"Authorization": f"Bearer {key}"}
    for _ in range(3):
        assert httpx.get(f"{address}/api/v1/admissions", headers=headers).status_code == 200
    refused = httpx.get(f"{address}/api/v1/admissions", headers=headers)
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many"
    assert int(refused.headers["retry-after"]) >= 1
    assert [httpx.get(f"{address}/api/v1/admissions").status_code for _ in range(4)] == [401, 401, 401, 429]


def test_every_door_that_is_open_to_strangers_is_known_here(centre: ConsoleCentre) -> None:
    """A new one belongs into this set when one caller may knock there only so often."""
    app = centre.app()
    app.include_router(make_router(Enrolment(centre.config, centre.engine)))
    open_to_all = {
        f"{method} {route.path}"
        for route in every_route(app)
        for method in route.methods
        if isinstance(guards_of(route)[0], Public)
    }
    assert open_to_all == {
        "GET /login", "POST /login", "GET /me/join", "POST /me/join", "GET /me/offline",
        "GET /me/worker.js", "POST /check/gate", "GET /check/{code}", "POST /enrol", "POST /renew",
        "POST /login/outside", "POST /login/outside/code", "GET /login/outside/answer",
    }  # fmt: skip
