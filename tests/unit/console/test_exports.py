"""Exports of the journal in the background: progress, the owner alone, cancelling, expiry, a centre that was stopped."""

import contextlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, update

from central.jobs import KEPT, LOST_AFTER, JobFault, Jobs, Running, TooManyJobs, made_file
from central.journal import export
from central.rights import Role
from central.store import jobs as store
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.jobs import Job, job
from tests.console_centre import Browser, ConsoleCentre
from tests.waiting import until


def _ask(browser: Browser, form: str, query: str = "") -> str:
    answer = browser.post(f"/journal/exports/{form}{query}", {}, page="/journal")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _finished(browser: Browser, path: str) -> str:
    assert until(lambda: 'id="download"' in browser.get(path).text, 30)
    return browser.get(path).text


def _job(centre: ConsoleCentre, job_id: str) -> Job:
    with reading(centre.engine) as connection:
        found = store.find(connection, job_id)
    assert found is not None
    return found


def test_workbook_holds_text_and_no_formula(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="refer", comment="=1+1")
    path = _ask(zoya, "xlsx", "?columns=full_name&columns=comment")
    assert ".xlsx" in _finished(zoya, path)
    answer = zoya.get(f"{path}/file")
    assert "attachment" in answer.headers["content-disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[1] == ["Ветров Степан Ильич", "=1+1"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    with reading(centre.engine) as connection:
        actions = connection.execute(select(audit.c.action).where(audit.c.subject == path.rsplit("/", 1)[1]))
        assert sorted(actions.scalars()) == ["journal.export", "journal.fetch"]


def test_csv_in_the_background_is_that_of_the_direct_way(centre: ConsoleCentre, zoya: Browser) -> None:
    for _ in range(3):
        centre.exam()
    path = _ask(zoya, "csv")
    _finished(zoya, path)
    assert zoya.get(f"{path}/file").content == zoya.get("/journal/export/csv").content


def test_long_print_comes_in_parts(centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        centre.exam()
    path = _ask(zoya, "pdf")
    _finished(zoya, path)
    assert zoya.get(f"{path}/file").content.startswith(b"%PDF")
    monkeypatch.setattr(export, "PART_ROWS", 2)
    path = _ask(zoya, "pdf")
    _finished(zoya, path)
    with zipfile.ZipFile(io.BytesIO(zoya.get(f"{path}/file").content)) as archive:
        assert len(archive.namelist()) == 3
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())


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


class Bench:
    """Jobs without a console: work that waits for a sign."""

    def __init__(self, centre: ConsoleCentre) -> None:
        self.centre = centre
        self.go = threading.Event()
        self.begun = threading.Event()
        self.jobs = self.runner(self._slow)

    def runner(self, work: Callable[[Running], None], port: int = 1) -> Jobs:
        return Jobs(self.centre.engine, self.centre.folder / "jobs", {"slow": work}, port, self.centre.now)

    def _slow(self, running: Running) -> None:
        running.report(0, total=2)
        self.begun.set()
        assert self.go.wait(30)
        running.report(1, result={"half": 1})
        running.made.write_bytes(b"made")
        running.file_name = "made.csv"

    def ask(self) -> str:
        with writing(self.centre.engine) as connection:
            return self.jobs.ask(connection, "somebody", "slow", {})

    def state(self, job_id: str) -> str:
        return _job(self.centre, job_id).state


@pytest.fixture
def bench(centre: ConsoleCentre) -> Iterator[Bench]:
    made = Bench(centre)
    made.jobs.start()
    yield made
    made.go.set()
    made.jobs.stop()


def test_cancelled_while_it_runs_leaves_no_file(bench: Bench) -> None:
    job_id = bench.ask()
    bench.jobs.wake()
    assert bench.begun.wait(30)
    with writing(bench.centre.engine) as connection:
        bench.jobs.cancel(connection, _job(bench.centre, job_id))
    bench.go.set()
    assert until(lambda: bench.state(job_id) == "cancelled", 30)
    assert not made_file(bench.jobs.folder, job_id).exists()


def test_cancelled_while_it_waits_never_runs(bench: Bench) -> None:
    first, second = bench.ask(), bench.ask()
    bench.jobs.wake()
    assert bench.begun.wait(30)
    with writing(bench.centre.engine) as connection:
        bench.jobs.cancel(connection, _job(bench.centre, second))
    assert bench.state(second) == "cancelled"
    bench.go.set()
    assert until(lambda: bench.state(first) == "done", 30)
    assert bench.state(second) == "cancelled"


def test_a_fourth_job_has_to_wait_for_the_person(bench: Bench) -> None:
    for _ in range(3):
        bench.ask()
    with pytest.raises(TooManyJobs):
        bench.ask()


def test_a_stopped_centre_says_so(bench: Bench) -> None:
    job_id = bench.ask()
    bench.jobs.wake()
    assert bench.begun.wait(30)
    stopping = threading.Thread(target=bench.jobs.stop)
    stopping.start()
    assert until(bench.jobs._stopping.is_set)
    bench.go.set()
    stopping.join(30)
    assert bench.state(job_id) == "lost"


def test_a_killed_centre_is_found_out_at_its_next_start(bench: Bench) -> None:
    job_id = bench.ask()
    bench.jobs.wake()
    assert bench.begun.wait(30)
    # The same address again means that the process before is dead.
    again = bench.runner(lambda running: None)
    with contextlib.closing(_Stopping(again)):
        assert bench.state(job_id) == "lost"
    bench.go.set()
    assert until(lambda: not made_file(bench.jobs.folder, job_id).exists(), 30)
    assert bench.state(job_id) == "lost"


class _Stopping:
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        jobs.start()

    def close(self) -> None:
        self._jobs.stop()


def test_another_process_is_lost_when_it_has_been_silent_for_long(centre: ConsoleCentre) -> None:
    elsewhere = Bench(centre)
    job_id = elsewhere.ask()
    seen = centre.now()
    with writing(centre.engine) as connection:
        connection.execute(update(job).values(state="running", runner="another:1", seen_at=seen))
    here = elsewhere.runner(lambda running: None, port=2)
    here.start()
    here.stop()
    assert elsewhere.state(job_id) == "running"
    centre.shift = LOST_AFTER + timedelta(seconds=1)
    here = elsewhere.runner(lambda running: None, port=2)
    here.start()
    assert until(lambda: elsewhere.state(job_id) == "lost")
    here.stop()


def test_files_expire(centre: ConsoleCentre, zoya: Browser) -> None:
    path = _ask(zoya, "csv")
    _finished(zoya, path)
    job_id = path.rsplit("/", 1)[1]
    file = made_file(centre.config.jobs_folder, job_id)
    assert file.stat().st_mode & 0o077 == 0, "only the service reads it"
    with writing(centre.engine) as connection:
        connection.execute(update(job).values(expires_at=centre.now() - KEPT))
    assert until(lambda: not file.exists(), 30)
    assert until(lambda: _job(centre, job_id).state == "expired", 30)
    assert "Срок хранения прошёл" in zoya.get(path).text
    assert zoya.get(f"{path}/file").status_code == 404


def test_a_fault_is_told_and_the_next_job_runs(centre: ConsoleCentre) -> None:
    faults: list[Exception] = [JobFault("too_many_rows", "9"), KeyError("a slip of ours")]

    def work(running: Running) -> None:
        if faults:
            raise faults.pop(0)

    bench = Bench(centre)
    jobs = bench.runner(work)
    jobs.start()
    ids = [bench.ask() for _ in range(3)]
    jobs.wake()
    assert until(lambda: bench.state(ids[2]) == "done", 30)
    jobs.stop()
    told: list[Any] = [_job(centre, job_id).result for job_id in ids]
    assert told == [{"fault": "too_many_rows", "detail": "9"}, {"fault": "ours", "detail": "KeyError"}, {}]


def test_rows_of_a_filter_are_read_in_batches_without_loss(centre: ConsoleCentre) -> None:
    ids = {centre.exam() for _ in range(7)}
    wanted = export.JournalFilter(orgs=("zarya",))
    assert {row.exam_id for row in export.rows_in_batches(centre.engine, wanted, batch=3)} == ids


def test_who_may_not_export_cannot(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("sluzhba", Role.SERVICE)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("sluzhba", unlock=False)
        assert browser.get("/journal/exports").status_code == 403
