"""The employer's page and the notices that reach an employer elsewhere."""

import contextlib
import email
import email.policy
import hmac
import json
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update

from central.console.context import static_folder
from central.core.config import NoticesConfig
from central.core.rights import Role
from central.deciding.admissions import admissions
from central.notifying.notice_channels import ChannelSecrets, add_channel
from central.notifying.notice_sending import SIGNATURE_HEADER
from central.notifying.notices import Notifier
from central.store import alerts, decisions
from central.store.engine import reading, writing
from central.store.notices import notice
from central.store.registry import worker
from dopusk.lab.demo.sample_people import sample_snils
from tests.console_centre import Browser, ConsoleCentre, shows

SECRET = "a secret of the webhook"


@pytest.fixture
def dispatcher(centre: ConsoleCentre, browser: Browser) -> Browser:
    centre.add_account("dispatcher", Role.EMPLOYER, employer_id=centre.people.employers[0])
    return browser.log_in("dispatcher", unlock=False)


def test_employer_sees_states_and_no_medical_value(centre: ConsoleCentre, zoya: Browser, dispatcher: Browser) -> None:
    admitted, refused = centre.exam("1001", systolic_mmhg=127), centre.exam("1002", systolic_mmhg=171)
    centre.exam("1004")
    zoya.decide(admitted, outcome="admitted")
    zoya.decide(refused, outcome="not_admitted", reasons="pressure_high", comment="гипертония")

    shown = dispatcher.get("/").headers["location"]
    assert shown == "/admissions"
    page = dispatcher.get(shown).text.split("<main")[1]
    for state in ("Допущен", "Не допущен", "Ждёт решения"):
        assert state in page
    for secret in ("гипертония", "давление", admitted):
        assert secret not in page
    assert not shows(page, "127")
    assert not shows(page, "171")
    assert not re.search(r"(?<![\w:-])36,\d", page), "no temperature"
    assert "Заречная" in dispatcher.get("/admissions?state=not_admitted").text
    assert "Ветров" not in dispatcher.get("/admissions?state=not_admitted").text


def test_who_cannot_pass_at_a_terminal_is_shown_with_what_to_do(
    centre: ConsoleCentre, zoya: Browser, dispatcher: Browser
) -> None:
    """Nobody vanishes, nobody is waited for who can never come, and a suspension outweighs an admission."""
    zoya.decide(centre.exam("1001", systolic_mmhg=127), outcome="admitted")
    zoya.decide(centre.exam("1002", systolic_mmhg=127), outcome="admitted")
    changes = {"1001": {"status": "suspended"}, "1002": {"remote_allowed": False}, "1004": {"remote_allowed": False}}
    with writing(centre.engine) as connection:
        for number, values in changes.items():
            connection.execute(update(worker).where(worker.c.personnel_number == number).values(**values))

    rows = {row.split("</td>")[0]: row for row in dispatcher.get("/admissions").text.split("<tr><td>")[1:]}
    assert "Отстранён" in rows["1001"]
    assert "К работе не допускать" in rows["1001"]
    assert "Допущен" in rows["1002"], "what a medic has decided holds"
    assert "Только очно" in rows["1004"]
    assert "отправьте к медработнику" in rows["1004"]
    for state, number in (("suspended", "1001"), ("in_person", "1004")):
        page = dispatcher.get(f"/admissions?state={state}").text
        assert f"<tr><td>{number}</td>" in page
    with reading(centre.engine) as connection:
        states = {
            item.personnel_number: item for item in admissions(connection, centre.people.employers[0], centre.now())
        }
    assert (states["1001"].state, states["1001"].valid_until) == ("suspended", None)
    assert (states["1002"].state, states["1004"].state) == ("admitted", "in_person")


def test_admission_ends(centre: ConsoleCentre, zoya: Browser, dispatcher: Browser) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="admitted")
    assert "Ветров" in dispatcher.get("/admissions?state=admitted").text
    centre.shift = timedelta(hours=13)
    dispatcher.log_in("dispatcher", unlock=False)
    assert "Ветров" in dispatcher.get("/admissions?state=expired").text
    assert "Ветров" not in dispatcher.get("/admissions?state=admitted").text


def test_exam_after_work_admits_nobody(centre: ConsoleCentre, zoya: Browser, dispatcher: Browser) -> None:
    before = centre.exam("1001")
    zoya.decide(before, outcome="admitted")
    assert "Ветров" in dispatcher.get("/admissions?state=admitted").text
    later = centre.now() + timedelta(minutes=1)
    after, signs = (centre.exam(number, exam_type="post_shift", started_at=later) for number in ("1001", "1002"))
    assert "Признаков не выявлено" in zoya.get(f"/exams/{after}").text
    zoya.decide(after, outcome="admitted")
    zoya.decide(signs, outcome="not_admitted", reasons="pressure_high")
    assert "Ветров" not in dispatcher.get("/admissions?state=admitted").text
    assert "Ветров" in dispatcher.get("/admissions?state=not_examined").text
    assert "Заречная" in dispatcher.get("/admissions?state=not_admitted").text
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, before)[-1].valid_until is not None
        assert decisions.of_exam(connection, after)[-1].valid_until is None
    journal = zoya.get("/journal").text
    assert "Признаков не выявлено" in journal
    assert "Выявлены признаки" in journal


def test_alert_stands_on_the_page_until_it_is_acknowledged(
    centre: ConsoleCentre, zoya: Browser, dispatcher: Browser
) -> None:
    zoya.decide(centre.exam("1004"), outcome="not_admitted", reasons="alcohol_breath")
    page = dispatcher.get("/admissions").text
    assert 'role="alert"' in page
    action = page.split('action="/admissions/alerts/')[1].split('"')[0]
    assert dispatcher.post(f"/admissions/alerts/{action}", {}, page="/admissions").status_code == 303
    assert 'role="alert"' not in dispatcher.get("/admissions").text


def _in_force(centre: ConsoleCentre, exam_id: str) -> str:
    with reading(centre.engine) as connection:
        return decisions.of_exam(connection, exam_id)[-1].decision_id


def test_correction_takes_an_alert_back(centre: ConsoleCentre, zoya: Browser, dispatcher: Browser) -> None:
    channel_secrets = ChannelSecrets(b"s" * 32)
    employer = centre.people.employers[0]
    with writing(centre.engine) as connection:
        add_channel(connection, employer, "email", "dispatcher@example.test", "", channel_secrets)
    exam_id = centre.exam("1004")
    zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath")
    notifier = Notifier(centre.engine, NoticesConfig(), channel_secrets, centre.now)
    assert notifier.step() == 0, "there is no mail server: it waits"
    assert "Не допущен, признаки опьянения:" in dispatcher.get("/admissions").text

    corrected = {"corrects": _in_force(centre, exam_id), "comment": "Проба прибора с ошибкой, повторная проба 0,000"}
    assert zoya.decide(exam_id, outcome="admitted", **corrected).status_code == 303

    page = dispatcher.get("/admissions").text
    assert "Не допущен, признаки опьянения:" not in page
    assert "Решение исправлено, признаков опьянения нет:" in page
    assert notifier.step() == 0
    with reading(centre.engine) as connection:
        sent = {row.body["kind"]: row.state for row in connection.execute(select(notice))}
    assert sent == {"intoxication": "failed", "taken_back": "queued"}


def test_correction_that_says_the_same_makes_no_second_alert(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1004")
    zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath")
    again = {"corrects": _in_force(centre, exam_id), "comment": "добавлены признаки"}
    zoya.decide(exam_id, outcome="not_admitted", reasons="intoxication_signs", **again)
    with reading(centre.engine) as connection:
        assert [item.kind for item in alerts.of_employers(connection, centre.people.employers[:1])] == ["intoxication"]


def test_employer_is_told_of_who_is_sent_on_for_intoxication(centre: ConsoleCentre, zoya: Browser) -> None:
    zoya.decide(centre.exam("1004"), outcome="refer", reasons="intoxication_signs")
    with reading(centre.engine) as connection:
        assert [item.kind for item in alerts.of_employers(connection, centre.people.employers[:1])] == ["intoxication"]


class _Hook(BaseHTTPRequestHandler):
    """A webhook that refuses once and then takes."""

    taken: list[tuple[bytes, str]]
    refusals: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if type(self).refusals:
            type(self).refusals -= 1
            self.send_response(503)
        else:
            type(self).taken.append((body, self.headers[SIGNATURE_HEADER]))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextlib.contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _alert(centre: ConsoleCentre, kind: str, address: str) -> Notifier:
    channel_secrets = ChannelSecrets(b"s" * 32)
    employer = centre.people.employers[0]
    exam_id = centre.exam("1004")
    with writing(centre.engine) as connection:
        add_channel(connection, employer, kind, address, SECRET, channel_secrets)
        alerts.add(
            connection,
            kind="intoxication",
            org="zarya",
            employer_id=employer,
            exam_id=exam_id,
            decision_id="d",
            at=centre.now(),
        )
    return Notifier(centre.engine, NoticesConfig(), channel_secrets, centre.now)


def _notices(centre: ConsoleCentre) -> list[tuple[str, int]]:
    with reading(centre.engine) as connection:
        return [(row.state, row.attempts) for row in connection.execute(select(notice))]


def test_webhook_is_signed_and_tried_again_until_it_is_taken(centre: ConsoleCentre) -> None:
    _Hook.taken, _Hook.refusals = [], 1
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hook)
    with _serving(server):
        notifier = _alert(centre, "webhook", f"http://127.0.0.1:{server.server_port}/hook")
        assert notifier.step() == 0
        assert _notices(centre) == [("queued", 1)]
        assert notifier.step() == 0, "it is not due yet"
        centre.shift = timedelta(minutes=1)
        assert notifier.step() == 1
        assert notifier.step() == 0
    ((body, signature),) = _Hook.taken
    assert signature == "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex()
    said = json.loads(body)
    assert said["kind"] == "intoxication"
    assert said["personnel_number"] == "1004"
    assert set(said) == {"schema", "kind", "alert_id", "exam_id", "employer_id", "personnel_number", "at"}
    with reading(centre.engine) as connection:
        (entry,) = alerts.of_employers(connection, centre.people.employers[:1])
    assert entry.delivered_at is not None


class _Mail(socketserver.StreamRequestHandler):
    """As much of a mail server as is needed: takes everything and keeps it."""

    taken: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline().decode().strip():
            match line[:4].upper():
                case "DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                    type(self).taken.append("".join(lines))
                    self.wfile.write(b"250 taken\r\n")
                case "QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case _:
                    self.wfile.write(b"250 fine\r\n")


def test_mail_says_who_is_not_admitted_and_no_value(centre: ConsoleCentre) -> None:
    _Mail.taken = []
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail)
    with _serving(server):
        _alert(centre, "email", "dispatcher@example.test")
        config = NoticesConfig(smtp_host="127.0.0.1", smtp_port=server.server_address[1], smtp_starttls=False)
        notifier = Notifier(centre.engine, config, ChannelSecrets(b"s" * 32), centre.now)
        assert notifier.step() == 1
    (raw,) = _Mail.taken
    message = email.message_from_string(raw, policy=email.policy.default)
    words = message.get_content()
    assert message["To"] == "dispatcher@example.test"
    assert "1004" in words
    assert "признаки опьянения" in words
    assert "Полянский" not in words
    assert "мг/л" not in words


def test_mail_without_a_server_waits_and_says_why(centre: ConsoleCentre) -> None:
    assert _alert(centre, "email", "dispatcher@example.test").step() == 0
    with reading(centre.engine) as connection:
        (row,) = connection.execute(select(notice)).all()
    assert row.state == "queued"
    assert "notices.smtp_host" in row.last_error


def test_silent_webhook_never_stops_the_others(centre: ConsoleCentre) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        notifier = _alert(centre, "webhook", f"http://127.0.0.1:{closed.getsockname()[1]}/")
        assert notifier.step() == 0
    assert _notices(centre) == [("queued", 1)]


@pytest.mark.parametrize(
    ("kind", "address", "secret"),
    [
        ("pigeon", "x", ""),
        ("email", "nobody", ""),
        ("email", "a@b.ru\r\nBcc: c@d.ru", ""),
        ("webhook", "ftp://x", SECRET),
        ("webhook", "https://x", "short"),
    ],
)
def test_wrong_channel_is_refused(centre: ConsoleCentre, kind: str, address: str, secret: str) -> None:
    with pytest.raises(ValueError, match=r"kind|address|secret"), writing(centre.engine) as connection:
        add_channel(connection, "e", kind, address, secret, ChannelSecrets(b"s" * 32))


def test_employer_finds_a_worker_and_no_address_says_whom(centre: ConsoleCentre, dispatcher: Browser) -> None:
    for words in ("ветр", "1001", sample_snils("1001")):
        location = str(dispatcher.post("/admissions", {"q": words, "state": "not_examined"}).headers["location"])
        assert re.fullmatch(r"/admissions\?state=not_examined&(sought|worker_id)=[\w-]+", location)
        found = dispatcher.get(location).text
        assert "Ветров Степан Ильич" in found
        assert "Заречная" not in found
        tab = re.findall(r'href="(/admissions\?state=admitted[^"]*)"', found)[0].replace("&amp;", "&")
        assert "Ветров" not in dispatcher.get(tab).text
    assert dispatcher.post("/admissions", {"q": " "}).headers["location"] == "/admissions"


def test_workers_of_another_employer_are_not_told_from_nobody(centre: ConsoleCentre, dispatcher: Browser) -> None:
    for words in (sample_snils("1003"), "123456789", "112-233-445 96"):
        answer = dispatcher.post("/admissions", {"q": words})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert "Ветров" not in answer.text, "everybody in place of the wanted one would mislead"
    theirs, nobodys = (
        re.findall(r'id="fault-q"[^<]*', dispatcher.post("/admissions", {"q": words}).text)
        for words in (sample_snils("1003"), "112-233-445 95")
    )
    assert theirs == nobodys != []
    assert "Ветров" not in dispatcher.get(f"/admissions?worker_id={centre.people.workers['1003']}").text


def test_a_search_by_hand_is_understood_too(dispatcher: Browser) -> None:
    assert "Ветров" in dispatcher.get("/admissions?q=ветр").text
    assert "Ветров" not in dispatcher.get("/admissions?q=1001&state=admitted").text


def test_the_open_page_looks_again_without_keeping_the_session_alive(
    centre: ConsoleCentre, dispatcher: Browser
) -> None:
    page = dispatcher.get("/admissions").text
    assert "http-equiv" not in page
    assert 'data-live="/admissions/rows" data-every-s="60"' in page
    centre.exam("1001")
    for minutes in (10, 10, 9):
        centre.shift += timedelta(minutes=minutes)
        rows = dispatcher.get("/admissions/rows?state=waiting")
        assert rows.status_code == 200
        assert "Ветров" in rows.text
        assert "<html" not in rows.text
    centre.shift += timedelta(minutes=2)
    assert dispatcher.get("/admissions/rows").status_code == 401


def test_no_page_reloads_itself_by_a_header_of_its_own() -> None:
    templates = static_folder().parent / "templates"
    for page in templates.glob("*.html"):
        lasting = re.sub(r"<noscript>.*?</noscript>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "http-equiv" not in lasting, page.name
