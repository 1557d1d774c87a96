"""Wrong secrets: who is shut out by them and who is not, what the answers give away, and what the same keys give elsewhere."""

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from central.access import accounts as rules
from central.access.second_factor import TotpSeal
from central.console.context import static_folder
from central.console.known_devices import MOST
from central.core.rights import Role
from central.store import accounts
from central.store.accounts import Account
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.secret_tries import secret_try
from tests.console_centre import PASSPHRASE, PASSWORD, Browser, ConsoleCentre

TEMPLATES = static_folder().parent / "templates"


@pytest.fixture
def stranger(address: str) -> Iterator[Browser]:
    """A browser on which nobody has ever logged in."""
    with contextlib.closing(Browser(address)) as made:
        yield made


def _status(browser: Browser, username: str = "zoya", typed: str = "wrong", code: str = "") -> int:
    fields = {"username": username, "password": typed, "code": code}
    return browser.post("/login", fields, page="/login").status_code


def _account(centre: ConsoleCentre, username: str = "zoya") -> Account:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, username)
    assert found is not None
    return found


def _with_factor(centre: ConsoleCentre) -> pyotp.TOTP:
    """Give the medic a second factor; returns what makes her codes."""
    secret = pyotp.random_base32()
    seal = TotpSeal(centre.config.keys.session_secret_file.read_bytes())
    account_id = _account(centre).account_id
    with writing(centre.engine) as connection:
        accounts.change_account(connection, account_id, {"totp_sealed": seal.seal(secret, account_id)})
    return pyotp.TOTP(secret)


def _other(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def test_a_name_that_nobody_has_is_answered_like_one_that_somebody_has(
    centre: ConsoleCentre, stranger: Browser
) -> None:
    def answers(username: str) -> list[tuple[int, str]]:
        told = []
        for _ in range(7):
            answer = stranger.post("/login", {"username": username, "password": "wrong"})
            told.append((answer.status_code, re.findall(r'role="alert"[^>]*>([^<]*)', answer.text)[0]))
        centre.shift += timedelta(minutes=16)
        return told

    for _ in range(2):
        assert answers("zoya") == answers("nobody")
    assert [status for status, _ in answers("Nobody ")] == [401] * 5 + [429] * 2


def test_failures_that_are_long_past_count_no_more_whoever_has_the_name(
    centre: ConsoleCentre, stranger: Browser
) -> None:
    for username in ("zoya", "nobody"):
        assert [_status(stranger, username) for _ in range(4)] == [401] * 4
        centre.shift += timedelta(minutes=16)
        assert [_status(stranger, username) for _ in range(5)] == [401] * 5
        assert _status(stranger, username) == 429


def test_names_that_nobody_has_leave_nothing_behind(centre: ConsoleCentre, stranger: Browser) -> None:
    _status(stranger, "somebody's secret, typed into the wrong field")
    with reading(centre.engine) as connection:
        assert "secret" not in str(connection.execute(select(secret_try)).all())
    centre.shift += timedelta(minutes=31)
    _status(stranger, "nobody")
    with reading(centre.engine) as connection:
        assert len(connection.execute(select(secret_try)).all()) == 1


def test_nobody_shuts_a_medic_out_of_her_own_desk(zoya: Browser, stranger: Browser) -> None:
    zoya.post("/logout", {}, page="/queue")
    assert [_status(stranger) for _ in range(6)] == [401] * 5 + [429]
    # Who does not know more than the password stays outside; who has logged in here before gets in, as often as she likes.
    assert _status(stranger, typed=PASSWORD) == 429
    for _ in range(2):
        assert _status(zoya, typed=PASSWORD) == 303
        assert _status(stranger, typed=PASSWORD) == 429


def test_a_known_browser_has_five_tries_of_its_own(centre: ConsoleCentre, zoya: Browser, stranger: Browser) -> None:
    zoya.post("/logout", {}, page="/queue")
    assert [_status(zoya) for _ in range(5)] == [401] * 5
    assert _status(zoya, typed=PASSWORD) == 429
    assert _status(stranger, typed=PASSWORD) == 303
    centre.shift = timedelta(minutes=16)
    assert _status(zoya, typed=PASSWORD) == 303


def test_a_browser_is_known_for_the_account_alone_that_logged_in_on_it(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    assert [_status(zoya, "foma") for _ in range(5)] == [401] * 5
    foma.http.cookies.delete("dopusk_device")
    assert _status(foma, "foma", PASSWORD) == 429
    forged = zoya.http.cookies["dopusk_device"][:-2] + "xx"
    with contextlib.closing(Browser(str(zoya.http.base_url))) as thief:
        thief.http.cookies.set("dopusk_device", forged)
        assert _status(thief, "foma", PASSWORD) == 429
        assert _status(thief, "zoya", PASSWORD) == 303


def test_a_desk_knows_a_whole_shift(centre: ConsoleCentre, browser: Browser) -> None:
    names = [f"medic{number}" for number in range(MOST + 1)]
    for name in names:
        centre.add_account(name, Role.SERVICE)
        assert _status(browser, name, PASSWORD) == 303
    assert len(browser.http.cookies["dopusk_device"]) < 3000


def test_the_administrator_opens_a_known_browser_again(centre: ConsoleCentre, zoya: Browser, browser: Browser) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    assert [_status(zoya) for _ in range(6)] == [401] * 5 + [429]
    assert "закрыта на время" in browser.get("/accounts").text
    path = f"/accounts/{_account(centre).account_id}"
    assert browser.post(path, {"action": "unlock"}, page="/accounts").status_code == 303
    assert "закрыта на время" not in browser.get("/accounts").text
    assert _status(zoya, typed=PASSWORD) == 303


def test_the_second_factor_opens_a_door_that_others_have_closed(centre: ConsoleCentre, stranger: Browser) -> None:
    codes = _with_factor(centre)
    assert [_status(stranger) for _ in range(6)] == [401] * 5 + [429]
    code = codes.at(centre.now())
    assert _status(stranger, typed="wrong", code=code) == 429
    assert _status(stranger, typed=PASSWORD) == 429
    assert _status(stranger, typed=PASSWORD, code=_other(code)) == 429
    assert _status(stranger, typed=PASSWORD, code=code) == 303


def test_a_closed_door_gives_no_endless_tries_of_the_code(centre: ConsoleCentre, stranger: Browser) -> None:
    codes = _with_factor(centre)
    assert [_status(stranger) for _ in range(6)] == [401] * 5 + [429]
    for _ in range(5):
        assert _status(stranger, typed=PASSWORD, code=_other(codes.at(centre.now()))) == 429
    assert _status(stranger, typed=PASSWORD, code=codes.at(centre.now())) == 429
    with reading(centre.engine) as connection:
        locked = connection.execute(select(audit).where(audit.c.action == "account.locked")).all()
    assert len(locked) == 2


def test_wrong_passwords_of_others_cost_no_tries_of_the_code(centre: ConsoleCentre, stranger: Browser) -> None:
    codes = _with_factor(centre)
    for _ in range(12):
        _status(stranger, typed="wrong", code="123456")
    assert _status(stranger, typed=PASSWORD, code=codes.at(centre.now())) == 303


@pytest.mark.parametrize(
    "shape",
    [
        "{0} {1}",
        "{0}\u00a0{1}",
        "{0}\u202f{1}",
        "\u200b{0}{1}\u200b",
        "\u200e{0}{1}",
        "{0}-{1}",
        "{0}{1}\r\n",
        "{0}·{1}",
    ],
)
def test_codes_as_pages_and_applications_copy_them(centre: ConsoleCentre, stranger: Browser, shape: str) -> None:
    code = _with_factor(centre).at(centre.now())
    assert _status(stranger, typed=PASSWORD, code=shape.format(code[:3], code[3:])) == 303


@pytest.mark.parametrize("script", ["٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"])
def test_digits_of_other_scripts_are_digits(centre: ConsoleCentre, stranger: Browser, script: str) -> None:
    code = _with_factor(centre).at(centre.now())
    assert _status(stranger, typed=PASSWORD, code=code.translate(str.maketrans("0123456789", script))) == 303


PHRASE = "Чайник йогурт ёжик 7\u00a0раз"
FORMS = {
    "composed": unicodedata.normalize("NFC", PHRASE),
    "decomposed": unicodedata.normalize("NFD", PHRASE),
    "plain blanks": unicodedata.normalize("NFC", PHRASE.replace("\u00a0", " ")),
}


@pytest.mark.parametrize("kept", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("typed", FORMS.values(), ids=FORMS)
def test_the_same_password_from_any_keyboard(centre: ConsoleCentre, stranger: Browser, kept: str, typed: str) -> None:
    with writing(centre.engine) as connection:
        changes = {"password_hash": rules.hash_password(kept)}
        accounts.change_account(connection, _account(centre).account_id, changes)
    assert _status(stranger, typed=typed) == 303


@pytest.mark.parametrize("form", ["composed", "decomposed"])
@pytest.mark.parametrize("typed", ["composed", "decomposed"])
def test_a_hash_of_an_earlier_version_still_opens(
    centre: ConsoleCentre, stranger: Browser, form: str, typed: str
) -> None:
    with writing(centre.engine) as connection:
        changes = {"password_hash": rules._hasher.hash(FORMS[form])}
        accounts.change_account(connection, _account(centre).account_id, changes)
    assert _status(stranger, typed=FORMS[typed]) == 303


def test_nothing_is_cut_off_a_password(centre: ConsoleCentre, stranger: Browser) -> None:
    long = "длинная фраза о погоде " * 11
    with writing(centre.engine) as connection:
        changes = {"password_hash": rules.hash_password(long[:256])}
        accounts.change_account(connection, _account(centre).account_id, changes)
    assert _status(stranger, typed=long[:256] + "x") == 401
    assert _status(stranger, typed=long[:256]) == 303


def _passphrase(browser: Browser, typed: str = "wrong one", *, password: str = "") -> httpx.Response:
    return browser.post("/signature", {"passphrase": typed, "password": password})


def test_an_open_session_is_not_enough_to_guess_the_key(centre: ConsoleCentre, zoya: Browser) -> None:
    zoya.post("/signature/close", {}, page="/signature")
    assert [_passphrase(zoya).status_code for _ in range(2)] == [403, 403]
    assert 'name="password"' in zoya.get("/signature").text
    # The right one is not even tried without the password.
    refused = _passphrase(zoya, PASSPHRASE)
    assert refused.status_code == 403
    assert "пароль, с которым вы входите" in refused.text
    assert _passphrase(zoya, PASSPHRASE, password="not hers").status_code == 403
    assert _passphrase(zoya, PASSPHRASE, password=PASSWORD).status_code == 303
    # A right one begins the count anew.
    zoya.post("/signature/close", {}, page="/signature")
    assert _passphrase(zoya, PASSPHRASE).status_code == 303


def test_five_wrong_passphrases_close_the_key_and_reach_the_administrator(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    zoya.post("/signature/close", {}, page="/signature")
    statuses = [_passphrase(zoya, password=PASSWORD).status_code for _ in range(25)]
    assert statuses == [403] * 5 + [429] * 20
    assert _passphrase(zoya, PASSPHRASE, password=PASSWORD).status_code == 429
    with reading(centre.engine) as connection:
        locked = connection.execute(select(audit).where(audit.c.action == "account.locked")).all()
    assert [row.detail for row in locked] == [{"by": "passphrase"}]
    foma.post("/signature/close", {}, page="/signature")
    assert _passphrase(foma, PASSPHRASE).status_code == 303
    centre.shift = timedelta(minutes=16)
    assert _passphrase(zoya, PASSPHRASE).status_code == 403
    assert _passphrase(zoya, PASSPHRASE, password=PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("path", "field"),
    [("/account/password", "password"), ("/account/recovery", "password"), ("/account/totp/remove", "password")],
)
def test_an_open_session_is_not_enough_to_guess_the_password(
    centre: ConsoleCentre, zoya: Browser, path: str, field: str
) -> None:
    _with_factor(centre)
    fields = {"new_password": "шесть медленных верблюдов"}
    wrong = [zoya.post(path, fields | {field: "wrong"}, page="/account") for _ in range(7)]
    assert {answer.status_code for answer in wrong} == {422}
    assert "не подходит" in wrong[4].text
    assert "слишком много неверных попыток" in wrong[5].text
    assert "слишком много неверных попыток" in zoya.post(path, fields | {field: PASSWORD}, page="/account").text


def test_an_open_session_does_not_replace_the_second_factor(centre: ConsoleCentre, zoya: Browser) -> None:
    page = zoya.get("/account").text
    sealed, secret = (
        page.split('name="secret" value="')[1].split('"')[0],
        page.split('<p class="code">')[1].split("<")[0],
    )
    codes = _with_factor(centre)
    answer = zoya.post(
        "/account/totp", {"secret": sealed, "code": pyotp.TOTP(secret).at(centre.now())}, page="/account"
    )
    assert answer.status_code == 409
    assert "уже подключён" in answer.text
    zoya.post("/logout", {}, page="/queue")
    assert _status(zoya, typed=PASSWORD, code=codes.at(centre.now())) == 303


def test_a_secret_belongs_to_the_session_that_was_shown_it(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    page = foma.get("/account").text
    sealed, secret = (
        page.split('name="secret" value="')[1].split('"')[0],
        page.split('<p class="code">')[1].split("<")[0],
    )
    login = zoya.http.post("/queue", data={"comment": "x"})
    assert login.status_code == 405
    with contextlib.closing(Browser(str(zoya.http.base_url))) as nobody:
        draft = nobody.http.post("/exams/x/decision", data={"comment": "x"}).text.split('name="draft" value="')[1]
    for given in (sealed, draft.split('"')[0], "", "x.y.z"):
        fields = {"secret": given, "code": pyotp.TOTP(secret).at(centre.now())}
        answer = zoya.post("/account/totp", fields, page="/account")
        assert answer.status_code == 422
        assert "страница устарела" in answer.text
    assert not _account(centre).has_totp


def test_the_first_factor_needs_the_password_when_the_login_is_long_ago(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.shift = timedelta(minutes=16)
    page = zoya.get("/account").text
    sealed, secret = (
        page.split('name="secret" value="')[1].split('"')[0],
        page.split('<p class="code">')[1].split("<")[0],
    )
    fields = {"secret": sealed, "code": pyotp.TOTP(secret).at(centre.now())}
    assert zoya.post("/account/totp", fields, page="/account").status_code == 422
    assert not _account(centre).has_totp
    assert zoya.post("/account/totp", fields | {"password": PASSWORD}, page="/account").status_code == 200
    assert _account(centre).has_totp


def test_cookies_of_the_door_are_bound_to_the_host_under_tls(centre: ConsoleCentre, app: FastAPI) -> None:
    secure = centre.config.http.model_copy(update={"public_url": "https://centre.example"})
    centre.config = centre.config.model_copy(update={"http": secure})
    console = centre.app().state.console
    assert {console.session_cookie, console.form_cookie, console.device_cookie} == {
        "__Host-dopusk",
        "__Host-dopusk_form",
        "__Host-dopusk_device",
    }
