"""Jobs of a serving process and the processes that do them: cancelled, stopped, killed, lost, and never outliving the server.

The processes here speak as `central.core.job_order` has it and do as they are told; two tests take the real one.
"""

import contextlib
import errno
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from central.core.config import CentralConfig
from central.core.job_order import Order, Running
from central.jobs.__main__ import carry_out
from central.jobs.child import JobProcess, WorkFailed, run_at_once
from central.jobs.kinds import JOURNAL_EXPORT, WORKS
from central.jobs.queue import LOST_AFTER, Jobs, TooManyJobs, made_file, work_folder
from central.store import jobs as store
from central.store.engine import reading, writing
from central.store.jobs import Job, job
from central.words.texts import LANGUAGES, text
from tests.console_centre import ConsoleCentre
from tests.job_processes import STALLED_EXPORT, own_children
from tests.waiting import until

OBEDIENT = """
import json, os, sys
order = json.loads(sys.stdin.readline())
do, made = order["params"]["do"], os.path.join(order["folder"], "made")
def say(**said):
    print(json.dumps(said), flush=True)
with open(made, "w") as file:
    file.write("half")
say(done=1, total=2)
if do == "wait":
    sys.stdin.read()
elif do == "make":
    say(done=2, result={"half": 1})
    say(ended="done", done=2, file_name="made.csv", peak_mib=7)
elif do == "fail":
    say(ended="fault", code="too_many_rows", detail="9")
elif do == "exit":
    sys.exit(7)
else:
    os.kill(os.getpid(), int(do))
"""


class Bench:
    """Jobs without a console."""

    def __init__(self, centre: ConsoleCentre) -> None:
        self.centre = centre
        self.jobs = self.runner()

    def runner(self, command: Sequence[str] = (sys.executable, "-S", "-c", OBEDIENT), port: int = 1) -> Jobs:
        config = self.centre.config
        here = config.model_copy(update={"http": config.http.model_copy(update={"port": port})})
        return Jobs(self.centre.engine, here, self.centre.now, command)

    def ask(self, do: str) -> str:
        with writing(self.centre.engine) as connection:
            job_id = self.jobs.ask(connection, "somebody", JOURNAL_EXPORT, {"do": do})
        self.jobs.wake()
        return job_id

    def job(self, job_id: str) -> Job:
        with reading(self.centre.engine) as connection:
            found = store.find(connection, job_id)
        assert found is not None
        return found

    def reaches(self, job_id: str, state: str) -> bool:
        return until(lambda: self.job(job_id).state == state)

    def at_work(self, job_id: str) -> bool:
        return until(lambda: self.job(job_id).rows_done == 1)

    def files(self) -> list[str]:
        folder = self.jobs.folder
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def bench(centre: ConsoleCentre) -> Iterator[Bench]:
    made = Bench(centre)
    made.jobs.start()
    yield made
    made.jobs.stop()


def test_what_it_says_stands_in_the_row_and_its_file_beside(bench: Bench) -> None:
    job_id = bench.ask("make")
    assert bench.reaches(job_id, "done")
    found = bench.job(job_id)
    assert (found.rows_done, found.rows_total, found.file_name) == (2, 2, "made.csv")
    assert found.result == {"half": 1, "peak_mib": 7}
    assert bench.jobs.file_of(found) == made_file(bench.jobs.folder, job_id)
    assert bench.files() == [f"{job_id}.made"]
    assert made_file(bench.jobs.folder, job_id).stat().st_mode & 0o077 == 0, "only the service reads it"


def test_cancelled_while_it_runs_ends_the_process_and_leaves_no_file(bench: Bench) -> None:
    job_id = bench.ask("wait")
    assert bench.at_work(job_id)
    assert own_children(JOURNAL_EXPORT)
    with writing(bench.centre.engine) as connection:
        bench.jobs.cancel(connection, bench.job(job_id))
    assert bench.reaches(job_id, "cancelled")
    assert own_children(JOURNAL_EXPORT) == []
    assert bench.files() == []


def test_cancelled_while_it_waits_never_runs(bench: Bench) -> None:
    first, second, third = bench.ask("wait"), bench.ask("make"), bench.ask("make")
    assert bench.at_work(first)
    with writing(bench.centre.engine) as connection:
        bench.jobs.cancel(connection, bench.job(second))
        assert store.change(connection, third, ["queued"], {"account_id": "somebody"}), "one at a time"
    assert bench.job(second).state == "cancelled"
    with writing(bench.centre.engine) as connection:
        bench.jobs.cancel(connection, bench.job(first))
    assert bench.reaches(third, "done")
    assert bench.job(second).state == "cancelled"


def test_a_fourth_job_has_to_wait_for_the_person(bench: Bench) -> None:
    for _ in range(3):
        bench.ask("wait")
    with pytest.raises(TooManyJobs):
        bench.ask("wait")


def test_a_stopped_centre_ends_the_process_and_says_so(bench: Bench) -> None:
    job_id, waiting = bench.ask("wait"), bench.ask("make")
    assert bench.at_work(job_id)
    bench.jobs.stop()
    assert bench.job(job_id).state == "lost"
    assert own_children(JOURNAL_EXPORT) == []
    assert bench.files() == []
    assert bench.job(waiting).state == "queued"
    with contextlib.closing(_Stopping(bench.runner())):
        assert bench.reaches(waiting, "done"), "the next start takes it up"


def test_every_end_of_the_process_is_told_and_the_next_job_runs(bench: Bench) -> None:
    ends: dict[str, tuple[str, dict[str, Any]]] = {
        "fail": ("failed", {"fault": "too_many_rows", "detail": "9"}),
        "exit": ("failed", {"fault": "crashed", "detail": "exit code 7"}),
        str(int(signal.SIGSEGV)): ("failed", {"fault": "crashed", "detail": "SIGSEGV"}),
        str(int(signal.SIGKILL)): ("failed", {"fault": "killed", "detail": "SIGKILL"}),
        str(int(signal.SIGTERM)): ("lost", {}),
    }
    for do, (state, result) in ends.items():
        job_id = bench.ask(do)
        assert bench.reaches(job_id, state), do
        assert bench.job(job_id).result == result
    assert bench.files() == []
    assert bench.reaches(bench.ask("make"), "done")


def test_a_process_that_cannot_be_started_is_told(centre: ConsoleCentre) -> None:
    bench = Bench(centre)
    bench.jobs = bench.runner(("/nowhere/python",))
    bench.jobs.start()
    job_id = bench.ask("make")
    assert bench.reaches(job_id, "failed")
    bench.jobs.stop()
    assert bench.job(job_id).result == {"fault": "not_run", "detail": "No such file or directory"}


def test_a_killed_centre_is_found_out_at_its_next_start(centre: ConsoleCentre) -> None:
    before = Bench(centre)
    job_id = before.ask("wait")
    with writing(centre.engine) as connection:
        connection.execute(update(job).values(state="running", runner=before.jobs._runner, seen_at=centre.now()))
    work_folder(before.jobs.folder, job_id).mkdir(parents=True)
    (work_folder(before.jobs.folder, job_id) / "made").write_bytes(b"half")
    # The same address again means that the process before is dead.
    with contextlib.closing(_Stopping(before.runner())):
        assert before.job(job_id).state == "lost"
        assert before.files() == []


class _Stopping:
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        jobs.start()

    def close(self) -> None:
        self._jobs.stop()


def test_another_process_is_lost_when_it_has_been_silent_for_long(centre: ConsoleCentre) -> None:
    elsewhere = Bench(centre)
    job_id = elsewhere.ask("wait")
    with writing(centre.engine) as connection:
        connection.execute(update(job).values(state="running", runner="another:1", seen_at=centre.now()))
    with contextlib.closing(_Stopping(elsewhere.runner(port=2))):
        assert elsewhere.job(job_id).state == "running"
    centre.shift = LOST_AFTER + timedelta(seconds=1)
    with contextlib.closing(_Stopping(elsewhere.runner(port=2))):
        assert elsewhere.reaches(job_id, "lost")


def test_no_process_outlives_the_server(centre: ConsoleCentre, tmp_path: Path) -> None:
    order = _order(centre.config, tmp_path)
    server = f"""
import sys
from central.jobs.child import JobProcess
from central.core.job_order import Order
order = Order.model_validate_json(sys.stdin.readline())
with JobProcess(order, {(sys.executable, "-c", STALLED_EXPORT)!r}) as process:
    while not process.progress():
        process.listen(1)
    print(process.pid, flush=True)
    sys.stdin.read()
"""
    centre.exam()
    command = [sys.executable, "-c", server]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(order.model_dump_json() + "\n")
        process.stdin.flush()
        child = int(process.stdout.readline())
        assert _lives(child)
        process.kill()
        process.wait()
        assert until(lambda: not _lives(child))


def test_work_that_somebody_waits_for(centre: ConsoleCentre, tmp_path: Path) -> None:
    order, command = _order(centre.config, tmp_path), (sys.executable, "-S", "-c", OBEDIENT)
    assert run_at_once(order.model_copy(update={"params": {"do": "make"}}), command) == 2
    with pytest.raises(WorkFailed, match="exit code 7"):
        run_at_once(order.model_copy(update={"params": {"do": "exit"}}), command)


def test_a_slip_of_ours_is_told_by_name(centre: ConsoleCentre, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    with JobProcess(_order(centre.config, tmp_path).model_copy(update={"params": {}})) as process:
        while process.listen(1):
            pass
        assert process.end() == {"state": "failed", "result": {"fault": "ours", "detail": "KeyError"}}
    log = capfd.readouterr().err
    assert "the job failed: KeyError" in log
    assert "in filter_of" in log, "the log tells the place"
    assert "KeyError: 'filter'" not in log, "and none of the error's words"


def test_a_full_disk_is_told(centre: ConsoleCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_running: Running) -> None:
        raise OSError(errno.ENOSPC, "no room")

    order = _order(centre.config, tmp_path)
    monkeypatch.setitem(WORKS, JOURNAL_EXPORT, lambda engine, config: full)
    assert carry_out(order, Running(order, print)) == {"ended": "fault", "code": "disk_full", "detail": ""}


def test_every_fault_has_words_in_both_languages() -> None:
    for code in ("killed", "crashed", "not_run", "disk_full", "ours", "too_many_rows"):
        for language in LANGUAGES:
            assert text(language, f"job.fault.{code}", detail="SIGKILL")


def test_an_order_comes_through_the_pipe_as_it_was(centre: ConsoleCentre, tmp_path: Path) -> None:
    order = _order(centre.config, tmp_path)
    assert Order.model_validate_json(order.model_dump_json()) == order
    url = "postgresql+psycopg://dopusk:secret@db/dopusk"
    other = order.model_copy(update={"config": centre.config.model_copy(update={"store_url": url})})
    assert Order.model_validate_json(other.model_dump_json()).config.store_url == url


def _order(config: CentralConfig, folder: Path) -> Order:
    params = {
        "filter": {"orgs": ["zarya"], "worker_ids": [], "since": None, "until": None},
        "columns": ["full_name"],
        "form": "csv",
        "title": [],
        "language": "ru",
        "zone": 180,
        "whole": False,
    }
    now = datetime.now(UTC)
    return Order(kind=JOURNAL_EXPORT, params=params, asked_at=now, given=folder / "given", folder=folder, config=config)


def _lives(pid: int) -> bool:
    """Whether it runs; who is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
