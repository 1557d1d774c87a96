"""The signed print of a period: verified by plain openssl, refused without a period or an open key."""

import contextlib
import html
import io
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from central.console.routes import journal, journal_signed
from central.core.rights import Role
from central.jobs import child
from central.link.outgoing import load_signing_key
from central.store import seals
from central.store.audit import audit
from central.store.engine import reading
from central.store.sealing import Sealer
from tests.console_centre import Browser, ConsoleCentre

PERIOD = "/journal/signed?since=2020-01-01&until=2099-01-01"


def _verifies(folder: Path) -> bool:
    command = "openssl cms -verify -binary -inform DER -in journal.cms -content journal.pdf -CAfile ca.pem -purpose any"
    return (
        subprocess.run([*command.split(), "-out", "out"], cwd=folder, capture_output=True, check=False).returncode == 0
    )


def test_openssl_verifies_the_print_and_finds_one_changed_byte(
    centre: ConsoleCentre, zoya: Browser, tmp_path: Path
) -> None:
    zoya.decide(centre.exam("1001"), outcome="admitted")
    answer = zoya.post(PERIOD, {}, page="/journal")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["ca.pem", "journal.cms", "journal.pdf"]
        archive.extractall(tmp_path)
    pdf = tmp_path / "journal.pdf"
    assert pdf.read_bytes().startswith(b"%PDF")
    assert _verifies(tmp_path)
    pdf.write_bytes(pdf.read_bytes()[:-1] + b"x")
    assert not _verifies(tmp_path)
    with reading(centre.engine) as connection:
        (entry,) = connection.execute(select(audit).where(audit.c.action == "journal.sign")).all()
    assert entry.detail == {"rows": 1, "since": "2020-01-01", "until": "2099-01-01"}


@pytest.mark.parametrize("query", ["", "?since=2026-01-01", "?since=2026-02-01&until=2026-01-01", "?since=x&until=y"])
def test_a_period_is_needed(zoya: Browser, query: str) -> None:
    answer = zoya.post(f"/journal/signed{query}", {}, page="/journal")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_who_names_no_period_is_asked_for_it_and_offered_the_month(centre: ConsoleCentre, zoya: Browser) -> None:
    zoya.http.cookies.set("dopusk_zone", "UTC")
    page = zoya.post("/journal/signed?outcome=admitted", {}, page="/journal").text
    assert "Укажите период." in page
    assert "заполните" not in page
    month = centre.now().replace(day=1)
    assert f'name="since" value="{month:%Y-%m}-01"' in page
    last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert f'name="until" value="{last:%Y-%m-%d}"' in page
    action = html.unescape(page.split('action="/journal/signed?')[1].split('"')[0])
    signed = zoya.post(f"/journal/signed?{action}", {}, page="/journal")
    assert signed.headers["content-type"] == "application/zip"
    with reading(centre.engine) as connection:
        (entry,) = connection.execute(select(audit).where(audit.c.action == "journal.sign")).all()
    assert entry.detail["since"] == f"{month:%Y-%m}-01"


@pytest.mark.parametrize(
    ("query", "offered"), [("since=2026-02-10", ("02-10", "02-28")), ("until=2026-02-10", ("02-01", "02-10"))]
)
def test_half_a_period_is_filled_up_to_its_month(zoya: Browser, query: str, offered: tuple[str, str]) -> None:
    page = zoya.post(f"/journal/signed?{query}", {}, page="/journal").text
    for name, day in zip(("since", "until"), offered, strict=True):
        assert f'name="{name}" value="2026-{day}"' in page


def test_what_is_too_much_for_one_answer_is_said_with_what_to_do(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        centre.exam()
    monkeypatch.setattr(journal_signed, "PDF_ROWS", 1)
    monkeypatch.setattr(journal, "DIRECT_ROWS", 1)
    for answer, said in (
        (zoya.post(PERIOD, {}, page="/journal"), "сузьте период и подпишите по частям"),
        (zoya.get("/journal/export/csv"), "возьмите выгрузку кнопкой CSV"),
    ):
        assert answer.status_code == 422
        assert said in answer.text
    with reading(centre.engine) as connection:
        actions = set(connection.execute(select(audit.c.action)).scalars())
    assert not actions & {"journal.sign", "journal.export"}


def test_who_comes_while_another_print_is_under_way_is_told_and_keeps_no_thread_waiting(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    centre.exam()
    with child._AT_ONCE:
        answer = zoya.post(PERIOD, {}, page="/journal")
    assert answer.status_code == 422
    assert "ничего не подписано, повторите через минуту" in answer.text
    with reading(centre.engine) as connection:
        assert "journal.sign" not in set(connection.execute(select(audit.c.action)).scalars())
    assert zoya.post(PERIOD, {}, page="/journal").status_code == 200


def test_without_an_open_key_nothing_is_signed(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("revizor", Role.AUDITOR)
    with contextlib.closing(Browser(address)) as browser:
        closed = browser.log_in("zoya", unlock=False).post(PERIOD, {}, page="/journal")
        assert (closed.status_code, closed.headers["location"]) == (303, "/signature")
    with contextlib.closing(Browser(address)) as browser:
        assert browser.log_in("revizor", unlock=False).post(PERIOD, {}, page="/journal").status_code == 403
    with reading(centre.engine) as connection:
        assert not connection.execute(select(audit).where(audit.c.action == "journal.sign")).all()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os.kill(os.getpid(), 9)", "прервала процесс этой работы (SIGKILL)"),
        ("os.kill(os.getpid(), 15)", "процесс этой работы был остановлен"),
        ("sys.exit(7)", "аварийно завершился (exit code 7)"),
    ],
)
def test_a_print_whose_process_ends_half_way_is_told_with_what_to_do(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    exam_id = centre.exam()
    command = (sys.executable, "-S", "-c", f"import os, sys; sys.stdin.readline(); {code}")
    monkeypatch.setattr(journal_signed, "run_at_once", lambda order: child.run_at_once(order, command))
    answer = zoya.post(PERIOD, {}, page="/journal")
    assert answer.status_code == 503
    told = answer.text.split('id="not-printed"')[1].split("</p>")[0]
    assert "не напечатан и не подписан" in told
    assert said in told
    assert f"/exams/{exam_id}" in answer.text, "the journal stays as it was asked for"
    with reading(centre.engine) as connection:
        assert "journal.sign" not in set(connection.execute(select(audit.c.action)).scalars())
    monkeypatch.undo()
    assert zoya.post(PERIOD, {}, page="/journal").status_code == 200


def test_a_machine_without_room_for_a_process_is_told(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_signed, "run_at_once", lambda order: child.run_at_once(order, ("/no/such/program",)))
    answer = zoya.post(PERIOD, {}, page="/journal")
    assert answer.status_code == 503
    assert "не смог начать или закончить эту работу (FileNotFoundError)" in answer.text


def test_the_print_names_the_newest_seal(centre: ConsoleCentre, zoya: Browser, tmp_path: Path) -> None:
    """Whoever keeps the print holds the centre to its seals."""
    zoya.decide(centre.exam("1001"), outcome="admitted")
    Sealer(centre.engine, load_signing_key(centre.config.keys.centre_signing_key_file)).run()
    with reading(centre.engine) as connection:
        head = seals.noted_head(connection)
    assert head is not None
    answer = zoya.post(PERIOD, {}, page="/journal")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extract("journal.pdf", tmp_path)
    done = subprocess.run(["pdftotext", "-layout", "journal.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    assert f"Последняя печать центра: {head.seal_no}:{head.sha256}" in done.stdout.decode()
