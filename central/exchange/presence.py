"""Reports in the store that a process of the centre runs and what fails in it, so that the page can show it."""

import os
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any

from sqlalchemy import Engine

from central.core import step_records
from central.core.clock import now_utc
from central.core.step_records import StepState
from central.core.supervision import Step, Supervised
from central.store import processes
from central.store.engine import writing
from central.store.processes import Process
from sync.contract.model import utc_text

EVERY_S = 15.0
_THREAD = "presence"


class Presence:
    """Reports as long as its block lasts. `kind`: serve or ingest."""

    def __init__(
        self, engine: Engine, kind: str, clock: Callable[[], datetime] = now_utc, every_s: float = EVERY_S
    ) -> None:
        self._engine, self._kind, self._clock = engine, kind, clock
        self._process_id = f"{kind} {os.uname().nodename} {os.getpid()}"
        self._started_at = clock()
        self._loop = Supervised(_THREAD, (Step("report", self._report),), poll_s=every_s, daemon=True)

    def _report(self) -> None:
        troubles = [trouble_of(state) for state in step_records.troubles() if state.thread != _THREAD]
        now = self._clock()
        with writing(self._engine) as connection:
            processes.report(connection, Process(self._process_id, self._kind, self._started_at, now, troubles))

    def __enter__(self) -> "Presence":
        self._loop.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.stop(EVERY_S)


def trouble_of(state: StepState) -> dict[str, Any]:
    """How a page shows it. `how`: `dead`, `stuck` or `failing`."""
    how = "dead" if state.is_dead else "stuck" if state.is_stuck else "failing"
    since = utc_text(state.failing_since) if state.failing_since is not None else None
    return {"thread": state.thread, "step": state.step, "how": how, "since": since, "error": state.last_error}
