"""Certificates of medics: revoked by page and by command, while a session is open and in the middle of a signature."""

import contextlib
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from typer.testing import CliRunner

from central.authority.terms import announce_ends
from central.console.held_keys import close_ended
from central.core.rights import Role
from central.core.trust import Trust
from central.deciding.decisions import is_valid
from central.deciding.revocation import Reason, complete, revoke
from central.exchange.revocations import book_of
from central.link.outgoing import load_signing_key
from central.notifying.vigilance import Vigil
from central.signature.software import SoftwareKey, open_key
from central.store import certificates, decisions, medics, register_changes, security_alerts
from central.store.audit import audit
from central.store.certificates import Certificate
from central.store.engine import reading, writing
from central.store.register_changes import Author
from central.store.sealing import Sealer
from dopusk.commands.central_group import app as command
from tests.command_line import run
from tests.console_centre import PASSPHRASE, Browser, ConsoleCentre
from tests.waiting import until


def _certificate(centre: ConsoleCentre, full_name: str = "Луговая Зоя Марковна") -> Certificate:
    with reading(centre.engine) as connection:
        entry = next(one for one in medics.of_organisations(connection, ("zarya",)) if one.full_name == full_name)
        found = certificates.find(connection, entry.certificate_id or "")
    assert found is not None
    return found


def _revoke_by_command(centre: ConsoleCentre, serial: str, reason: str = "carrier_lost") -> Any:
    words = ["medic", "revoke", serial, "--reason", reason, "--config", str(centre.folder / "central.toml")]
    return CliRunner().invoke(command, words)


def _revoke_by_page(browser: Browser, one: Certificate, **fields: str) -> Any:
    page = f"/certificates/{one.certificate_id}"
    return browser.post(f"{page}/revoke", {"reason": "carrier_lost", "note": "потерян токен"} | fields, page=page)


def _by_openssl(centre: ConsoleCentre, cms: bytes, content: bytes, at: datetime | None = None) -> str:
    """What `openssl cms -verify -crl_check` says, with the authority's own files."""
    folder = centre.folder
    authority = centre.config.keys.authority_dir
    (folder / "trusted.pem").write_bytes((authority / "ca.pem").read_bytes() + (authority / "crl.pem").read_bytes())
    (folder / "decision.cms").write_bytes(cms)
    (folder / "record.json").write_bytes(content)
    words = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "decision.cms", "-content", "record.json"]
    words += ["-CAfile", "trusted.pem", "-no-CApath", "-no-CAstore", "-crl_check", "-out", "/dev/null"]
    words += ["-attime", str(int(at.timestamp()))] if at else []
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == ("Verification successful" in done.stderr)
    return done.stderr


def _stored_key(centre: ConsoleCentre) -> SoftwareKey:
    with reading(centre.engine) as connection:
        entry = medics.find(connection, _certificate(centre).owner)
    assert entry is not None
    return open_key(entry.certificate_pem, entry.encrypted_key or b"", PASSPHRASE)


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The senior medic's browser."""
    centre.add_account("glavny", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("glavny", unlock=False)


@pytest.mark.parametrize("way", ["page", "command"])
def test_revoked_medic_signs_nothing_more_and_what_was_signed_stays(
    centre: ConsoleCentre, app: FastAPI, zoya: Browser, senior: Browser, way: str
) -> None:
    before, after = centre.exam(), centre.exam("1002")
    assert zoya.decide(before, outcome="admitted").status_code == 303
    one = _certificate(centre)

    if way == "page":
        assert _revoke_by_page(senior, one).status_code == 303
    else:
        done = _revoke_by_command(centre, one.serial.upper())
        assert done.exit_code == 0, done.output
        close_ended(app.state.console)

    assert app.state.console.vault.sessions() == []
    answer = zoya.decide(after, outcome="admitted")
    assert answer.status_code == 409
    assert "Сертификат отозван" in answer.text
    assert zoya.post("/signature", {"passphrase": PASSPHRASE}).status_code == 403
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, after) == []
        (kept,) = decisions.of_exam(connection, before)
        found = certificates.find(connection, one.certificate_id)
        lines = [row for row in connection.execute(select(audit)) if row.action == "medic.revoke"]
        history = register_changes.of_entry(connection, "medics", one.owner)
    assert found is not None
    assert found.revoked_at is not None
    assert (found.state, found.reason) == ("revoked", "carrier_lost")
    assert found.revoked_at > kept.decided_at
    assert is_valid(kept, Trust(centre.config.keys.authority_dir))
    assert [(row.subject, row.detail["serial"]) for row in lines] == [(one.owner, one.serial)]
    assert history[0].fields["revoked_certificate"][1] == one.serial


def test_openssl_tells_signatures_before_the_revocation_from_those_after(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    with reading(centre.engine) as connection:
        (kept,) = decisions.of_exam(connection, exam_id)
    centre.authority.revoke("5f")  # a terminal, as lists of real centres have them before and after
    one = _certificate(centre)
    assert _revoke_by_command(centre, one.serial).exit_code == 0
    centre.authority.revoke("60")
    found = _certificate(centre)
    assert found.revoked_at is not None
    late = _stored_key(centre).sign_detached(b"{}")

    assert "successful" in _by_openssl(centre, kept.cms, kept.record, kept.decided_at)
    assert "certificate revoked" in _by_openssl(centre, late, b"{}", found.revoked_at)
    later = found.revoked_at + timedelta(seconds=5)
    assert "certificate revoked" in _by_openssl(centre, late, b"{}", later)
    assert until(lambda: "certificate revoked" in _by_openssl(centre, late, b"{}"))


def test_a_revocation_in_the_middle_of_a_signature_leaves_nothing_half_done(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id, one = centre.exam(), _certificate(centre)
    signed: list[bytes] = []
    sign = SoftwareKey.sign_detached

    def slow(self: SoftwareKey, content: bytes) -> bytes:
        signed.append(sign(self, content))
        assert _revoke_by_command(centre, one.serial).exit_code == 0
        return signed[-1]

    monkeypatch.setattr(SoftwareKey, "sign_detached", slow)
    answer = zoya.decide(exam_id, outcome="admitted")

    assert len(signed) == 1
    assert answer.status_code == 409
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []
        assert [row for row in connection.execute(select(audit)) if row.action == "exam.decide"] == []


def test_revoking_twice_changes_nothing_and_says_so(centre: ConsoleCentre, senior: Browser) -> None:
    one = _certificate(centre)
    assert _revoke_by_command(centre, one.serial).exit_code == 0
    first = (centre.config.keys.authority_dir / "crl.pem").read_bytes()

    again = _revoke_by_command(centre, one.serial, "dismissed")
    assert again.exit_code == 1
    assert "revoked on" in again.output or "уже отозван" in again.output
    assert _revoke_by_page(senior, one).status_code == 409
    assert (centre.config.keys.authority_dir / "crl.pem").read_bytes() == first
    found = _certificate(centre)
    assert found.reason == "carrier_lost"


@pytest.mark.parametrize("serial", ["5f3a91", "нет", "", "0"])
def test_serial_of_nobody_revokes_nothing(centre: ConsoleCentre, serial: str) -> None:
    before = (centre.config.keys.authority_dir / "crl.pem").read_bytes()
    done = _revoke_by_command(centre, serial)
    assert done.exit_code == 1
    assert "medic list" in done.output
    assert (centre.config.keys.authority_dir / "crl.pem").read_bytes() == before


def test_a_reason_is_needed(centre: ConsoleCentre, senior: Browser) -> None:
    one = _certificate(centre)
    assert _revoke_by_command(centre, one.serial, "  ").exit_code == 1
    for fields, words in (
        ({"reason": "no such"}, "выберите"),
        ({"note": " "}, "заполните"),
        ({"note": "а" * 501}, "слишком"),
    ):
        answer = _revoke_by_page(senior, one, **fields)
        assert answer.status_code == 422
        assert words in answer.text
    assert _certificate(centre).state == "valid"


def test_others_do_not_revoke(centre: ConsoleCentre, app: FastAPI, zoya: Browser) -> None:
    one = _certificate(centre)
    assert _revoke_by_page(zoya, one).status_code == 403
    centre.add_account("chuzhoy", Role.SENIOR_MEDIC, orgs=())
    assert zoya.post("/logout", {}, page="/queue").status_code == 303
    stranger = zoya.log_in("chuzhoy", unlock=False)
    page = f"/certificates/{one.certificate_id}"
    assert stranger.get(page).status_code == 404
    token = stranger.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
    answer = stranger.http.post(f"{page}/revoke", data={"csrf": token, "reason": "other", "note": "проба"})
    assert answer.status_code == 404
    assert _certificate(centre).state == "valid"


def test_what_was_begun_and_not_finished_is_completed(centre: ConsoleCentre) -> None:
    one = _certificate(centre)
    with writing(centre.engine) as connection:
        revoke(connection, one.certificate_id, Reason("dismissed"), Author(None, centre.now()))
    # Here the program was ended: the store knows, the list does not.
    trust = Trust(centre.config.keys.authority_dir)
    number = int(one.serial, 16)
    assert all(
        item.get_revoked_certificate_by_serial_number(number) is None for item in trust.anchors().revocation_lists
    )
    with reading(centre.engine) as connection:
        told = book_of(trust.anchors(), frozenset(), certificates.revoked(connection))
        assert complete(connection, centre.authority) == 1
    assert one.serial in {item["serial"] for item in told.content["certificates"]}
    entry = trust.anchors().revocation_lists[0].get_revoked_certificate_by_serial_number(number)
    assert entry is not None
    assert entry.revocation_date_utc == _certificate(centre).revoked_at
    with reading(centre.engine) as connection:
        after = book_of(trust.anchors(), frozenset(), certificates.revoked(connection))
    named = [item for item in after.content["certificates"] if item["serial"] == one.serial]
    assert len(named) == 1


def test_terms_stand_on_the_page_and_keys_at_the_centre_carry_a_warning(centre: ConsoleCentre, senior: Browser) -> None:
    shown = senior.get("/certificates").text
    assert "ключ в центре" in shown
    assert "осталось дней" not in shown
    for left, mark in ((30, "attention"), (14, "attention"), (7, "not_admitted")):
        one = _certificate(centre)
        centre.shift = timedelta(0)
        centre.shift = one.valid_until - centre.now() - timedelta(days=left) + timedelta(minutes=1)
        browser = senior.log_in("glavny", unlock=False)
        shown = browser.get("/certificates").text
        assert f'class="mark {mark}">осталось дней: {left - 1}' in shown
        assert f"осталось дней: {left - 1}" in browser.get(f"/certificates/{one.certificate_id}").text


def test_a_revoked_certificate_does_not_come_back(centre: ConsoleCentre, senior: Browser) -> None:
    one = _certificate(centre)
    with reading(centre.engine) as connection:
        entry = medics.find(connection, one.owner)
    assert entry is not None
    assert _revoke_by_page(senior, one).status_code == 303
    page = f"/registers/medics/{one.owner}"
    token = senior.get(page).text.split('name="csrf" value="')[1].split('"')[0]
    fields = {"csrf": token, "token_label": "dopusk"}
    files = {"certificate": ("c.pem", entry.certificate_pem)}
    answer = senior.http.post(f"{page}/key", data=fields, files=files)
    assert answer.status_code == 422
    assert "обратно не вводится" in answer.text
    fresh = {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
    assert senior.post(f"{page}/key", fresh, page=page).status_code == 303
    assert _certificate(centre).state == "valid"
    with reading(centre.engine) as connection:
        assert {item.state for item in certificates.of_owner(connection, one.owner)} == {"revoked", "valid"}


@pytest.mark.parametrize(
    "by_hand",
    [
        "state = 'valid'",
        "state = 'valid', revoked_at = NULL, reason = NULL, note = NULL",
        "revoked_at = '2020-01-01T00:00:00.000000+00:00'",
        "reason = 'replaced'",
        "note = 'по просьбе'",
    ],
)
def test_verify_names_a_certificate_that_was_changed_by_hand(centre: ConsoleCentre, by_hand: str) -> None:
    one = _certificate(centre)
    assert _revoke_by_command(centre, one.serial).exit_code == 0
    Sealer(centre.engine, load_signing_key(centre.config.keys.centre_signing_key_file)).run()
    store = centre.folder / "central.db"
    before = run("verify", str(store), lang="en")
    assert before.code == 0, before.out + before.err
    with contextlib.closing(sqlite3.connect(store)) as connection:
        connection.execute(f"UPDATE certificate SET {by_hand} WHERE serial = ?", (one.serial,))  # noqa: S608
        connection.commit()
    after = run("verify", str(store), lang="en")
    assert after.code == 1
    assert f"certificate {one.serial}" in after.out + after.err


def test_the_end_of_a_certificate_is_told_once_at_each_step(
    centre: ConsoleCentre, senior: Browser, browser: Browser
) -> None:
    one = _certificate(centre)
    centre.add_account("root", Role.ADMINISTRATOR)
    told = []
    for left in (31, 30, 29, 14, 13, 7, 6, 1):
        now = one.valid_until - timedelta(days=left) + timedelta(minutes=1)
        announced = [announce_ends(centre.engine, now) for _ in range(2)]
        Vigil(centre.engine, centre.config.vigilance).look(now)
        told.append((left, *announced))
    assert told == [(31, 0, 0), (30, 1, 0), (29, 0, 0), (14, 1, 0), (13, 0, 0), (7, 1, 0), (6, 0, 0), (1, 0, 0)]
    with reading(centre.engine) as connection:
        found = [(item.kind, item.subject, item.count) for item in security_alerts.latest(connection, ["zarya"])]
    assert found == [("certificate_ending", one.owner, days) for days in (6, 13, 29)]
    page = browser.log_in("root", unlock=False).get("/accounts").text
    assert "сертификат медработника заканчивается" in page
    assert "Луговая Зоя Марковна" in page


def test_a_certificate_that_is_replaced_or_revoked_is_told_of_no_more(centre: ConsoleCentre) -> None:
    one = _certificate(centre)
    assert _revoke_by_command(centre, one.serial).exit_code == 0
    assert announce_ends(centre.engine, one.valid_until - timedelta(days=5)) == 0
