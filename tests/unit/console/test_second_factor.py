"""Roles that must have a second factor: nothing opens before it is set up; recovery codes; the administrator's reset."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from central.core.account_config import AccountsConfig
from central.core.rights import Role
from central.store import accounts
from central.store.audit import audit
from central.store.engine import reading
from central.store.recovery_codes import recovery_code
from dopusk.commands.central_group import app
from tests.console_centre import PASSWORD, Browser, ConsoleCentre, serving


@pytest.fixture
def strict(centre: ConsoleCentre) -> ConsoleCentre:
    """A centre as it is configured by default."""
    centre.config = centre.config.model_copy(update={"accounts": AccountsConfig()})
    return centre


@pytest.fixture
def address(strict: ConsoleCentre) -> Iterator[str]:
    with serving(strict.app(), strict.config.http.port) as found:
        yield found


def _log_in(browser: Browser, username: str, **fields: str) -> int:
    return browser.post("/login", {"username": username, "password": PASSWORD} | fields).status_code


def _set_up(centre: ConsoleCentre, browser: Browser) -> tuple[str, list[str]]:
    """Set the second factor up as a person does; returns its secret and the recovery codes."""
    page = browser.get("/account").text
    secret = re.findall(r'class="code">([A-Z2-7]+)<', page)[0]
    sealed = re.findall(r'name="secret" value="([^"]+)"', page)[0]
    code = pyotp.TOTP(secret).at(centre.now())
    answer = browser.post("/account/totp", {"secret": sealed, "code": code}, page="/account")
    assert answer.status_code == 200
    return secret, re.findall(r'class="code">([\d-]+)<', answer.text)


def test_nothing_but_the_set_up_opens_without_the_factor(strict: ConsoleCentre, browser: Browser) -> None:
    assert _log_in(browser, "zoya") == 303
    for path in ("/", "/queue", "/journal", f"/exams/{strict.exam()}"):
        answer = browser.http.get(path, follow_redirects=True)
        assert answer.url.path == "/account", path
    assert browser.get("/queue.json").json() == {"error": "second_factor_needed"}
    page = browser.get("/account").text
    assert "нужен второй фактор" in page
    assert "new_password" not in page

    _, codes = _set_up(strict, browser)
    assert len(codes) == 10
    assert browser.get("/queue").status_code == 200


def test_employer_and_service_do_without(strict: ConsoleCentre, browser: Browser) -> None:
    strict.add_account("engineer", Role.SERVICE)
    assert _log_in(browser, "engineer") == 303
    assert browser.get("/fleet").status_code == 200


def test_the_set_up_is_open_for_the_time_of_grace_only(strict: ConsoleCentre, browser: Browser) -> None:
    assert _log_in(browser, "zoya") == 303
    strict.shift = timedelta(hours=71)
    assert _log_in(browser, "zoya") == 303
    strict.shift = timedelta(hours=73)
    answer = browser.post("/login", {"username": "zoya", "password": PASSWORD})
    assert answer.status_code == 401
    assert "Срок подключения" in answer.text


def test_the_administrator_resets_and_the_set_up_begins_anew(strict: ConsoleCentre, address: str) -> None:
    strict.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as medic, contextlib.closing(Browser(address)) as admin:
        assert _log_in(medic, "zoya") == 303
        _set_up(strict, medic)
        assert _log_in(admin, "admin") == 303
        _set_up(strict, admin)
        with reading(strict.engine) as connection:
            account = accounts.by_username(connection, "zoya")
        assert account is not None
        path = f"/accounts/{account.account_id}"
        assert admin.post(path, {"action": "reset_totp"}, page="/accounts").status_code == 303
        assert medic.get("/queue").headers["location"].startswith("/login")
        assert "не подключён" in admin.get("/accounts").text
        assert _log_in(medic, "zoya") == 303
        assert medic.get("/queue").headers["location"] == "/account"
    with reading(strict.engine) as connection:
        actions = list(connection.execute(select(audit.c.action)).scalars())
        codes = connection.execute(select(recovery_code).where(recovery_code.c.account_id == account.account_id)).all()
    assert "account.reset_totp" in actions
    assert codes == []


def test_the_last_administrator_is_let_in_again_from_the_command_line(strict: ConsoleCentre, browser: Browser) -> None:
    strict.add_account("admin", Role.ADMINISTRATOR)
    assert _log_in(browser, "admin") == 303
    _set_up(strict, browser)
    words = ["user", "reset-factor", "admin", "--config", str(strict.folder / "central.toml")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert browser.get("/accounts").headers["location"].startswith("/login")
    assert _log_in(browser, "admin") == 303
    assert browser.get("/accounts").headers["location"] == "/account"
    assert CliRunner().invoke(app, [*words[:2], "nobody", *words[3:]]).exit_code == 1
    with reading(strict.engine) as connection:
        written = connection.execute(select(audit).where(audit.c.action == "account.reset_totp")).all()
    assert [row.address for row in written] == ["command line"]


def test_a_recovery_code_works_once(strict: ConsoleCentre, browser: Browser) -> None:
    _log_in(browser, "zoya")
    _, codes = _set_up(strict, browser)
    browser.post("/logout", {}, page="/account")
    assert _log_in(browser, "zoya", code="00000-00000-00000-00000") == 401
    assert _log_in(browser, "zoya", code=codes[3]) == 303
    assert "осталось: 9" in browser.get("/account").text
    browser.post("/logout", {}, page="/account")
    assert _log_in(browser, "zoya", code=codes[3]) == 401
    assert _log_in(browser, "zoya", code=codes[4].replace("-", " ")) == 303
    with reading(strict.engine) as connection:
        details = [
            row.detail
            for row in connection.execute(select(audit).where(audit.c.action == "login").order_by(audit.c.at))
        ]
        stored = str(connection.execute(select(recovery_code)).all())
    assert details[-2:] == [{"by": "recovery_code"}] * 2
    assert codes[5].replace("-", "") not in stored


def test_wrong_recovery_codes_lock_the_account(strict: ConsoleCentre, browser: Browser) -> None:
    _log_in(browser, "zoya")
    _, codes = _set_up(strict, browser)
    browser.post("/logout", {}, page="/account")
    for _ in range(5):
        assert _log_in(browser, "zoya", code="11111-11111-11111-11111") == 401
    assert _log_in(browser, "zoya", code=codes[0]) == 429
    with reading(strict.engine) as connection:
        locked = connection.execute(select(audit).where(audit.c.action == "account.locked")).all()
    assert len(locked) == 1


def test_new_recovery_codes_end_the_old_ones(strict: ConsoleCentre, browser: Browser) -> None:
    _log_in(browser, "zoya")
    _, old = _set_up(strict, browser)
    assert browser.post("/account/recovery", {"password": "no"}, page="/account").status_code == 422
    answer = browser.post("/account/recovery", {"password": PASSWORD}, page="/account")
    fresh = re.findall(r'class="code">([\d-]+)<', answer.text)
    assert not set(old) & set(fresh)
    browser.post("/logout", {}, page="/account")
    assert _log_in(browser, "zoya", code=old[0]) == 401
    assert _log_in(browser, "zoya", code=fresh[0]) == 303


def test_a_demanded_factor_cannot_be_removed_by_its_owner(strict: ConsoleCentre, browser: Browser) -> None:
    _log_in(browser, "zoya")
    _set_up(strict, browser)
    answer = browser.post("/account/totp/remove", {"password": PASSWORD}, page="/account")
    assert answer.status_code == 422
    assert "обязателен" in answer.text


def test_a_demonstration_does_without_and_says_so(centre: ConsoleCentre) -> None:
    centre.config = centre.config.model_copy(update={"accounts": AccountsConfig(second_factor_roles=frozenset())})
    with serving(centre.app(), centre.config.http.port) as found, contextlib.closing(Browser(found)) as browser:
        assert "Второй фактор здесь не требуется" in browser.get("/login").text
        assert _log_in(browser, "zoya") == 303
        assert browser.get("/queue").status_code == 200
