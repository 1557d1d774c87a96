"""One thread that owns a relay's line: opens it, makes the board safe, looks at it again and again, opens the gate when asked."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceError, Unavailable
from drivers.gate_relay import GateRelay, Outcome, RelayBus
from drivers.relay_profile import RelayProfile

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""So often an idle relay is asked how it stands: more often than a board's safe state waits."""
AGAIN_S = (0.25, 0.5, 1.0, 2.0)
STOP_S = 3.0


@dataclass(frozen=True, slots=True)
class RelayDone:
    """What became of one order; exactly one for each."""

    request_id: str
    outcome: Outcome
    words: str = ""


@dataclass(frozen=True, slots=True)
class RelayState:
    """How the relay is. `is_ready`: the line is open and the board was made safe. `reason`: code and words when it is not."""

    is_ready: bool
    reason: str = ""


class RelayLine(RelayBus, Protocol):
    """An open line with a relay board on it."""

    def discard_input(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RelayPlace:
    """Which relay of which board, and for how long it is on."""

    profile: RelayProfile
    unit: int
    relay: int
    pulse_s: float


@dataclass(frozen=True, slots=True)
class _Order:
    request_id: str
    deadline: MonotonicDeadline


class RelayWorker:
    """Public methods from any thread; `post` is called from the relay's own."""

    def __init__(
        self,
        place: RelayPlace,
        open_line: Callable[[], RelayLine],
        post: Callable[[RelayDone | RelayState], None],
    ) -> None:
        self._place, self._open_line, self._post = place, open_line, post
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._line: RelayLine | None = None
        self._relay: GateRelay | None = None
        self._failures = 0
        self._again = MonotonicDeadline(0.0)
        self._state: RelayState | None = None
        self._thread = threading.Thread(target=self._work, name="relay", daemon=True)

    def start(self) -> None:
        """Begin: the board is made safe as soon as its line is there."""
        self._thread.start()

    def open_once(self, request_id: str, within_s: float) -> None:
        """Open for one person. What cannot be begun within so many seconds is not begun any more."""
        self._orders.put(_Order(request_id, MonotonicDeadline(within_s)))

    def stop(self) -> None:
        """End with the relay off."""
        self._stopping.set()
        self._orders.put(None)
        if self._thread.ident is not None:
            self._thread.join(STOP_S + self._place.pulse_s)

    def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                self._care()
                try:
                    order = self._orders.get(timeout=LOOK_S if self._relay else max(0.05, self._again.left_s))
                except queue.Empty:
                    continue
                if order is not None:
                    self._post(self._served(order))
        finally:
            self._end()

    def _care(self) -> None:
        if self._relay is None and not self._again.expired:
            return
        try:
            if self._relay is None:
                self._relay = self._safe_relay()
            elif self._relay.look():
                log.warning("the gate's relay was on and nobody had switched it; it is off now (service engineer)")
        except DeviceError as error:
            self._lose(error)
        else:
            self._failures = 0
            self._show(RelayState(True))

    def _safe_relay(self) -> GateRelay:
        self._line = self._open_line()
        relay = GateRelay(self._line, self._place.profile, self._place.unit, self._place.relay, time.sleep)
        relay.make_safe()
        return relay

    def _served(self, order: _Order) -> RelayDone:
        while self._relay is None and not order.deadline.expired and not self._stopping.is_set():
            # Nothing was sent yet: a line that comes back in time may still let them in.
            self._stopping.wait(min(self._again.left_s, order.deadline.left_s))
            self._care()
        if self._relay is None:
            return RelayDone(order.request_id, "failed", "not_ready")
        if self._stopping.is_set() or order.deadline.expired:
            return RelayDone(order.request_id, "failed", "late")
        outcome = self._relay.open_once(self._place.pulse_s)
        if outcome != "opened":
            self._lose(Unavailable("the relay gave no whole answer while it was switched", code="in_doubt"))
        return RelayDone(order.request_id, outcome, "" if outcome == "opened" else "in_doubt")

    def _lose(self, error: DeviceError) -> None:
        """Whatever was wrong: the board is made safe anew before anybody is let in."""
        if self._line is not None:
            self._line.close()
        self._line = self._relay = None
        self._again = MonotonicDeadline(AGAIN_S[min(self._failures, len(AGAIN_S) - 1)])
        self._failures += 1
        self._show(RelayState(False, f"{error.code}: {error}"))

    def _show(self, state: RelayState) -> None:
        if state != self._state:
            self._state = state
            self._post(state)

    def _end(self) -> None:
        if self._relay is not None:
            try:
                self._relay.switch_off()
            except DeviceError as error:
                log.error("the gate's relay could not be switched off at the end: %s", error)
        if self._line is not None:
            self._line.close()
        while True:
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                return
            if order is not None:
                self._post(RelayDone(order.request_id, "failed", "closed"))
