"""What an administrator is told of at once: mass export, many cards, lock-outs, the night; by whom, where, and only once."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from central.core.config import NoticesConfig, VigilanceConfig
from central.core.rights import Role
from central.notifying.notice_channels import ChannelSecrets, add_channel
from central.notifying.notice_sending import SECURITY_SCHEMA, letter
from central.notifying.notices import Notifier
from central.notifying.vigilance import KINDS, Vigil
from central.store import accounts, audit, security_alerts
from central.store.engine import reading, writing
from central.store.security_alerts import SecurityAlert
from central.words.texts import LANGUAGES, text
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import PASSWORD, Browser, ConsoleCentre

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STRICT = VigilanceConfig(export_rows_per_hour=100, exam_reads_per_hour=3, zone="UTC")


def _account(centre: ConsoleCentre, username: str) -> str:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, username)
    assert found is not None
    return found.account_id


def _write(centre: ConsoleCentre, account_id: str | None, action: str, at: datetime, **values: Any) -> None:
    with writing(centre.engine) as connection:
        audit.write(connection, at=at, account_id=account_id, address="10.0.0.1", action=action, **values)


def _told(centre: ConsoleCentre) -> list[tuple[str, int]]:
    with reading(centre.engine) as connection:
        return [(item.kind, item.count) for item in security_alerts.latest(connection, [ORG])]


def test_small_exports_add_up_within_the_hour(centre: ConsoleCentre) -> None:
    vigil, zoya = Vigil(centre.engine, STRICT), _account(centre, "zoya")
    told = []
    for minutes in (0, 10, 20):
        at = NOON + timedelta(minutes=minutes)
        _write(centre, zoya, "journal.export", at, detail={"rows": 40})
        told.append(vigil.look(at))
    assert told == [0, 0, 1]
    assert _told(centre) == [("mass_export", 120)]


def test_what_was_told_is_not_told_again_and_more_of_it_is(centre: ConsoleCentre) -> None:
    vigil, zoya = Vigil(centre.engine, STRICT), _account(centre, "zoya")
    _write(centre, zoya, "journal.export", NOON, detail={"rows": 101})
    assert [vigil.look(NOON + timedelta(minutes=minutes)) for minutes in (1, 2, 30, 59, 70)] == [1, 0, 0, 0, 0]
    _write(centre, zoya, "journal.export", NOON + timedelta(minutes=75), detail={"rows": 500})
    assert vigil.look(NOON + timedelta(minutes=76)) == 1
    assert _told(centre) == [("mass_export", 500), ("mass_export", 101)]


def test_two_processes_that_look_at_once_tell_once(centre: ConsoleCentre) -> None:
    zoya = _account(centre, "zoya")
    _write(centre, zoya, "journal.export", NOON, detail={"rows": 101})
    first = SecurityAlert("a", ORG, "mass_export", zoya, 101, "entry", NOON, None)
    second = SecurityAlert("b", ORG, "mass_export", zoya, 101, "entry", NOON, None)
    with writing(centre.engine) as connection:
        security_alerts.add(connection, first)
        security_alerts.add(connection, second)
    assert len(_told(centre)) == 1


def test_many_cards_count_once_each(centre: ConsoleCentre) -> None:
    vigil, zoya = Vigil(centre.engine, STRICT), _account(centre, "zoya")
    for number in (1, 1, 1, 1, 2, 3):
        _write(centre, zoya, "exam.read", NOON, subject=f"exam-{number}")
    assert vigil.look(NOON) == 0
    _write(centre, zoya, "exam.read", NOON, subject="exam-4")
    vigil.look(NOON)
    assert _told(centre) == [("card_reads", 4)]


def test_night_is_told_for_exports_and_accounts_and_not_for_a_medics_work(centre: ConsoleCentre) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR)
    vigil, zoya, admin = Vigil(centre.engine, STRICT), _account(centre, "zoya"), _account(centre, "admin")
    night = NOON.replace(hour=23)
    _write(centre, zoya, "exam.decide", night, subject="exam-1")
    _write(centre, zoya, "account.password", night)
    assert vigil.look(night) == 0
    _write(centre, admin, "account.add", night)
    assert vigil.look(night) == 1
    assert _told(centre) == [("odd_hour", 1)]


@pytest.mark.parametrize(
    ("begin", "end", "zone", "hour_utc", "told"),
    [
        (time(22), time(4), "UTC", 3, True),
        (time(22), time(4), "UTC", 4, False),
        (time(22), time(4), "Asia/Irkutsk", 15, True),
        (time(1), time(5), "UTC", 23, False),
        (time(1), time(5), "UTC", 1, True),
    ],
)
def test_the_night_is_configuration(
    centre: ConsoleCentre, begin: time, end: time, zone: str, hour_utc: int, told: bool
) -> None:
    config = VigilanceConfig(night_from=begin, night_until=end, zone=zone)
    at = NOON.replace(hour=hour_utc)
    _write(centre, _account(centre, "zoya"), "key.add", at)
    assert Vigil(centre.engine, config).look(at) == told


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone database"):
        VigilanceConfig(zone="Mars/Olympus")


def test_a_program_that_reads_too_much_is_told_by_its_key(centre: ConsoleCentre) -> None:
    _write(centre, None, "api.exams", NOON, subject="key-1", org=ORG, detail={"rows": 101})
    assert Vigil(centre.engine, STRICT).look(NOON) == 1
    with reading(centre.engine) as connection:
        (item,) = security_alerts.latest(connection, [ORG])
    assert (item.kind, item.subject) == ("mass_export", "key-1")


def test_a_lock_out_of_the_console_is_told(centre: ConsoleCentre, browser: Browser) -> None:
    for _ in range(5):
        browser.post("/login", {"username": "zoya", "password": "wrong"})
    Vigil(centre.engine, STRICT).look(centre.now())
    assert ("account_locked", 1) in _told(centre)


def test_an_export_of_workers_counts_its_rows(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    browser.log_in("senior", unlock=False)
    assert browser.get("/registers/workers/export").status_code == 200
    few = VigilanceConfig(export_rows_per_hour=len(centre.people.workers) - 1, zone="UTC")
    Vigil(centre.engine, few).look(centre.now())
    assert ("mass_export", len(centre.people.workers)) in _told(centre)


def test_an_export_of_consents_counts_its_rows(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    browser.log_in("senior", unlock=False)
    text_of = {"kind": "video", "version": "1", "valid_from": "2026-01-01", "body": "Согласен на запись."}
    assert browser.post("/consents/texts", text_of, page="/consents").status_code == 303
    given = {"text": "video/1", "given_on": "2026-02-01", "means": "paper", "basis": "лист 12"}
    for number in ("1001", "1002"):
        page = f"/workers/{centre.people.workers[number]}"
        assert browser.post(f"{page}/consents", given, page=page).status_code == 303
    assert browser.get("/consents/export").status_code == 200
    Vigil(centre.engine, VigilanceConfig(export_rows_per_hour=1, zone="UTC")).look(centre.now())
    assert ("mass_export", 2) in _told(centre)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_for_pages_and_letters(kind: str) -> None:
    body = {"schema": SECURITY_SCHEMA, "kind": kind, "org": ORG, "subject": "account-1", "count": 7, "at": "now"}
    subject, content = letter(body)
    is_term = kind in {"account_unused", "account_closed", "certificate_ending"}
    usual = "Допуск: подошёл срок" if is_term else "Допуск: необычные действия в консоли"
    is_of_copies = kind.startswith(("copy_", "copies_", "stock_"))
    assert subject == ("Допуск: экземпляры заключений" if is_of_copies else usual)
    assert "account-1" in content
    for language in LANGUAGES:
        assert text(language, f"security.kind.{kind}")


class _Hook(BaseHTTPRequestHandler):
    refusals = 1
    taken: list[bytes] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if type(self).refusals:
            type(self).refusals -= 1
            self.send_response(503)
        else:
            type(self).taken.append(body)
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def hook() -> Iterator[str]:
    _Hook.refusals, _Hook.taken = 1, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_administrator_gets_it_after_a_refusal_without_names_or_values(centre: ConsoleCentre, hook: str) -> None:
    centre.shift = NOON - centre.now()  # an export at night is told too
    channel_secrets = ChannelSecrets(b"s" * 32)
    with writing(centre.engine) as connection:
        add_channel(connection, None, "webhook", hook, "a secret of the webhook", channel_secrets, org=ORG)
    _write(centre, _account(centre, "zoya"), "journal.export", centre.now(), detail={"rows": 101})
    notifier = Notifier(centre.engine, NoticesConfig(), channel_secrets, centre.now, STRICT)
    assert notifier.step() == 0
    centre.shift += timedelta(minutes=2)
    assert notifier.step() == 1
    centre.shift += timedelta(minutes=2)
    assert notifier.step() == 0
    (body,) = _Hook.taken
    fields = json.loads(body)
    assert fields["schema"] == "dopusk.security-notice/1"
    assert (fields["kind"], fields["count"], fields["org"]) == ("mass_export", 101, ORG)
    assert "zoya" not in body.decode()
    with reading(centre.engine) as connection:
        (item,) = security_alerts.latest(connection, [ORG])
    assert item.delivered_at is not None


def test_pages_show_alerts_with_their_receipt_and_who_is_told(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR)
    centre.add_account("auditor", Role.AUDITOR)
    zoya = _account(centre, "zoya")
    with writing(centre.engine) as connection:
        security_alerts.add(connection, SecurityAlert("a", ORG, "card_reads", zoya, 412, "entry", centre.now(), None))
    with contextlib.closing(Browser(address)) as admin, contextlib.closing(Browser(address)) as auditor:
        auditor.log_in("auditor", unlock=False)
        page = auditor.get("/audit").text
        assert "много открытых осмотров" in page
        assert "ещё не доставлено" in page
        admin.log_in("admin", unlock=False)
        assert "некому" in admin.get("/accounts").text
        fields = {"org": ORG, "kind": "email", "address": "security@clinic.example"}
        assert admin.post("/accounts/channels", fields, page="/accounts").status_code == 303
        page = admin.get("/accounts").text
        assert "security@clinic.example" in page
        assert "412" in page
        remove = page.split('action="/accounts/channels/')[1].split('"')[0]
        assert admin.post(f"/accounts/channels/{remove}", {}, page="/accounts").status_code == 303
        assert "security@clinic.example" not in admin.get("/accounts").text
        foreign = fields | {"org": "another"}
        assert admin.post("/accounts/channels", foreign, page="/accounts").status_code == 404


def test_wrong_passwords_of_nobody_tell_nobody(centre: ConsoleCentre, browser: Browser) -> None:
    for _ in range(6):
        browser.post("/login", {"username": "nobody", "password": PASSWORD})
    assert Vigil(centre.engine, STRICT).look(centre.now()) == 0
