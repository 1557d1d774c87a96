"""One thread per port or bus: opens the line, keeps it open, knows who is there, runs one measurement at a time.

A line that is gone is tried again with a growing pause of at most 2 s; a device that does not answer is asked again
with short deadlines, so that on a bus a dead unit costs the living ones next to nothing.
"""

import logging
import queue
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from drivers.body import judge_reading
from drivers.deadline import MonotonicDeadline
from drivers.errors import Cancelled, DeviceError, DeviceFault, NoResponse, Unavailable
from drivers.identity import identity_of_reading, with_configured_serial
from drivers.line_place import LinePlace, reason_of
from drivers.messages import (
    DeviceMessage,
    DeviceStatus,
    MeasurementFailed,
    MeasurementProgress,
    MeasurementTaken,
)
from drivers.model import Act, DeviceState
from drivers.orders import LineRun, Order
from drivers.ports import Instrument, Progress, Remembering
from drivers.registry import Attached
from drivers.states import is_shown

log = logging.getLogger(__name__)

REOPEN_S = (0.25, 0.5, 1.0, 2.0)
"""Pauses between attempts to open a line; the last one repeats."""
RECHECK_BESIDE_SILENT_S = 5.0
"""How soon a living device is asked again when another one on its line is silent: is it the line?"""
CARE_S = 0.5
"""How often an idle line is looked at: is it still there?"""
IDENTIFY_S = 3.0
IDENTIFY_SILENT_S = 0.4
"""How long a silent device on a shared line may hold up the others when it is asked again."""


class Line(Protocol):
    """What the worker itself needs of an open line of either kind."""

    def discard_input(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """An open line and the instruments on it, by device id."""

    line: Line
    instruments: Mapping[str, Instrument]


class LineWorker:
    """Owns one line. Its public methods may be called from any thread."""

    def __init__(
        self,
        devices: Sequence[Attached],
        open_line: Callable[[], Opened],
        post: Callable[[DeviceMessage], None],
        today: Callable[[], date],
    ) -> None:
        self._open_line = open_line
        self._post = post
        self._today = today
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._opened: Opened | None = None
        self._failures = 0
        self._reopen = MonotonicDeadline(0.0)
        self._places = {item.config.id: LinePlace(item, post) for item in devices}
        names = ",".join(self._places)
        self._thread = threading.Thread(target=self._work, name=f"line:{names}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def order(self, order: Order) -> None:
        self._orders.put(order)
        if self._ended.is_set() or self._stopping.is_set():
            self._refuse_orders()

    def give_up(self, order: Order) -> None:
        """Fail an order that is past its time, from another thread than the line's: that one hangs."""
        order.off.set()
        text = f"{order.device_id}: the line has not come back from a measurement in time"
        if self._fail(order, NoResponse.__name__, "line_stuck", text, Act.SERVICE):
            place = self._places[order.device_id]
            place.show(DeviceState.FAULT, f"line_stuck: {text}")
            place.recheck = MonotonicDeadline(0.0)

    def refuse(self, order: Order) -> None:
        """Nobody serves this order any more."""
        self._fail(order, Cancelled.__name__, "line_closed", f"{order.device_id}: the line is closed", Act.SERVICE)

    def statuses(self) -> Mapping[str, DeviceStatus]:
        return {name: place.status for name, place in self._places.items()}

    def stop(self) -> None:
        """Ask the thread to end after what it is doing; `join` waits for it."""
        self._stopping.set()
        self._orders.put(None)

    def join(self, timeout_s: float | None = None) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                self._care()
                try:
                    order = self._orders.get(timeout=self._next_care_s())
                except queue.Empty:
                    continue
                if order is not None:
                    self._serve(order)
        finally:
            self._close_line()
            self._ended.set()
            self._refuse_orders()

    def _refuse_orders(self) -> None:
        """Nobody serves these any more: the park was closed, or the thread died of a fault of ours."""
        while True:
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                return
            if order is not None:
                self.refuse(order)

    def _next_care_s(self) -> float:
        return CARE_S if self._opened else min(CARE_S, self._reopen.left_s)

    def _care(self) -> None:
        """Look after line and devices while nobody measures. An order that came in goes first."""
        if self._opened is None:
            if not self._reopen.expired:
                return
            try:
                self._open()
            except Unavailable:
                return
        try:
            if self._opened is not None:
                self._opened.line.discard_input()
        except Unavailable as error:
            self._lose_line(error)
            return
        for place in self._places.values():
            if self._opened is not None and place.recheck.expired and self._orders.empty():
                self._check(place)

    def _open(self) -> Opened:
        try:
            opened = self._opened_line()
        except Unavailable as error:
            self._back_off()
            state = DeviceState.ABSENT if error.code in ("not_found", "line_lost") else DeviceState.FAULT
            for place in self._places.values():
                place.show(state, reason_of(error))
            raise
        for name, place in self._places.items():
            place.recheck = MonotonicDeadline(0.0)
            instrument: object = opened.instruments.get(name)
            if place.last_reading is not None and isinstance(instrument, Remembering):
                instrument.resume(place.last_reading)
        self._opened = opened
        return opened

    def _opened_line(self) -> Opened:
        try:
            return self._open_line()
        except Exception as error:
            if isinstance(error, Unavailable):
                raise
            trace = "".join(traceback.format_tb(error.__traceback__))
            log.critical("fault of the program while opening a line: %s (developers)\n%s", type(error).__name__, trace)
            raise Unavailable(f"fault of the program: {type(error).__name__}", code="internal") from error

    def _back_off(self) -> None:
        """Wait a little longer each time until a device has answered: a line may open and die at once, for ever."""
        self._reopen = MonotonicDeadline(REOPEN_S[min(self._failures, len(REOPEN_S) - 1)])
        self._failures += 1

    def _lose_line(self, error: Unavailable) -> None:
        self._close_line()
        self._back_off()
        for place in self._places.values():
            place.show(DeviceState.ABSENT, reason_of(error))

    def _close_line(self) -> None:
        if self._opened is not None:
            self._opened.line.close()
            self._opened = None

    def _check(self, place: LinePlace) -> DeviceError | None:
        """Ask one device who it is; sets its state and returns what was wrong."""
        if self._opened is None:
            return Unavailable("the line is not open", code="line_lost")
        try:
            self._identify(self._opened, place)
        except Unavailable as error:
            self._lose_line(error)
            return error
        except DeviceError as error:
            place.unready(error)
            if place.was_silent:
                for other in self._places.values():
                    other.recheck = other.recheck.within(RECHECK_BESIDE_SILENT_S)
            return error
        except Exception as error:  # noqa: BLE001 - what one device answers never ends the line of the others
            return self._stumbled(place, "asking who it is", error)
        return None

    def _stumbled(self, place: LinePlace, work: str, error: Exception) -> DeviceFault:
        """A bug of ours that one device's answer brings out: noted with its place, shown, and the others go on.

        The text of the error may hold what came over the line, and is left out.
        """
        trace = "".join(traceback.format_tb(error.__traceback__))
        name = place.attached.config.id
        log.critical("fault of the program while %s %s: %s (developers)\n%s", work, name, type(error).__name__, trace)
        fault = DeviceFault(f"{name}: fault of the program: {type(error).__name__}", code="internal")
        place.unready(fault)
        return fault

    def _identify(self, opened: Opened, place: LinePlace) -> None:
        config = place.attached.config
        if config.verified_until is not None and config.verified_until < self._today():
            message = f"{config.id}: the verification ended on {config.verified_until}; have the instrument verified"
            raise DeviceFault(message, code="verification_expired")
        silent = len(self._places) > 1 and place.status.state is DeviceState.ABSENT and place.was_silent
        place.was_silent = False
        deadline = MonotonicDeadline(IDENTIFY_SILENT_S if silent else IDENTIFY_S, self._stopping)
        identity = opened.instruments[config.id].identify(deadline)
        self._failures = 0
        place.answered(with_configured_serial(identity, place.attached))

    def _serve(self, order: Order) -> None:
        place = self._places[order.device_id]
        try:
            taken = self._measure(order, place)
        except DeviceError as error:
            self._fail(order, type(error).__name__, error.code, str(error), error.act)
        except Exception as error:  # noqa: BLE001 - a driver that stumbles over its device's bytes is that device's fault
            fault = self._stumbled(place, "measuring", error)
            self._fail(order, "InternalError", fault.code, str(fault), fault.act)
        else:
            if order.ends_now():
                self._post(taken)

    def _measure(self, order: Order, place: LinePlace) -> MeasurementTaken:
        if order.off.is_set():
            raise Cancelled(f"{order.device_id}: called off before it began")
        if order.deadline.expired:
            raise NoResponse(
                f"{order.device_id}: its line was busy until the time was over", code="late", act=Act.WORKER
            )
        opened = self._opened or self._open()
        if place.status.state is not DeviceState.READY and (problem := self._check(place)) is not None:
            raise problem
        options = {**place.attached.options, **order.options}
        place.show(DeviceState.BUSY, "measuring")
        run = LineRun(order, options, lambda progress: self._progress(order, place, progress))
        try:
            reading = opened.instruments[order.device_id].measure(run)
            judge_reading(reading, place.attached.config.measures)
            identity = identity_of_reading(reading, place.status.identity, place.attached)
        except Unavailable as error:
            self._lose_line(error)
            raise
        except DeviceError as error:
            place.failed(error)
            raise
        place.last_reading = reading
        place.show(DeviceState.READY, "")
        return MeasurementTaken(order.request_id, order.device_id, reading, identity)

    def _progress(self, order: Order, place: LinePlace, progress: Progress) -> None:
        warming = progress.state == DeviceState.WARMING
        place.show(DeviceState.WARMING if warming else DeviceState.BUSY, "measuring")
        if is_shown(place.attached.config.measures, progress.state):
            self._post(MeasurementProgress(order.request_id, order.device_id, progress.state, progress.details))

    def _fail(self, order: Order, kind: str, code: str, message: str, act: Act) -> bool:
        """Tell how the order ended; False when somebody else has done so."""
        if not order.ends_now():
            return False
        self._post(MeasurementFailed(order.request_id, order.device_id, kind, code, message, str(act)))
        return True
