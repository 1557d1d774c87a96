"""Requests that a page of another site has sent, and names that are not ours: nothing is done and nothing is kept."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from central.console.app import every_route
from central.console.guard import SAFE_METHODS
from central.console.hosts import is_own, own_names
from central.store import accounts
from central.store.engine import reading
from tests.console_centre import PASSWORD, Browser, ConsoleCentre

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://[broken"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "cross-site"},
]
WORDS = "слова чужого сайта"


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_fills_in_nothing(centre: ConsoleCentre, browser: Browser, headers: dict[str, str]) -> None:
    exam_id = centre.exam()
    path = f"/exams/{exam_id}/decision"
    answer = browser.http.post(path, data={"outcome": "admitted", "comment": WORDS}, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login"
    browser.log_in("zoya")
    assert WORDS not in browser.get(f"/exams/{exam_id}").text
    answer = browser.http.post(path, data={"outcome": "admitted", "comment": WORDS}, headers=headers)
    assert answer.status_code == 403
    assert WORDS not in browser.get(f"/exams/{exam_id}").text


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_the_right_token_from_another_site_does_nothing(zoya: Browser, headers: dict[str, str]) -> None:
    token = zoya.get("/queue").text.split('name="csrf" value="')[1].split('"')[0]
    assert zoya.http.post("/logout", data={"csrf": token}, headers=headers).status_code == 403
    assert zoya.get("/queue").status_code == 200


def test_no_route_keeps_what_another_site_sends(app: FastAPI, zoya: Browser, centre: ConsoleCentre) -> None:
    exam_id = centre.exam()
    for route in every_route(app):
        path = re.sub(r"\{\w+(:\w+)?\}", "x", route.path.replace("{exam_id}", exam_id))
        for method in route.methods - SAFE_METHODS:
            zoya.http.request(method, path, data={"comment": WORDS, "full_name": WORDS}, headers=FOREIGN[0])
    with reading(centre.engine) as connection:
        drafts = connection.execute(accounts.session.select()).all()
    assert WORDS not in str(drafts)


def test_own_pages_are_no_strangers(centre: ConsoleCentre, address: str, browser: Browser) -> None:
    exam_id = centre.exam()
    own = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
    answer = browser.http.post(f"/exams/{exam_id}/decision", data={"comment": "моё"}, headers=own)
    assert answer.status_code == 401
    fields = dict(re.findall(r'name="(csrf|draft)" value="([^"]*)"', answer.text))
    fields |= {"username": "zoya", "password": PASSWORD}
    assert browser.http.post("/login", data=fields, headers=own).status_code == 303
    assert "моё" in browser.get(f"/exams/{exam_id}").text


def test_a_draft_is_given_back_in_the_browser_alone_where_it_was_typed(centre: ConsoleCentre, browser: Browser) -> None:
    exam_id = centre.exam()
    with httpx.Client(base_url=browser.http.base_url) as other:
        typed = other.post(f"/exams/{exam_id}/decision", data={"comment": WORDS}).text
    draft = typed.split('name="draft" value="')[1].split('"')[0]
    browser.post("/login", {"username": "zoya", "password": PASSWORD, "draft": draft})
    assert WORDS not in browser.get(f"/exams/{exam_id}").text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[", "localhost.evil.example"]
)
def test_a_foreign_name_is_led_to_the_known_address(centre: ConsoleCentre, browser: Browser, host: str) -> None:
    public = centre.config.http.public_url
    for path in ("/queue/", "/login?next=/queue", "//evil.example/x", "/%0d%0aX:%20y"):
        answer = browser.http.get(f"http://127.0.0.1:{centre.config.http.port}{path}", headers={"Host": host})
        assert answer.status_code == 307, path
        assert answer.headers["location"].startswith(f"{public}/"), path
        assert urlsplit(answer.headers["location"]).netloc == urlsplit(public).netloc, path
    assert browser.http.post("/login", data={"username": "zoya"}, headers={"Host": host}).status_code == 421


def test_links_lead_to_no_foreign_name(centre: ConsoleCentre, zoya: Browser) -> None:
    assert zoya.get("/queue/").headers["location"].startswith(f"http://127.0.0.1:{centre.config.http.port}/")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "192.0.2.7:443", "[2001:db8::1]:443", "centre.example.", "inside"]
)
def test_own_names(centre: ConsoleCentre, host: str) -> None:
    config = centre.config.http.model_copy(
        update={"public_url": "https://Centre.example:8443/", "host_names": ("inside",)}
    )
    assert is_own(host, own_names(config))
    assert not is_own("other.example", own_names(config))
