"""Exports of the journal in the background: three forms, progress, the owner alone, expiry, a process killed half-way."""

import contextlib
import io
import os
import signal
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from central.core.rights import Role
from central.jobs import queue
from central.jobs.queue import KEPT, Jobs, made_file, work_folder
from central.journal import export, pdf_file
from central.journal.pdf_parts import write_pdf_parts
from central.store import jobs as store
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.jobs import Job, job
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import STALLED_EXPORT, DoneHere, own_children
from tests.waiting import until


@pytest.fixture
def _done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)


def _ask(browser: Browser, form: str, query: str = "") -> str:
    answer = browser.post(f"/journal/exports/{form}{query}", {}, page="/journal")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _finished(browser: Browser, path: str) -> str:
    assert until(lambda: 'id="download"' in browser.get(path).text)
    return browser.get(path).text


def _job(centre: ConsoleCentre, job_id: str) -> Job:
    with reading(centre.engine) as connection:
        found = store.find(connection, job_id)
    assert found is not None
    return found


def test_workbook_holds_no_formula(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="refer", comment="=1+1")
    path = _ask(zoya, "xlsx", "?columns=full_name&columns=comment")
    assert ".xlsx" in _finished(zoya, path)
    answer = zoya.get(f"{path}/file")
    assert "attachment" in answer.headers["content-disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[-1]] == [1, "Ветров Степан Ильич", "=1+1"]
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"n", "s"}
    with reading(centre.engine) as connection:
        actions = connection.execute(select(audit.c.action).where(audit.c.subject == path.rsplit("/", 1)[1]))
        assert sorted(actions.scalars()) == ["journal.export", "journal.fetch"]


@pytest.mark.usefixtures("_done_here")
def test_csv_in_the_background_is_that_of_the_direct_way(centre: ConsoleCentre, zoya: Browser) -> None:
    for _ in range(3):
        centre.exam()
    path = _ask(zoya, "csv")
    _finished(zoya, path)
    assert zoya.get(f"{path}/file").content == zoya.get("/journal/export/csv").content


@pytest.mark.usefixtures("_done_here")
def test_print_of_the_journal(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam()
    path = _ask(zoya, "pdf")
    _finished(zoya, path)
    assert zoya.get(f"{path}/file").content.startswith(b"%PDF")


@pytest.mark.parametrize(("rows", "parts"), [(5, 3), (4, 2), (0, 0)])
def test_long_print_comes_in_parts(tmp_path: Path, rows: int, parts: int) -> None:
    cells = ([f"{number}"] for number in range(rows))
    assert write_pdf_parts(tmp_path / "made", "journal", ["title"], ["heading"], [1.0], cells, part_rows=2) == parts
    with zipfile.ZipFile(tmp_path / "made") as archive:
        assert archive.namelist() == [f"journal-{number + 1:03d}.pdf" for number in range(parts)]
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_rows_of_a_print_are_numbered_through_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def note(_print: object, lines: Sequence[Sequence[str]], *_: object, **__: object) -> None:
        drawn.append(lines[0][0])

    monkeypatch.setattr(pdf_file._Print, "_table_lines", note)
    write_pdf_parts(tmp_path / "made", "journal", ["title"], ["heading"], [1.0], iter([["a"]] * 3), part_rows=2)
    assert drawn == ["№", "1", "2", "№", "3"]


@pytest.mark.usefixtures("_done_here")
def test_nobody_else_sees_it(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    path = _ask(zoya, "csv")
    _finished(zoya, path)
    for address in (path, f"{path}/file", f"{path}/events"):
        assert foma.get(address).status_code == 404
    assert foma.post(f"{path}/cancel", {}, page="/journal").status_code == 404
    assert path not in foma.get("/journal/exports").text
    assert path in zoya.get("/journal/exports").text


def test_events_tell_progress_and_end_with_the_job(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam()
    path = _ask(zoya, "csv")
    with zoya.http.stream("GET", f"{path}/events") as stream:
        told = "".join(stream.iter_text())
    assert '"state": "done", "done": 1, "total": 1' in told


def test_wrong_query_and_form_begin_nothing(centre: ConsoleCentre, zoya: Browser) -> None:
    assert zoya.post("/journal/exports/csv?since=tomorrow", {}, page="/journal").status_code == 422
    assert zoya.post("/journal/exports/docx", {}, page="/journal").status_code == 404
    with reading(centre.engine) as connection:
        assert not connection.execute(select(job)).all()


@pytest.fixture
def stalled(centre: ConsoleCentre, zoya: Browser, app: FastAPI) -> Jobs:
    """The console's jobs, whose exports stop half-way."""
    jobs: Jobs = app.state.console.jobs
    jobs._command = (sys.executable, "-c", STALLED_EXPORT)
    return jobs


def test_a_process_killed_half_way_is_told_and_leaves_nothing(
    centre: ConsoleCentre, zoya: Browser, stalled: Jobs
) -> None:
    centre.exam()
    path = _ask(zoya, "csv")
    job_id = path.rsplit("/", 1)[1]
    half = work_folder(stalled.folder, job_id) / "made"
    assert until(lambda: half.exists() and half.stat().st_size > 0)
    assert zoya.get(f"{path}/file").status_code == 404, "half a file is no file"
    [process] = own_children("journal_export")
    for told in ("cmdline", "environ"):
        assert centre.config.store_url.encode() not in Path(f"/proc/{process}/{told}").read_bytes()
    assert os.getpriority(os.PRIO_PROCESS, process) > os.getpriority(os.PRIO_PROCESS, 0)
    os.kill(process, signal.SIGKILL)
    assert until(lambda: _job(centre, job_id).state == "failed")
    page = zoya.get(path).text
    assert "Операционная система прервала процесс этой работы (SIGKILL)" in page
    assert 'id="download"' not in page
    assert zoya.get(f"{path}/file").status_code == 404
    assert list(stalled.folder.iterdir()) == []


def test_cancel_ends_the_process(centre: ConsoleCentre, zoya: Browser, stalled: Jobs) -> None:
    centre.exam()
    path = _ask(zoya, "xlsx")
    assert until(lambda: _job(centre, path.rsplit("/", 1)[1]).rows_total == 1)
    assert own_children("journal_export")
    assert zoya.post(f"{path}/cancel", {}, page=path).status_code == 303
    assert until(lambda: "Отменено, файла нет" in zoya.get(path).text)
    assert own_children("journal_export") == []
    assert list(stalled.folder.iterdir()) == []


@pytest.mark.usefixtures("_done_here")
def test_an_export_is_repeated_with_its_filter_and_the_rights_of_today(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    centre.exam("1001")
    centre.exam("1003")
    path = _ask(zoya, "csv", "?person=1003&columns=personnel_number")
    once = _finished(zoya, path)
    assert 'id="again"' in once
    assert foma.post(f"{path}/again", {}, page="/journal/exports").status_code == 404
    answer = zoya.post(f"{path}/again", {}, page=path)
    again = str(answer.headers["location"])
    assert again != path
    _finished(zoya, again)
    assert zoya.get(f"{again}/file").content == zoya.get(f"{path}/file").content
    with writing(centre.engine) as connection:
        params = _job(centre, path.rsplit("/", 1)[1]).params
        elsewhere = params | {"filter": params["filter"] | {"orgs": ["chuzhaya"]}}
        connection.execute(update(job).where(job.c.job_id == path.rsplit("/", 1)[1]).values(params=elsewhere))
        actions = connection.execute(select(audit.c.detail).where(audit.c.action == "journal.export"))
        assert [detail["rows"] for detail in actions.scalars()] == [1, 1]
    assert zoya.post(f"{path}/again", {}, page=path).status_code == 404


def test_files_expire(centre: ConsoleCentre, zoya: Browser) -> None:
    path = _ask(zoya, "csv")
    _finished(zoya, path)
    job_id = path.rsplit("/", 1)[1]
    file = made_file(centre.config.jobs_folder, job_id)
    assert file.stat().st_mode & 0o077 == 0, "only the service reads it"
    with writing(centre.engine) as connection:
        connection.execute(update(job).values(expires_at=centre.now() - KEPT))
    assert until(lambda: not file.exists())
    assert until(lambda: _job(centre, job_id).state == "expired")
    assert "Срок хранения прошёл" in zoya.get(path).text
    assert zoya.get(f"{path}/file").status_code == 404


def test_rows_of_a_filter_are_read_in_batches_without_loss(centre: ConsoleCentre) -> None:
    ids = {centre.exam() for _ in range(7)}
    wanted = export.JournalFilter(orgs=("zarya",))
    assert {row.exam_id for row in export.rows_in_batches(centre.engine, wanted, batch=3)} == ids


def test_who_may_not_export_cannot(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("sluzhba", Role.SERVICE)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("sluzhba", unlock=False)
        assert browser.get("/journal/exports").status_code == 403
