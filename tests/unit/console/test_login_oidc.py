"""Login through a provider of OpenID Connect, with a real one on the loopback: what is let in, and all that is refused."""

import base64
import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pyotp
import pytest
from sqlalchemy import select

from central.access import oidc_provider, oidc_token
from central.access.oidc_token import Expected, TokenRefused, subject_in
from central.access.second_factor import TotpSeal
from central.core.account_config import AccountsConfig
from central.core.login_config import LoginConfig, OidcConfig
from central.core.rights import Role
from central.store import accounts
from central.store.audit import audit
from central.store.engine import reading, writing
from tests.console_centre import CSRF, PASSPHRASE, PASSWORD, Browser, ConsoleCentre, serving
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Key, Provider, b64, running_provider

SUBJECT = "person-17"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as made:
        yield made


@pytest.fixture
def centre(centre: ConsoleCentre, provider: Provider) -> ConsoleCentre:
    secret = centre.folder / "oidc-secret"
    secret.write_text(f"{CLIENT_SECRET}\n")
    oidc = OidcConfig(name="Вход ЦРБ", issuer=provider.issuer, client_id=CLIENT_ID, client_secret_file=secret)
    centre.config = centre.config.model_copy(update={"login": LoginConfig(oidc=oidc)})
    centre.add_account("admin", Role.ADMINISTRATOR)
    return centre


@pytest.fixture
def admin(address: str) -> Iterator[Browser]:
    with contextlib.closing(Browser(address)) as made:
        yield made.log_in("admin", unlock=False)


@pytest.fixture
def linked(centre: ConsoleCentre, admin: Browser) -> str:
    """The account `zoya`, for which the provider vouches as SUBJECT."""
    return _link(centre, admin, "zoya", "oidc", SUBJECT)


def _link(centre: ConsoleCentre, admin: Browser, username: str, by: str, name: str, **fields: str) -> str:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, username)
    assert found is not None
    path = f"/accounts/{found.account_id}/vouching"
    answer = admin.post(path, {"vouched_by": by, "vouched_name": name} | fields, page="/accounts")
    assert answer.status_code == 303, answer.text
    return found.account_id


def _begin(browser: Browser, **fields: str) -> str:
    """Press the button; returns where the page leads."""
    answer = browser.post("/login/outside", fields, page="/login")
    assert answer.status_code == 200, answer.text
    found = re.search(r'content="0;url=([^"]+)"', answer.text)
    assert found is not None
    return found[1].replace("&amp;", "&")


def _at_provider(address: str, subject: str = SUBJECT) -> str:
    """Log in there; returns where the browser is sent back to."""
    answer = httpx.post(address, data={"subject": subject})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def _log_in(browser: Browser, subject: str = SUBJECT, **fields: str) -> httpx.Response:
    return browser.get(_at_provider(_begin(browser, **fields), subject))


def _entries(centre: ConsoleCentre) -> list[tuple[str, dict[str, Any]]]:
    with reading(centre.engine) as connection:
        query = (
            select(audit).where(audit.c.action.in_(("login", "login.refused"))).order_by(audit.c.at, audit.c.audit_id)
        )
        return [(row.action, row.detail) for row in connection.execute(query) if row.detail.get("by") == "oidc"]


def test_a_medic_comes_in_and_opens_the_key_by_its_own_secret(
    centre: ConsoleCentre, browser: Browser, linked: str, provider: Provider
) -> None:
    assert "Войти через Вход ЦРБ" in browser.get("/login").text
    exam_id = centre.exam()
    answer = _log_in(browser, next=f"/exams/{exam_id}")
    assert answer.status_code == 200
    assert f'content="0;url=/exams/{exam_id}"' in answer.text
    assert provider.queries[0]["prompt"] == "login"
    assert provider.queries[0]["scope"] == "openid"
    assert browser.get("/queue").status_code == 200
    # Who is logged in has not opened the key by that.
    refused = browser.decide(exam_id, outcome="admitted")
    assert refused.headers["location"] == "/signature"
    assert browser.post("/signature", {"passphrase": PASSPHRASE}).status_code == 303
    assert browser.decide(exam_id, outcome="admitted").status_code == 303
    assert _entries(centre) == [("login", {"by": "oidc"})]
    left = browser.post("/logout", {}, page="/account")
    shown = browser.get(left.headers["location"]).text
    assert f"{provider.issuer}/leave" in shown


def test_what_was_typed_comes_back_after_the_login(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    exam_id = centre.exam()
    lost = browser.http.post(f"/exams/{exam_id}/decision", data={"outcome": "refer", "comment": "к терапевту"})
    draft = re.findall(r'name="draft" value="([^"]+)"', lost.text)[0]
    token = CSRF.findall(lost.text)[-1]
    led = browser.http.post("/login/outside", data={"csrf": token, "draft": draft})
    address = re.findall(r'content="0;url=([^"]+)"', led.text)[0].replace("&amp;", "&")
    assert f"/exams/{exam_id}" in browser.get(_at_provider(address)).text
    assert "к терапевту" in browser.get(f"/exams/{exam_id}").text


def test_the_own_password_opens_nothing_any_more(browser: Browser, linked: str, centre: ConsoleCentre) -> None:
    assert browser.post("/login", {"username": "zoya", "password": PASSWORD}).status_code == 401
    assert _log_in(browser).status_code == 200
    page = browser.get("/account").text
    assert "new_password" not in page
    assert browser.post("/account/password", {"password": "x", "new_password": "y"}, page="/queue").status_code == 404


def _claims(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def mend(claims: dict[str, Any]) -> dict[str, Any]:
        changed = claims | changes
        return {name: value for name, value in changed.items() if value is not None}

    return mend


_SAYS_ELSE: list[tuple[dict[str, Any], str]] = [
    ({"iss": "http://127.0.0.1:1"}, "wrong_issuer"),
    ({"aud": "another"}, "wrong_audience"),
    ({"aud": [CLIENT_ID, "another"]}, "wrong_audience"),
    ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "wrong_audience"),
    ({"aud": None}, "wrong_audience"),
    ({"exp": 1_700_000_000}, "expired"),
    ({"iat": 1_700_000_000}, "expired"),
    ({"iat": 9_000_000_000, "exp": 9_900_000_000}, "expired"),
    ({"nbf": 9_000_000_000}, "expired"),
    ({"exp": None}, "wrong_token"),
    ({"exp": "soon"}, "wrong_token"),
    ({"nonce": "another"}, "wrong_nonce"),
    ({"nonce": None}, "wrong_nonce"),
    ({"at_hash": "another"}, "wrong_token"),
    ({"sub": None}, "wrong_token"),
    ({"sub": ""}, "wrong_token"),
    ({"sub": 17}, "wrong_token"),
    ({"sub": "somebody else"}, "no_account"),
    ({"sub": SUBJECT.upper()}, "no_account"),
    ({"auth_time": 1_700_000_000}, "stale_login"),
    ({"auth_time": None}, "wrong_token"),
]


def test_a_token_that_says_something_else_is_refused(
    centre: ConsoleCentre, browser: Browser, linked: str, provider: Provider
) -> None:
    for changes, code in _SAYS_ELSE:
        provider.mend = _claims(**changes)
        answer = _log_in(browser)
        assert answer.status_code == 401, changes
        assert 'role="alert"' in answer.text
        assert browser.get("/queue").status_code == 303
        assert _entries(centre)[-1] == ("login.refused", {"code": code, "by": "oidc"}), changes
    assert len(_entries(centre)) == len(_SAYS_ELSE)


def _unsigned(claims: dict[str, Any]) -> str:
    return f"{b64(json.dumps({'alg': 'none'}).encode())}.{b64(json.dumps(claims).encode())}."


def _by_shared_secret(provider: Provider) -> Callable[[dict[str, Any]], str]:
    """The public key taken for a shared secret, as libraries have done that believe the header."""

    def forge(claims: dict[str, Any]) -> str:
        head = b64(json.dumps({"alg": "HS256", "kid": provider.key.kid}).encode())
        text = f"{head}.{b64(json.dumps(claims).encode())}"
        secret = base64.urlsafe_b64decode(provider.key.jwk["n"] + "==")
        return f"{text}.{b64(hmac.digest(secret, text.encode(), 'sha256'))}"

    return forge


def test_tokens_that_no_key_of_the_provider_has_signed_are_refused(
    centre: ConsoleCentre, browser: Browser, linked: str, provider: Provider
) -> None:
    stranger = Key()
    stranger.kid = provider.key.kid
    forgers: list[tuple[Callable[[dict[str, Any]], str], str]] = [
        (_unsigned, "wrong_token"),
        (_by_shared_secret(provider), "wrong_token"),
        (stranger.signed, "wrong_token"),
        (lambda claims: provider.key.signed(claims)[:-8] + "AAAAAAAA", "wrong_token"),
        (lambda _: "no.token", "wrong_token"),
        (lambda _: "я.я.я", "wrong_token"),
        (lambda claims: provider.key.signed(claims, {"alg": "RS256", "kid": "nobody's"}), "unknown_key"),
        (
            lambda claims: provider.key.signed(
                claims, {"alg": "RS256", "kid": provider.key.kid, "crit": ["x"], "x": 1}
            ),
            "wrong_token",
        ),
    ]
    for forge, code in forgers:
        provider.forge = forge
        answer = _log_in(browser)
        assert answer.status_code == 401, code
        assert _entries(centre)[-1] == ("login.refused", {"code": code, "by": "oidc"})
    provider.published = [{"kty": "oct", "kid": provider.key.kid, "k": "c2VjcmV0"}]
    provider.forge = None
    assert _log_in(browser).status_code == 200, "the keys that are known go on being good"


def test_new_keys_of_the_provider_are_fetched_once(
    browser: Browser, linked: str, provider: Provider, centre: ConsoleCentre
) -> None:
    assert _log_in(browser).status_code == 200
    provider.rotate()
    assert _log_in(browser).status_code == 200
    asked = provider.asked.count("/keys")
    provider.forge = lambda claims: Key().signed(claims)
    for _ in range(3):
        assert _log_in(browser).status_code == 401
    assert provider.asked.count("/keys") == asked, "strangers' tokens do not make us ask at each try"


def test_an_answer_counts_once_and_in_its_own_browser(
    centre: ConsoleCentre, address: str, browser: Browser, linked: str
) -> None:
    back = _at_provider(_begin(browser))
    with contextlib.closing(Browser(address)) as thief:
        assert thief.get(back).status_code == 401
        thief.http.cookies.set("dopusk_outside", "made up")
        assert thief.get(back).status_code == 401
        assert thief.get("/queue").status_code == 303
    own = browser.http.cookies["dopusk_outside"]
    assert browser.get(back).status_code == 200
    browser.http.cookies.clear()
    browser.http.cookies.set("dopusk_outside", own)
    assert browser.get(back).status_code == 401
    assert _entries(centre)[-1][1]["code"] == "wrong_state", (
        "a used state is nobody's, whatever the provider says of the code"
    )
    browser.http.cookies.clear()
    fields = parse_qs(urlsplit(back).query)
    other = _at_provider(_begin(browser))
    state = parse_qs(urlsplit(other).query)["state"][0]
    # A used code under a fresh state.
    mixed = browser.get(f"/login/outside/answer?{urlencode({'state': state, 'code': fields['code'][0]})}")
    assert mixed.status_code == 401
    assert [code for _, code in _entries(centre)][-1] == {"code": "wrong_token", "by": "oidc"}


def test_an_answer_that_comes_too_late_is_nobodys(
    centre: ConsoleCentre, browser: Browser, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.console.routes.login_outside.ANSWER_S", -1.0)
    assert _log_in(browser).status_code == 401
    assert _entries(centre) == [("login.refused", {"code": "wrong_state", "by": "oidc"})]


def test_an_answer_of_another_issuer_or_a_refusal_is_said(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    for changes, code in (
        ({"iss": "https://other.example"}, "wrong_issuer"),
        ({"error": "access_denied"}, "provider_refused"),
    ):
        back = _at_provider(_begin(browser))
        answer = browser.get(f"{back.partition('&iss=')[0]}&{urlencode(changes)}")
        assert answer.status_code == 401
        assert _entries(centre)[-1][1]["code"] == code
    assert _entries(centre)[-1][1]["said"] == "access_denied"


def test_an_outage_is_said_and_own_accounts_go_on(
    centre: ConsoleCentre, browser: Browser, linked: str, provider: Provider
) -> None:
    provider.is_out = True
    answer = browser.post("/login/outside", {}, page="/login")
    assert answer.status_code == 503
    assert "сейчас не отвечает" in answer.text
    assert browser.post("/login", {"username": "admin", "password": PASSWORD}).status_code == 303
    provider.is_out = False
    back = _at_provider(_begin(browser))
    provider.is_out = True
    assert browser.get(back).status_code == 503
    assert _entries(centre)[-1][1]["code"] == "provider_outage"


def test_a_document_that_names_another_issuer_or_plain_addresses_is_an_outage(
    browser: Browser, linked: str, provider: Provider
) -> None:
    for about in (
        {"issuer": "http://127.0.0.1:9"},
        {"token_endpoint": "http://10.0.0.1/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ):
        provider.about = about
        assert browser.post("/login/outside", {}, page="/login").status_code == 503


def test_the_second_factor_is_ours(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    seal = TotpSeal(centre.config.keys.session_secret_file.read_bytes())
    secret = pyotp.random_base32()
    with writing(centre.engine) as connection:
        accounts.change_account(connection, linked, {"totp_sealed": seal.seal(secret, linked)})
    shown = _log_in(browser, next="/journal")
    assert "Остался код второго фактора" in shown.text
    assert browser.get("/queue").status_code == 303, "nothing opens before the code"
    assert _entries(centre) == []
    code = pyotp.TOTP(secret).at(centre.now())
    wrong = _give(browser, shown, "000000" if code != "000000" else "111111")
    assert wrong.status_code == 401
    assert "Код не подходит" in wrong.text
    entered = _give(browser, wrong, code)
    assert entered.status_code == 200
    assert 'content="0;url=/journal"' in entered.text
    assert browser.get("/queue").status_code == 200
    assert _give(browser, wrong, code).status_code in (401, 403), "a ticket is good once"
    # The passphrase after wrong ones asks for a proof of who sits there: here the code, there is no password.
    for _ in range(2):
        browser.post("/signature", {"passphrase": "wrong"})
    assert "Код из приложения" in browser.get("/signature").text
    centre.shift = timedelta(seconds=60)
    again = pyotp.TOTP(secret).at(centre.now())
    assert browser.post("/signature", {"passphrase": PASSPHRASE, "password": PASSWORD}).status_code == 403
    assert browser.post("/signature", {"passphrase": PASSPHRASE, "password": again}).status_code == 303


def _give(browser: Browser, shown: httpx.Response, code: str) -> httpx.Response:
    ticket = re.findall(r'name="ticket" value="([^"]+)"', shown.text)[0]
    token = CSRF.findall(shown.text)[-1]
    return browser.http.post("/login/outside/code", data={"csrf": token, "ticket": ticket, "code": code})


def test_wrong_codes_close_the_door(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    seal = TotpSeal(centre.config.keys.session_secret_file.read_bytes())
    with writing(centre.engine) as connection:
        accounts.change_account(connection, linked, {"totp_sealed": seal.seal(pyotp.random_base32(), linked)})
    shown = _log_in(browser)
    for _ in range(5):
        shown = _give(browser, shown, "12")
    assert _give(browser, shown, "12").status_code == 429


def test_who_must_have_a_factor_sets_it_up_first(centre: ConsoleCentre, provider: Provider) -> None:
    centre.config = centre.config.model_copy(update={"accounts": AccountsConfig()})
    with writing(centre.engine) as connection:
        zoya = accounts.by_username(connection, "zoya")
        assert zoya is not None
        changes = {"vouched_by": "oidc", "vouched_issuer": provider.issuer, "vouched_name": SUBJECT}
        accounts.change_account(connection, zoya.account_id, changes)
    with serving(centre.app(), centre.config.http.port) as address, contextlib.closing(Browser(address)) as browser:
        assert _log_in(browser).status_code == 200
        assert browser.get("/queue").headers["location"] == "/account"
        centre.shift = timedelta(hours=73)
        assert _log_in(browser).status_code == 401
        assert _entries(centre)[-1][1]["code"] in {"factor_overdue", "stale_login", "expired"}


def test_who_is_switched_off_meanwhile_stays_out(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    back = _at_provider(_begin(browser))
    with writing(centre.engine) as connection:
        accounts.change_account(connection, linked, {"disabled": True})
    answer = browser.get(back)
    assert answer.status_code == 401
    assert "отключена" in answer.text
    assert _entries(centre) == [("login.refused", {"code": "disabled", "by": "oidc"})]


def test_whose_account_has_ended_stays_out(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    with writing(centre.engine) as connection:
        accounts.change_account(connection, linked, {"ends_on": (centre.now() - timedelta(days=2)).date()})
    assert _log_in(browser).status_code == 401
    assert _entries(centre) == [("login.refused", {"code": "disabled", "by": "oidc"})]


def test_another_role_meanwhile_is_the_one_that_counts(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    back = _at_provider(_begin(browser))
    with writing(centre.engine) as connection:
        accounts.change_account(connection, linked, {"role": str(Role.SERVICE)})
    assert browser.get(back).status_code == 200
    assert browser.get("/queue").status_code == 403


def test_an_account_that_is_no_longer_vouched_for_stays_out(
    centre: ConsoleCentre, browser: Browser, admin: Browser, linked: str
) -> None:
    assert _log_in(browser).status_code == 200
    back = _at_provider(_begin(browser))
    _link(centre, admin, "zoya", "", "", password="временно сойдёт и такой")
    assert browser.get("/queue").status_code == 303, "its sessions have ended"
    assert browser.get(back).status_code == 401
    fields = {"username": "zoya", "password": "временно сойдёт и такой"}
    assert browser.post("/login", fields).status_code == 303
    assert browser.get("/queue").headers["location"] == "/account", "the password is temporary"


def test_two_accounts_have_no_subject_in_common(centre: ConsoleCentre, admin: Browser, linked: str) -> None:
    centre.add_account("dispatcher", Role.SERVICE)
    with reading(centre.engine) as connection:
        other = accounts.by_username(connection, "dispatcher")
    assert other is not None
    path = f"/accounts/{other.account_id}/vouching"
    for name in (SUBJECT, " ", "x" * 256):
        answer = admin.post(path, {"vouched_by": "oidc", "vouched_name": name}, page="/accounts")
        assert answer.status_code == 422, name
    assert admin.post(path, {"vouched_by": "ldap", "vouched_name": "x"}, page="/accounts").status_code == 404
    assert admin.post(path, {"vouched_by": "", "password": "short"}, page="/accounts").status_code == 422
    with reading(centre.engine) as connection:
        known = accounts.by_vouched(connection, "oidc", centre.config.login.oidc.issuer, SUBJECT)  # type: ignore[union-attr]
    assert known is not None
    assert known.account_id == linked


def test_a_centre_without_a_provider_has_no_such_door(tmp_path: Any, centre: ConsoleCentre) -> None:
    centre.config = centre.config.model_copy(update={"login": LoginConfig()})
    with serving(centre.app(), centre.config.http.port) as address, contextlib.closing(Browser(address)) as browser:
        assert "outside" not in browser.get("/login").text
        assert browser.post("/login/outside", {}, page="/login").status_code == 404
        assert browser.get("/login/outside/answer?state=1&code=1").status_code == 404


def test_an_elliptic_key_signs_as_well_and_the_clock_may_differ_a_little() -> None:
    from joserfc import jwt
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256", {"kid": "1"})
    now_s = 1_800_000_000
    now = datetime.fromtimestamp(now_s, UTC)
    claims = {
        "iss": "i",
        "aud": "c",
        "sub": "s",
        "nonce": "n",
        "iat": now_s + 50,
        "exp": now_s - 50,
        "auth_time": now_s,
    }
    access = "token"
    claims["at_hash"] = b64(hashlib.sha256(access.encode()).digest()[:16])
    token = jwt.encode({"alg": "ES256", "kid": "1"}, claims, key)
    expected = Expected("i", "c", "n", "sub", 60, None)
    assert subject_in(token, access, [key.as_dict(private=False)], expected, now) == "s"
    strict = Expected("i", "c", "n", "sub", 10, None)
    with pytest.raises(TokenRefused, match="time"):
        subject_in(token, access, [key.as_dict(private=False)], strict, now)
    assert oidc_token.OLDEST_S > oidc_provider.TERM_S
