"""Records of the steps of the centre's threads: failures, rests, the newest error. Metrics and the page of terminals read them.

Nothing here needs the thread, the store or the broker: what is wrong can be read while they are away.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central.core import metrics
from central.core.clock import now_utc

log = logging.getLogger(__name__)

FIRST_REST_S, LONGEST_REST_S = 0.5, 15.0
LONGEST_REST_AWAY_S = 5.0
"""A store or a disk that does not answer is asked again sooner than a fault of ours is repeated."""
TOLD_AGAIN_AFTER_S = 600.0
"""The same error again and again is logged at its first time and then so often; it is counted each time."""
SHOWN_FOR = timedelta(days=1)
"""How long the page says that a step that works had an error."""
STUCK_AFTER_S = 120.0
"""A pass that lasts longer than this is said to be stuck: nothing that a step waits for may last so long."""
_LIMITS_OF_THE_PROGRAM = "54"
"""Class of SQLSTATE: the statement is too large for the database, and will be too large again."""


def is_away(error: BaseException) -> bool:
    """Whether the store, the disk or the network did not answer: the same step may succeed later without any change."""
    if isinstance(error, OperationalError):
        return not (getattr(error.orig, "sqlstate", None) or "").startswith(_LIMITS_OF_THE_PROGRAM)
    return isinstance(error, OSError | InterfaceError | PoolTimeoutError)


def place_of(error: BaseException) -> str:
    """The kind of an error and the line it came from. Never its words: they may carry values of people."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return type(error).__name__ + where


def trace_of(error: BaseException) -> str:
    """The kind of an error and the way to it, line by line; never its words, for the same reason."""
    return type(error).__name__ + "\n" + "".join(traceback.format_tb(error.__traceback__))


@dataclass(frozen=True, slots=True)
class StepState:
    """How one step of a thread does. Times are of the wall clock, for people; `failing_s` and `pass_s` are durations."""

    thread: str
    step: str
    failures: int
    """Since the start of the process."""
    is_failing: bool
    failing_since: datetime | None
    failing_s: float
    last_error: str
    """Kind and place of the newest error, and what it was about where that is known; empty before the first."""
    last_error_at: datetime | None
    is_stuck: bool
    is_dead: bool
    """Its thread has ended and nobody asked it to."""

    @property
    def is_in_trouble(self) -> bool:
        """Whether somebody should look."""
        return self.is_failing or self.is_stuck or self.is_dead


class StepRecord:
    """What is known of one step, from any thread. Made by `Supervised`, or by whoever runs a step in another way."""

    def __init__(self, thread: str, step: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.thread, self.step = thread, step
        self._monotonic = monotonic
        self._keeping = threading.Lock()
        self._failures = self._in_a_row = 0
        self._failing_since: datetime | None = None
        self._failing_since_s = 0.0
        self._last_error = ""
        self._last_error_at: datetime | None = None
        self._told, self._told_s = "", 0.0
        self._begun_s: float | None = None
        self._rests_until_s = 0.0
        self.is_dead: Callable[[], bool] = lambda: False
        with _registering:
            _records[(thread, step)] = self
        metrics.step_failing.labels(thread, step).set_function(lambda: float(self.state().is_in_trouble))

    def begin(self) -> None:
        """A pass begins."""
        with self._keeping:
            self._begun_s = self._monotonic()

    def passed(self) -> None:
        """A pass has ended well."""
        with self._keeping:
            was_failing, self._in_a_row, self._told = self._in_a_row > 0, 0, ""
            self._begun_s, self._failing_since, self._rests_until_s = None, None, 0.0
        if was_failing:
            log.warning("%s: %s works again", self.thread, self.step)

    def failed(self, error: BaseException) -> float:
        """A pass has ended by an error. Counts it, and logs it where it is new; returns after how many seconds to try again."""
        place = place_of(error)
        with self._keeping:
            is_known = place == self._told and self._monotonic() - self._told_s < TOLD_AGAIN_AFTER_S
            if not is_known:
                self._told, self._told_s = place, self._monotonic()
        self._count(error)
        if not is_known:
            self._tell(error, "")
        longest_s = LONGEST_REST_AWAY_S if is_away(error) else LONGEST_REST_S
        with self._keeping:
            rest_s: float = min(longest_s, FIRST_REST_S * 2 ** min(self._in_a_row, 10))
            self._in_a_row += 1
            if self._failing_since is None:
                self._failing_since, self._failing_since_s = now_utc(), self._monotonic()
            self._begun_s, self._rests_until_s = None, self._monotonic() + rest_s
        return rest_s

    def note(self, error: BaseException, subject: str = "") -> None:
        """Something in a pass went wrong, and the pass goes on. `subject`: id of what it was about; no names, no values."""
        self._count(error, subject)
        self._tell(error, subject)

    def _tell(self, error: BaseException, subject: str) -> None:
        about = f" ({subject})" if subject else ""
        if is_away(error):
            plain = getattr(error, "orig", None) or error
            log.error("%s: %s is put off%s: %s", self.thread, self.step, about, str(plain)[:300])
        else:
            lines = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s: %s failed%s: %s\n%s", self.thread, self.step, about, type(error).__name__, lines)

    def _count(self, error: BaseException, subject: str = "") -> None:
        metrics.step_failures.labels(self.thread, self.step, type(error).__name__).inc()
        with self._keeping:
            self._failures += 1
            self._last_error, self._last_error_at = f"{place_of(error)} {subject}".rstrip(), now_utc()

    @property
    def rests(self) -> bool:
        """Whether it failed so recently that it is not to be tried yet."""
        with self._keeping:
            return self._monotonic() < self._rests_until_s

    def state(self) -> StepState:
        """How it does now."""
        is_dead = self.is_dead()
        with self._keeping:
            now_s = self._monotonic()
            return StepState(
                self.thread,
                self.step,
                self._failures,
                self._failing_since is not None,
                self._failing_since,
                now_s - self._failing_since_s if self._failing_since else 0.0,
                self._last_error,
                self._last_error_at,
                self._begun_s is not None and now_s - self._begun_s > STUCK_AFTER_S,
                is_dead,
            )

    def forget(self) -> None:
        """Its thread was ended on purpose: it is shown no more."""
        with _registering:
            if _records.get((self.thread, self.step)) is self:
                del _records[(self.thread, self.step)]
                metrics.step_failing.remove(self.thread, self.step)


_registering = threading.Lock()
_records: dict[tuple[str, str], StepRecord] = {}


def steps() -> list[StepState]:
    """All steps of this process, by thread and name."""
    with _registering:
        records = [_records[key] for key in sorted(_records)]
    return [record.state() for record in records]


def troubles() -> list[StepState]:
    """The steps that somebody should look at."""
    return [state for state in steps() if state.is_in_trouble]


def stumbles() -> list[StepState]:
    """The steps that work and had to set something aside within the day."""
    since = now_utc() - SHOWN_FOR
    return [
        state for state in steps() if not state.is_in_trouble and state.last_error_at and state.last_error_at > since
    ]
