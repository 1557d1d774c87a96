"""The login page: its language, whom to call, and a code that is asked for when it is needed."""

import dataclasses

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from central.core.account_config import AccountsConfig
from central.store.accounts import account
from central.store.engine import writing
from tests.console_centre import PASSWORD, Browser, ConsoleCentre


def test_the_language_is_changed_before_anybody_logs_in_and_nothing_typed_is_lost(browser: Browser) -> None:
    answer = browser.post("/login", {"username": "zoya", "password": "", "next": "/journal", "language": "en"})
    assert answer.status_code == 200
    assert '<html lang="en"' in answer.text
    assert 'value="zoya"' in answer.text
    assert 'name="next" value="/journal"' in answer.text
    assert '<html lang="en"' in browser.get("/login").text, "it is kept"
    assert browser.post("/login", {"username": "zoya", "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize("language", ["xx", "", "ru'", "EN", "../en", "я" * 500])
def test_an_unknown_language_changes_nothing(browser: Browser, language: str) -> None:
    answer = browser.get("/login", params={"language": language})
    assert answer.status_code == 200
    assert '<html lang="ru"' in answer.text
    assert '<html lang="ru"' in browser.get("/login").text
    browser.http.cookies.set("dopusk_language", "xx")
    assert '<html lang="ru"' in browser.get("/login").text


def test_a_link_may_name_the_language(browser: Browser) -> None:
    assert '<html lang="en"' in browser.get("/login?language=en").text


def test_whom_to_call_stands_there_and_without_one_what_to_do(
    centre: ConsoleCentre, app: FastAPI, browser: Browser
) -> None:
    assert "Поможет администратор" in browser.get("/login").text
    assert "Связь:" not in browser.get("/login").text
    console = app.state.console
    accounts = AccountsConfig(contact="дежурный <администратор>, тел. 12-34")
    config = console.config.model_copy(update={"accounts": accounts})
    app.state.console = dataclasses.replace(console, config=config)
    assert "Связь: дежурный &lt;администратор&gt;, тел. 12-34" in browser.get("/login").text


def test_a_code_is_asked_for_when_it_is_needed(centre: ConsoleCentre, app: FastAPI, browser: Browser) -> None:
    """It is folded away at first; who has a second factor is asked for it by name, at its field."""
    console = app.state.console
    app.state.console = dataclasses.replace(
        console, config=console.config.model_copy(update={"accounts": AccountsConfig()})
    )
    first = browser.get("/login").text
    assert "<details" in first.split('name="code"')[0]
    assert "необязательно" in first
    with writing(centre.engine) as connection:
        account_id = str(connection.execute(select(account.c.account_id)).scalar_one())
        sealed = console.totp_seal.seal("JBSWY3DPEHPK3PXP", account_id)
        connection.execute(update(account).values(totp_sealed=sealed))
    asked = browser.post("/login", {"username": "zoya", "password": PASSWORD})
    assert asked.status_code == 401
    assert "<details" not in asked.text.split('name="code"')[0].split("<form")[-1]
    assert 'aria-describedby="fault-login"' in asked.text
