"""The door of the console: credentials, lock-out, second factor, sessions, forged forms."""

import re
from datetime import timedelta

import pyotp
from sqlalchemy import select, update

from central.access.second_factor import TotpSeal
from central.console.context import static_folder
from central.console.guard import SECRET_FIELDS
from central.core.rights import Role
from central.store import accounts
from central.store.audit import audit
from central.store.engine import reading, writing
from tests.console_centre import PASSWORD, Browser, ConsoleCentre

TEMPLATES = static_folder().parent / "templates"


def _refused(browser: Browser, **fields: str) -> str:
    answer = browser.post("/login", {"username": "zoya", "password": PASSWORD} | fields)
    assert answer.status_code in (401, 429)
    return answer.text


def test_pages_lead_to_the_login_and_back(centre: ConsoleCentre, browser: Browser) -> None:
    exam_id = centre.exam()
    sent = browser.get(f"/exams/{exam_id}")
    assert sent.headers["location"] == f"/login?next=/exams/{exam_id}"
    answer = browser.post(
        "/login", {"username": "zoya", "password": PASSWORD, "next": f"/exams/{exam_id}"}, page="/login"
    )
    assert answer.headers["location"] == f"/exams/{exam_id}"


def test_login_never_leads_to_another_site(browser: Browser) -> None:
    for foreign in ("//evil.example", "https://evil.example", "/\\evil.example"):
        answer = browser.post("/login", {"username": "zoya", "password": PASSWORD, "next": foreign})
        assert answer.headers["location"] == "/"


def test_wrong_name_and_wrong_password_read_the_same(browser: Browser) -> None:
    wrong_password = _refused(browser, password="nothing like it")
    wrong_name = _refused(browser, username="nobody")
    assert "не подходят" in wrong_password
    assert "не подходят" in wrong_name


def test_five_wrong_passwords_lock_the_account_for_a_while(centre: ConsoleCentre, browser: Browser) -> None:
    for _ in range(5):
        _refused(browser, password="wrong")
    assert "Вход закрыт" in _refused(browser)
    centre.shift = timedelta(minutes=16)
    assert browser.post("/login", {"username": "zoya", "password": PASSWORD}).status_code == 303
    with reading(centre.engine) as connection:
        codes = [
            row.detail["code"] for row in connection.execute(select(audit).where(audit.c.action == "login.refused"))
        ]
    assert codes == ["wrong"] * 5 + ["locked"]


def test_disabled_account_is_out_at_once(centre: ConsoleCentre, zoya: Browser) -> None:
    with writing(centre.engine) as connection:
        connection.execute(update(accounts.account).values(disabled=True))
    assert zoya.get("/queue").status_code == 303
    assert "отключена" in _refused(zoya)


def test_second_factor_is_asked_for_and_each_code_works_once(centre: ConsoleCentre, browser: Browser) -> None:
    secret = pyotp.random_base32()
    seal = TotpSeal(centre.config.keys.session_secret_file.read_bytes())
    with writing(centre.engine) as connection:
        account = accounts.by_username(connection, "zoya")
        assert account is not None
        accounts.change_account(connection, account.account_id, {"totp_sealed": seal.seal(secret, account.account_id)})
    assert "код из приложения" in _refused(browser)
    _refused(browser, code="000000" if pyotp.TOTP(secret).now() != "000000" else "111111")
    code = pyotp.TOTP(secret).at(centre.now())
    assert browser.post("/login", {"username": "zoya", "password": PASSWORD, "code": code}).status_code == 303
    _refused(browser, code=code)


def test_an_open_exam_keeps_no_session_alive(centre: ConsoleCentre, zoya: Browser) -> None:
    """Its page holds the exam for the medic by itself, whether anybody is at the desk or not."""
    exam_id = centre.exam()
    (token, *_) = re.findall(r'name="csrf" value="([^"]+)"', zoya.get(f"/exams/{exam_id}").text)
    headers = {"accept": "application/json"}
    answers = []
    for _ in range(4):
        answers.append(zoya.http.post(f"/exams/{exam_id}/claim", data={"csrf": token}, headers=headers).status_code)
        centre.shift += timedelta(minutes=11)
    assert answers == [200, 200, 200, 401]
    assert zoya.get("/queue.json").status_code == 401


def test_idle_session_ends(centre: ConsoleCentre, zoya: Browser) -> None:
    assert zoya.get("/queue").status_code == 200
    centre.shift = timedelta(minutes=31)
    assert zoya.get("/queue").headers["location"].startswith("/login")
    assert zoya.get("/queue.json").status_code == 401


def test_somebody_at_the_desk_keeps_the_session(centre: ConsoleCentre, zoya: Browser) -> None:
    [token] = re.findall(r'data-idle-s="1800" data-warn-s="300" data-csrf="([^"]+)"', zoya.get("/queue").text)
    for _ in range(3):
        centre.shift += timedelta(minutes=29)
        assert zoya.http.post("/session/alive", data={"csrf": token}).status_code == 204
    centre.shift += timedelta(minutes=31)
    assert zoya.get("/queue.json").status_code == 401


def test_logout_ends_the_session_and_closes_the_key(centre: ConsoleCentre, zoya: Browser) -> None:
    cookie = zoya.http.cookies["dopusk_session"]
    assert zoya.post("/logout", {}, page="/queue").status_code == 303
    zoya.http.cookies.set("dopusk_session", cookie, domain="127.0.0.1", path="/")
    assert zoya.get("/queue").status_code == 303


def test_wrong_passphrase_opens_nothing(zoya: Browser) -> None:
    zoya.post("/signature/close", {}, page="/signature")
    answer = zoya.post("/signature", {"passphrase": "something else"})
    assert answer.status_code == 403
    assert "не подходит" in answer.text


def test_forged_form_changes_nothing(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    for fields in ({}, {"csrf": "x" * 32}):
        answer = zoya.http.post("/logout", data=fields)
        assert answer.status_code == 403
    claimed = zoya.http.post(f"/exams/{exam_id}/claim", data={})
    assert claimed.status_code == 403
    assert zoya.get("/queue").status_code == 200


def test_decision_form_of_another_login_is_given_back_and_not_signed(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    answer = zoya.http.post(
        f"/exams/{exam_id}/decision", data={"csrf": "old", "outcome": "admitted", "comment": "из другой вкладки"}
    )
    assert answer.headers["location"] == f"/exams/{exam_id}"
    assert "из другой вкладки" in zoya.get(f"/exams/{exam_id}").text
    assert len(zoya.get("/queue.json").json()["waiting"]) == 1


def test_role_without_the_right_is_told_so(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("boss", Role.EMPLOYER)
    browser.log_in("boss", unlock=False)
    answer = browser.get(f"/exams/{centre.exam()}")
    assert answer.status_code == 403
    assert "работодатель" in answer.text
    assert browser.get("/queue.json").status_code == 403


def test_every_answer_carries_the_security_headers(zoya: Browser) -> None:
    headers = zoya.get("/queue").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_language_and_look_are_kept_in_the_browser(zoya: Browser) -> None:
    zoya.post("/preferences", {"language": "en", "theme": "dark", "back": "/queue"}, page="/queue")
    shown = zoya.get("/queue").text
    assert 'lang="en" data-theme="dark"' in shown
    assert "No examination is waiting" in shown


def test_no_field_of_a_password_is_kept_for_a_form_to_be_shown_again() -> None:
    fields = [field for page in TEMPLATES.glob("*.html") for field in re.findall(r"<input[^>]*>", page.read_text())]
    names = {
        found[1]
        for field in fields
        if 'type="password"' in field and (found := re.search(r'name="([a-z_]+)"', field)) is not None
    }
    assert {"password", "new_password", "passphrase"} <= names
    assert names <= SECRET_FIELDS
