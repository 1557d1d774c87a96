"""The pipes to the process of a job: its order, and lines of JSON about its progress.

Nothing of an order stands on a command line or in a file: a store's address may hold a password.
"""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from central.core.config import CentralConfig

JobLine = dict[str, Any]
"""A line of the process. While at work `done` (rows), and where they are new `total` (rows) and `result`; at the end `ended`:
`done` with `file_name` and `peak_mib`, or `fault` with `code` and `detail`."""

_REPORT_S = 0.5


class JobFault(Exception):
    """Work that cannot be done. `code` is a text of the console, `job.fault.<code>`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Order(BaseModel):
    """One job as its process gets it. All paths are absolute, in `config` too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    params: dict[str, Any]
    asked_at: datetime
    given: Path
    """The file that came with the order, where one did."""
    folder: Path
    """A folder of this process alone, deleted with everything in it when the process is over; temporary files go here too."""
    config: CentralConfig

    @property
    def made(self) -> Path:
        """Where the result is written. It can be downloaded only once the work is done."""
        return self.folder / "made"


class Running:
    """A job at work, in its own process: what was asked, where files go, and how to tell how far it is."""

    def __init__(self, order: Order, say: Callable[[JobLine], None]) -> None:
        self.params = order.params
        self.asked_at = order.asked_at
        self.given = order.given
        self.folder = order.folder
        self.made = order.made
        self.file_name = ""
        """Under which name the result is downloaded; empty without one."""
        self.done = 0
        self._say = say
        self._said_at = float("-inf")

    def report(self, done: int, *, total: int | None = None, result: JobLine | None = None) -> None:
        """Tell how many rows are done; at most twice a second unless there is a total or a result."""
        self.done = done
        if result is None and total is None and time.monotonic() - self._said_at < _REPORT_S:
            return
        self._said_at = time.monotonic()
        said: JobLine = {"done": done}
        said |= {"total": total} if total is not None else {}
        said |= {"result": result} if result is not None else {}
        self._say(said)


class Work(Protocol):
    """What one kind of job does. Raises `JobFault`. May be killed at any moment: each thing it stores is whole by itself."""

    def __call__(self, running: Running, /) -> None:
        """Do it."""
