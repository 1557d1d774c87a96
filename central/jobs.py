"""Long work in the background of the serving process: one thread, progress in the store, files that expire.

What a job is and how far it is stands in the store, so that any process can show it and a restart cannot hide it: a job
whose process has died is found out by its missing signs of life and says so. Nothing is run again by itself; whoever asked
starts it anew.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from central.store import jobs as store
from central.store.engine import reading, writing
from central.store.jobs import Job
from sync.contract.canonical import new_id

log = logging.getLogger(__name__)

MOST_UNFINISHED = 3
"""How many jobs of one account may wait or run."""
KEPT = timedelta(hours=24)
"""How long files are kept for download."""
LOST_AFTER = timedelta(seconds=60)
"""Without a sign of life for so long, the process is dead."""
_REPORT_S = 0.5
_POLL_S = 2.0


class TooManyJobs(Exception):
    """The account has as many unfinished jobs as it may have."""


class Cancelled(Exception):
    """The owner has cancelled the job."""


class JobFault(Exception):
    """Work that cannot be done. `code` is a text of the console, `job.fault.<code>`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Running:
    """A job at work: what was asked, where files go, and how to tell how far it is."""

    def __init__(
        self, engine: Engine, job: Job, folder: Path, clock: Callable[[], datetime], stopping: threading.Event
    ) -> None:
        self._engine = engine
        self._stopping = stopping
        self.job = job
        self._folder = folder
        self._clock = clock
        self._reported_at = 0.0
        self.done = 0
        self.file_name = ""

    @property
    def given(self) -> Path:
        """The file that came with the wish."""
        return given_file(self._folder, self.job.job_id)

    @property
    def made(self) -> Path:
        """Where the result goes; `file_name` says under which name it is downloaded."""
        return made_file(self._folder, self.job.job_id)

    def report(self, done: int, *, total: int | None = None, result: dict[str, Any] | None = None) -> None:
        """Tell how far it is, at most twice a second unless there is a result. Raises `Cancelled`."""
        self.done = done
        if self._stopping.is_set():
            raise Cancelled
        if result is None and total is None and time.monotonic() - self._reported_at < _REPORT_S:
            return
        self._reported_at = time.monotonic()
        values: dict[str, Any] = {"rows_done": done, "seen_at": self._clock()}
        values |= {"rows_total": total} if total is not None else {}
        values |= {"result": result} if result is not None else {}
        with writing(self._engine) as connection:
            store.change(connection, self.job.job_id, ["running"], values)
            now = store.find(connection, self.job.job_id)
        if now is None or now.cancel_asked or now.state != "running":
            raise Cancelled


class Work(Protocol):
    """What one kind of job does. Raises `JobFault`, and lets `Cancelled` through."""

    def __call__(self, running: Running, /) -> None:
        """Do it."""


class Jobs:
    """The jobs of one serving process. `start` and `stop` with the application."""

    def __init__(
        self, engine: Engine, folder: Path, works: Mapping[str, Work], port: int, clock: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self.folder = folder
        self._works = works
        self._clock = clock
        self._runner = f"{socket.gethostname()}:{port}"
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin. What a dead process of the same address left running is lost."""
        self._close_lost(own=True)
        self._thread = threading.Thread(target=self._run, name="jobs")
        self._thread.start()

    def stop(self) -> None:
        """End; the job in hand is given up and says so."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """There is a new job."""
        self._woken.set()

    def ask(
        self,
        connection: Connection,
        account_id: str,
        kind: str,
        params: dict[str, Any],
        given: bytes | Path | None = None,
    ) -> str:
        """Enter a job in the caller's transaction; call `wake` after the commit. Raises `TooManyJobs`."""
        mine = store.of_account(connection, account_id, list(self._works), limit=50)
        if sum(item.unfinished for item in mine) >= MOST_UNFINISHED:
            raise TooManyJobs
        job_id, now = new_id(), self._clock()
        if given is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = given_file(self.folder, job_id)
            if isinstance(given, Path):
                os.link(given, place)
            else:
                with open(place, "xb", opener=_private) as file:
                    file.write(given)
        values = {"job_id": job_id, "account_id": account_id, "kind": kind, "params": params}
        store.add(connection, values | {"created_at": now, "expires_at": now + KEPT})
        return job_id

    def cancel(self, connection: Connection, job: Job) -> None:
        """Stop it: at once when it waits, at its next report when it runs."""
        ended = {"state": "cancelled", "finished_at": self._clock()}
        if not store.change(connection, job.job_id, ["queued"], ended):
            store.change(connection, job.job_id, ["running"], {"cancel_asked": True})

    def file_of(self, job: Job) -> Path | None:
        """The finished file; None without one."""
        path = made_file(self.folder, job.job_id)
        return path if job.state == "done" and job.file_name and path.is_file() else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._close_lost(own=False)
                self._delete_old()
                while not self._stopping.is_set() and self.step():
                    pass
            except SQLAlchemyError as error:
                log.warning("jobs are put off, the store did not answer: %s", type(error).__name__)
            self._woken.wait(_POLL_S)
            self._woken.clear()

    def step(self) -> bool:
        """Run the job that waits longest; False when none does."""
        with reading(self._engine) as connection:
            waiting = store.next_queued(connection, list(self._works))
        if waiting is None:
            return False
        begun = {"state": "running", "runner": self._runner, "seen_at": self._clock()}
        with writing(self._engine) as connection:
            if not store.change(connection, waiting.job_id, ["queued"], begun):
                return True
        self._work(waiting)
        return True

    def _work(self, job: Job) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        running = Running(self._engine, job, self.folder, self._clock, self._stopping)
        os.close(os.open(running.made, os.O_CREAT | os.O_WRONLY, 0o600))
        alive = threading.Event()
        with ThreadPoolExecutor(2, thread_name_prefix="job") as pool:
            pulse = pool.submit(self._show_life, job.job_id, alive)
            # The fault is looked at and never lost: whatever it is, the page learns it and the next job can run.
            fault = pool.submit(self._works[job.kind], running).exception()
            alive.set()
            pulse.result()
        ended = self._end_of(job, running, fault)
        if ended["state"] != "done":
            running.made.unlink(missing_ok=True)
        with writing(self._engine) as connection:
            store.change(connection, job.job_id, ["running"], ended | {"finished_at": self._clock()})

    def _end_of(self, job: Job, running: Running, fault: BaseException | None) -> dict[str, Any]:
        if fault is None:
            return {"state": "done", "file_name": running.file_name, "rows_done": running.done}
        if isinstance(fault, Cancelled):
            return {"state": "lost" if self._stopping.is_set() else "cancelled"}
        if isinstance(fault, JobFault):
            return {"state": "failed", "result": {"fault": fault.code, "detail": fault.detail}}
        log.error("job %s of kind %s failed: %s", job.job_id, job.kind, type(fault).__name__, exc_info=fault)
        return {"state": "failed", "result": {"fault": "ours", "detail": type(fault).__name__}}

    def _show_life(self, job_id: str, over: threading.Event) -> None:
        while not over.wait(LOST_AFTER.total_seconds() / 6):
            with writing(self._engine) as connection:
                store.change(connection, job_id, ["running"], {"seen_at": self._clock()})

    def _close_lost(self, *, own: bool) -> None:
        now = self._clock()
        with reading(self._engine) as connection:
            found = store.running(connection)
        for job in found:
            silent = job.seen_at is None or job.seen_at < now - LOST_AFTER
            if silent or (own and job.runner == self._runner):
                with writing(self._engine) as connection:
                    store.change(connection, job.job_id, ["running"], {"state": "lost", "finished_at": now})
                made_file(self.folder, job.job_id).unlink(missing_ok=True)

    def _delete_old(self) -> None:
        with reading(self._engine) as connection:
            found = store.over(connection, self._clock())
        for job in found:
            for path in (given_file(self.folder, job.job_id), made_file(self.folder, job.job_id)):
                path.unlink(missing_ok=True)
            with writing(self._engine) as connection:
                store.change(connection, job.job_id, [job.state], {"state": "expired"})


def given_file(folder: Path, job_id: str) -> Path:
    """Where the file stands that came with a wish."""
    return folder / f"{job_id}.given"


def made_file(folder: Path, job_id: str) -> Path:
    """Where the result of a job stands."""
    return folder / f"{job_id}.made"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
