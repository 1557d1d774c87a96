"""Starts, reads and ends the process of a job, and reports how it ended."""

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from central.core.job_order import JobLine, Order
from central.core.step_records import trace_of

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-m", "central.jobs")
"""The program; the kind of the job follows, for who reads a list of processes."""
_CHUNK_BYTES = 64 * 1024
_ENDED_BY_PEOPLE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""systemd sends SIGTERM to every process of a unit that it stops."""

_SIGNALS = {int(item): item.name for item in signal.Signals}
"""Those that have a name; the others of real time have none."""
_AT_ONCE = threading.Lock()
_WAIT_S = 1.0


class WorkFailed(Exception):
    """Work that somebody waited for was not done. The message is for the log.

    `fault` is a text of the console, `job.fault.<fault>` with `detail`, or `job.ended.lost` where it is `lost`.
    """

    def __init__(self, message: str, fault: str, detail: str = "") -> None:
        super().__init__(message)
        self.fault = fault
        self.detail = detail


class Busy(Exception):
    """Such work is being done for another. A later caller must ask again: waiting would hold one of the few threads of pages."""


class JobProcess:
    """A process at work on one order. Leaving the context kills it."""

    def __init__(self, order: Order, command: Sequence[str] = COMMAND) -> None:
        """Start it. Raises `OSError` where the machine has no room for another process."""
        self._kind = order.kind
        self._news: dict[str, Any] = {}
        self._result: dict[str, Any] = {}
        self._end: JobLine | None = None
        self._rest = b""
        self._process = subprocess.Popen(
            [*command, order.kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"TMPDIR": str(order.folder)},
            umask=0o077,
            # Ctrl+C in the server's terminal is for the server, which then ends its job in good order.
            start_new_session=True,
        )
        self._input, self._output = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        if self._input is None or self._output is None:
            raise OSError("the process has no pipes")
        self._selector.register(self._output, selectors.EVENT_READ)
        try:
            # The pipe stays open: its end tells the process that there is no server any more.
            self._input.write(order.model_dump_json().encode() + b"\n")
            self._input.flush()
        except BrokenPipeError:
            log.warning("the process of a job of kind %s ended before it had its order", self._kind)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._selector.close()
        for pipe in (self._input, self._output):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def listen(self, within_s: float) -> bool:
        """Wait so long for what it says; False when it will say nothing more."""
        if not self._selector.select(within_s):
            return True
        chunk = os.read(self._process.stdout.fileno(), _CHUNK_BYTES) if self._process.stdout else b""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))
        return bool(chunk)

    def progress(self) -> dict[str, Any]:
        """What is new of the job's columns `rows_done` and `rows_total` since the last call."""
        found, self._news = self._news, {}
        return found

    def end(self) -> dict[str, Any]:
        """After `listen` has returned False: `state`, and with it `file_name` or `result`, as the job's row has them."""
        ended = self._end
        if ended is not None and ended["ended"] == "done":
            result = self._result | {"peak_mib": ended["peak_mib"]}
            return {"state": "done", "file_name": ended["file_name"], "result": result}
        if ended is not None:
            return failed(ended["code"], ended["detail"])
        code = self._process.wait()
        if -code in _ENDED_BY_PEOPLE:
            return {"state": "lost"}
        how = _SIGNALS.get(-code, f"signal {-code}") if code < 0 else f"exit code {code}"
        log.error("the process of a job of kind %s ended by %s", self._kind, how)
        return failed("killed" if code == -signal.SIGKILL else "crashed", how)

    def _hear(self, said: JobLine) -> None:
        if "ended" in said:
            self._end = said
        if "done" in said:
            self._news["rows_done"] = said["done"]
        if "total" in said:
            self._news["rows_total"] = said["total"]
        if "result" in said:
            self._result = said["result"]


def run_at_once(order: Order, command: Sequence[str] = COMMAND) -> int:
    """Do work that somebody waits for, one at a time; returns the rows done.

    Raises `Busy` and `WorkFailed`, also where the machine has no room for another process.
    """
    if not _AT_ONCE.acquire(blocking=False):
        raise Busy
    try:
        with JobProcess(order, command) as process:
            rows = 0
            while process.listen(_WAIT_S):
                rows = process.progress().get("rows_done", rows)
            ended = process.end()
    except OSError as error:
        log.error("the process of work of kind %s could not be started: %s", order.kind, trace_of(error))
        raise WorkFailed(f"the work of kind {order.kind} was not begun", "not_run", type(error).__name__) from error
    finally:
        _AT_ONCE.release()
    if ended["state"] != "done":
        result = ended.get("result", {})
        message = f"the work of kind {order.kind} ended: {ended}"
        raise WorkFailed(message, result.get("fault", ended["state"]), result.get("detail", ""))
    return int(process.progress().get("rows_done", rows))


def failed(code: str, detail: str = "") -> dict[str, Any]:
    """The end of a job that could not be done; `code` is a text of the console, `job.fault.<code>`."""
    return {"state": "failed", "result": {"fault": code, "detail": detail}}
