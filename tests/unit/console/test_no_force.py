"""Whatever leaves a demonstration's or a test's centre says so: a register that looks real must not be taken for one."""

import contextlib
import io
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from central.core.rights import Role
from central.jobs import queue
from central.words import no_force
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import DoneHere
from tests.waiting import until
from tests.written_papers import FORMS, write_paper

BAND = "записи не имеют силы"


def _words_of(pdf: bytes, folder: Path) -> list[str]:
    """The text of each page."""
    (folder / "file.pdf").write_bytes(pdf)
    answer = subprocess.run(
        ["pdftotext", "-layout", folder / "file.pdf", "-"], check=True, capture_output=True, text=True
    )
    return answer.stdout.split("\f")[:-1]


def _in_the_background(browser: Browser, form: str) -> tuple[str, bytes]:
    path = browser.post(f"/journal/exports/{form}", {}, page="/journal").headers["location"]
    assert until(lambda: 'id="download"' in browser.get(path).text)
    answer = browser.get(f"{path}/file")
    return answer.headers["content-disposition"], answer.content


def test_the_journal_says_it_in_each_form(
    centre: ConsoleCentre, zoya: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)
    for number in range(40):
        centre.exam("1001" if number % 2 else "1002")

    direct = zoya.get("/journal/export/csv")
    assert BAND in direct.content.decode("utf-8-sig").splitlines()[0]
    assert f'filename="{centre.config.generation}-journal-' in direct.headers["content-disposition"]

    name, content = _in_the_background(zoya, "xlsx")
    assert f'filename="{centre.config.generation}-journal-' in name
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert BAND in str(sheet["A1"].value)
    assert "ТЕСТ" in sheet.title
    assert BAND in str(sheet.oddHeader.center.text)

    name, content = _in_the_background(zoya, "pdf")
    pages = _words_of(content, tmp_path)
    assert len(pages) > 1
    assert all(BAND in page for page in pages)


def test_the_signed_journal_says_it_on_each_page(centre: ConsoleCentre, zoya: Browser, tmp_path: Path) -> None:
    for _ in range(40):
        centre.exam("1001")
    # Around midnight exams are of the day before or after.
    since, until = (f"{centre.now() + timedelta(days=days):%Y-%m-%d}" for days in (-1, 1))
    answer = zoya.post(f"/journal/signed?since={since}&until={until}", {}, page="/journal")
    assert f'filename="{centre.config.generation}-journal-' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        pages = _words_of(archive.read("journal.pdf"), tmp_path)
    assert len(pages) > 1
    assert all(BAND in page for page in pages)


def test_each_paper_says_it_on_each_page(centre: ConsoleCentre, zoya: Browser, tmp_path: Path) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high")
    for kind in FORMS:
        assert write_paper(zoya, exam_id, kind).status_code == 303
    for kind in ("mark", "refusal", "sobriety", "conclusion"):
        answer = zoya.post(f"/exams/{exam_id}/papers", {"kind": kind}, page=f"/exams/{exam_id}")
        assert all("НЕ ИМЕЕТ СИЛЫ" in page for page in _words_of(answer.content, tmp_path)), kind


def test_a_real_centre_says_nothing_of_the_kind() -> None:
    assert no_force.band("real", "ru") == ""
    assert no_force.file_name("real", "journal.pdf") == "journal.pdf"
    assert no_force.marked(["№", "Дата"], "") == ["№", "Дата"]
    assert no_force.sheet_title("Журнал", "") == "Журнал"
    assert "учебные" in no_force.band("demo", "ru")
    assert no_force.file_name("demo", "journal.pdf") == "demo-journal.pdf"


TABLES = {
    "/registers/workers/export": "workers",
    "/registers/employers/export": "employers",
    "/registers/medics/export": "medics",
    "/registers/devices/export": "devices",
    "/registers/organisations/export": "organisations",
    "/consents/export": "consents",
    "/papers/refusals/export": "refusals-0",
    "/conclusions/export": "conclusions",
    "/conclusions/journal/export": "copies-journal",
    "/admissions/export": "admissions",
    "/employer/journal/export": "outcomes",
    "/employer/shifts/export": "shifts",
    "/employer/workers/export": "workers",
}


@pytest.fixture
def hr(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The HR department of the first employer."""
    centre.add_account("hr", Role.EMPLOYER_HR, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as made:
        yield made.log_in("hr", unlock=False)


def test_each_table_says_it(centre: ConsoleCentre, zoya: Browser, browser: Browser, hr: Browser, app: FastAPI) -> None:
    walked = {address.replace(f"/registers/{name}/", "/registers/{kind}/") for address, name in TABLES.items()}
    routes = {route.path for route in app.routes if isinstance(route, APIRoute) and route.path.endswith("/export")}
    # A reference book comes back through the import, and is about nobody.
    assert routes <= walked | {"/registers/workers/export", "/books/{book}/export"}, (
        "a table that this test does not know"
    )
    centre.add_account("senior", Role.SENIOR_MEDIC)
    browser.log_in("senior", unlock=False)
    for address, name in TABLES.items():
        reader = zoya if "refusals" in address or "conclusions" in address else browser
        answer = (hr if "employer/" in address or "admissions" in address else reader).get(address)
        assert answer.status_code == 200, address
        assert f'filename="test-{name}.xlsx"' in answer.headers["content-disposition"]
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None
        assert "ТЕСТ" in sheet.title, address
        assert BAND in str(sheet.oddHeader.center.text), address
        # The workers' table comes back through the import, by its headings.
        assert (BAND in str(sheet["A1"].value)) == (address != "/registers/workers/export"), address
