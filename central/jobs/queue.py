"""The jobs of one serving process: entered in the store, done in turn by separate processes; their files expire.

What a job is and how far it is stands in the store, so that any process can show it and a restart cannot hide it: a job
whose server has died is found out by its missing signs of life and says so. Nothing is run again by itself; whoever asked
starts it anew. The serving process alone writes the row of a job that it runs; the job's process tells it by a pipe.
"""

import contextlib
import logging
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from central.core.config import CentralConfig
from central.core.job_order import Order
from central.core.step_records import is_away, place_of
from central.core.supervision import Step, Supervised
from central.jobs.child import COMMAND, JobProcess, failed
from central.jobs.kinds import WORKS
from central.store import jobs as store
from central.store.engine import hold, reading, writing
from central.store.jobs import Job
from sync.contract.canonical import new_id

log = logging.getLogger(__name__)

MOST_UNFINISHED = 3
"""How many jobs of one account may wait or run."""
KEPT = timedelta(hours=24)
"""How long files are kept for download."""
LOST_AFTER = timedelta(seconds=60)
"""Without a sign of life for so long, the serving process is dead."""
_LIFE_S = 10.0
_LOOK_S = 0.25
_POLL_S = 2.0


class TooManyJobs(Exception):
    """The account has as many unfinished jobs as it may have."""


class Jobs:
    """The jobs of one serving process. `start` and `stop` with the application."""

    def __init__(
        self, engine: Engine, config: CentralConfig, clock: Callable[[], datetime], command: Sequence[str] = COMMAND
    ) -> None:
        """`command` is the program that does the work; it gets an `Order` and must speak as `order.JobLine` has it."""
        self._engine = engine
        self._config = config
        self.folder = config.jobs_folder
        self._kinds = list(WORKS)
        self._clock = clock
        self._command = command
        self._runner = f"{socket.gethostname()}:{config.http.port}"
        self._loop = Supervised(
            "jobs",
            (Step("lost_jobs", self._close_lost), Step("old_files", self._delete_old), Step("work", self._work_all)),
            poll_s=_POLL_S,
        )
        self._is_first_look = True

    def start(self) -> None:
        """Begin. What a dead process of the same address left running is lost."""
        try:
            self._close_lost()
        except Exception as error:  # noqa: BLE001  # the console opens all the same, and the thread looks again
            self._loop.record("lost_jobs").note(error)
        self._loop.start()

    def stop(self) -> None:
        """End; the process of the job in hand is killed, and the job says so."""
        self._loop.stop()

    def wake(self) -> None:
        """There is a new job."""
        self._loop.wake()

    @contextlib.contextmanager
    def keeping(self, given: bytes | Path) -> Iterator[str]:
        """Keep a file for a job that is about to be asked for; gives the job's id. Whatever fails inside takes it away again.

        Before the transaction: while it is written nobody waits.
        """
        job_id = new_id()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = given_file(self.folder, job_id)
        if isinstance(given, Path):
            os.link(given, place)
        else:
            with open(place, "xb", opener=_private) as file:
                file.write(given)
        try:
            yield job_id
        except BaseException:
            place.unlink(missing_ok=True)
            raise

    def ask(
        self, connection: Connection, account_id: str, kind: str, params: dict[str, Any], job_id: str | None = None
    ) -> str:
        """Enter a job in the caller's transaction; call `wake` after the commit. Raises `TooManyJobs`.

        `job_id` is that of `keeping`, where the job has a file.
        """
        hold(connection, f"jobs of {account_id}")
        if store.count_unfinished(connection, account_id, self._kinds) >= MOST_UNFINISHED:
            raise TooManyJobs
        job_id, now = job_id or new_id(), self._clock()
        values = {"job_id": job_id, "account_id": account_id, "kind": kind, "params": params}
        store.add(connection, values | {"created_at": now, "expires_at": now + KEPT})
        return job_id

    def cancel(self, connection: Connection, job: Job) -> None:
        """Stop it: at once when it waits, within half a second when it runs."""
        ended = {"state": "cancelled", "finished_at": self._clock()}
        if not store.change(connection, job.job_id, ["queued"], ended):
            store.change(connection, job.job_id, ["running"], {"cancel_asked": True})

    def file_of(self, job: Job) -> Path | None:
        """The finished file; None without one."""
        path = made_file(self.folder, job.job_id)
        return path if job.state == "done" and job.file_name and path.is_file() else None

    def _work_all(self) -> None:
        while not self._loop.stopping and self.step():
            pass

    def step(self) -> bool:
        """Run the job that waits longest; False when none does."""
        with reading(self._engine) as connection:
            waiting = store.next_queued(connection, self._kinds)
        if waiting is None:
            return False
        begun = {"state": "running", "runner": self._runner, "seen_at": self._clock()}
        with writing(self._engine) as connection:
            if not store.change(connection, waiting.job_id, ["queued"], begun):
                return True
        self._work(waiting)
        return True

    def _work(self, job: Job) -> None:
        folder, made = work_folder(self.folder, job.job_id), made_file(self.folder, job.job_id)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            order = self._order(job, folder)
            with JobProcess(order, self._command) as process:
                ended = self._follow(job, process)
            if ended.get("file_name"):
                # Only now is there something to download, and it is whole.
                os.replace(order.made, made)
        except Exception as error:
            if is_away(error) and not isinstance(error, OSError):
                raise
            # Whatever it is: this job has failed and says so, and the next one is not kept from its turn.
            self._loop.record("work").note(error, f"job {job.job_id} of kind {job.kind}")
            ended = failed("not_run", getattr(error, "strerror", None) or type(error).__name__)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        with writing(self._engine) as connection:
            told = store.change(connection, job.job_id, ["running"], ended | {"finished_at": self._clock()})
        if not told:
            made.unlink(missing_ok=True)

    def _order(self, job: Job, folder: Path) -> Order:
        return Order(
            kind=job.kind,
            params=job.params,
            asked_at=job.created_at,
            given=given_file(self.folder, job.job_id),
            folder=folder,
            config=self._config,
        )

    def _follow(self, job: Job, process: JobProcess) -> dict[str, Any]:
        """Pass on what it says until it is over or is to be over; returns what the row says of the end."""
        written_s = time.monotonic()
        while process.listen(_LOOK_S):
            if self._loop.stopping:
                return {"state": "lost"}
            progress = process.progress()
            if progress or time.monotonic() - written_s > _LIFE_S:
                self._tell(job, progress)
                written_s = time.monotonic()
            with reading(self._engine) as connection:
                now = store.find(connection, job.job_id)
            if now is None or now.cancel_asked or now.state != "running":
                return {"state": "cancelled"}
        return process.progress() | process.end()

    def _tell(self, job: Job, progress: dict[str, Any]) -> None:
        """Write how far it is. A store that is busy, with this very work perhaps, is no reason to end the work."""
        try:
            with writing(self._engine) as connection:
                store.change(connection, job.job_id, ["running"], progress | {"seen_at": self._clock()})
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("how far job %s is could not be written: %s", job.job_id, place_of(error))

    def _close_lost(self) -> None:
        """Jobs whose serving process is dead. At the first look also those of one that had our address before us."""
        now, own = self._clock(), self._is_first_look
        with reading(self._engine) as connection:
            found = store.running(connection)

        def close(job: Job) -> None:
            silent = job.seen_at is None or job.seen_at < now - LOST_AFTER
            if silent or (own and job.runner == self._runner):
                with writing(self._engine) as connection:
                    store.change(connection, job.job_id, ["running"], {"state": "lost", "finished_at": now})
                made_file(self.folder, job.job_id).unlink(missing_ok=True)
                shutil.rmtree(work_folder(self.folder, job.job_id), ignore_errors=True)

        self._each("lost_jobs", found, close)
        self._is_first_look = False

    def _delete_old(self) -> None:
        with reading(self._engine) as connection:
            found = store.over(connection, self._clock())

        def expire(job: Job) -> None:
            for path in (given_file(self.folder, job.job_id), made_file(self.folder, job.job_id)):
                path.unlink(missing_ok=True)
            with writing(self._engine) as connection:
                store.change(connection, job.job_id, [job.state], {"state": "expired"})

        self._each("old_files", found, expire)

    def _each(self, step: str, found: Sequence[Job], do: Callable[[Job], None]) -> None:
        """One after the other; a file that cannot be deleted keeps no other one."""
        record = self._loop.record(step)
        for job in found:
            try:
                do(job)
            except OSError as error:
                record.note(error, f"job {job.job_id}")
            except Exception as error:
                if is_away(error):
                    raise
                record.note(error, f"job {job.job_id}")


def given_file(folder: Path, job_id: str) -> Path:
    """Where the file stands that came with an order."""
    return folder / f"{job_id}.given"


def made_file(folder: Path, job_id: str) -> Path:
    """Where the result of a job stands."""
    return folder / f"{job_id}.made"


def work_folder(folder: Path, job_id: str) -> Path:
    """Where the process of a job writes while it is at work."""
    return folder / f"{job_id}.work"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
