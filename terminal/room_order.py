"""A measurement that a medic in the same room has prepared: begun by a touch here, answered to the centre, part of no exam here.

The screen draws it as one step of an exam, so that the worker meets the same pages; the state behind it is never stored. What
the centre must know is queued before the screen shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from drivers.config import DeviceConfig
from drivers.messages import (
    DeviceMessage,
    DeviceStatusChanged,
    MeasurementFailed,
    MeasurementProgress,
    MeasurementTaken,
)
from sync.contract.canonical import new_id
from sync.contract.exam import Failure, Measurement
from sync.contract.order import MEASURED_SCHEMA, MeasuredReport, MeasurementOrder
from sync.contract.topics import Up
from terminal.core import Core
from terminal.exam.model import Activity, ExamState, Phase, Plan
from terminal.exam.times import local_day
from terminal.measuring import RUN_OPTIONS, TIMEOUT_S, expired, failure_of, is_verification_expired, measurement_of
from terminal.snapshot import LiveProgress
from terminal.typed_entry import typed_steps

SHOWN_S = 15.0
"""How long a value, or why there is none, stays on the screen when nobody touches it away."""
Outcome = Literal["measured", "failed", "over", "declined", "cancelled", "busy", "no_device"]
_PHASES = {"temperature": Phase.TEMPERATURE, "pressure": Phase.PRESSURE, "breath": Phase.BREATH}


@dataclass(frozen=True, slots=True)
class _Standing:
    """The order on the screen."""

    order: MeasurementOrder
    device: DeviceConfig
    state: ExamState


class RoomOrders:
    """Only the core thread may use it. One order at a time; an exam on the screen comes first."""

    def __init__(self, core: Core, software_version: str, is_busy: Callable[[], bool]) -> None:
        """`is_busy`: whether an exam is on the screen."""
        self._core, self._software_version, self._is_busy = core, software_version, is_busy
        self._standing: _Standing | None = None
        self.progress = LiveProgress()

    @property
    def shown(self) -> ExamState | None:
        """The one step that the screen shows; None without an order."""
        return self._standing.state if self._standing is not None else None

    def take(self, order: MeasurementOrder, made_at: datetime, done: Callable[[], None]) -> None:
        """Show a new order, or call off the one that stands. `done` marks the message, in the transaction of the answer.

        An order that is too old by a clock that is to be trusted is over already: whoever it was for may have left.
        """
        now = self._core.clock.now()
        standing = self._standing
        if order.cancelled:
            if standing is None or standing.order.order_id != order.order_id:
                self._commit(done)
                return
            if standing.state.activity is Activity.MEASURING:
                self._core.park.cancel(standing.state.request_id)
            answered = standing.state.activity in (Activity.RESULT, Activity.TROUBLE)
            self._standing = None
            self._commit(done, None if answered else self._report(order, "cancelled"))
            return
        device = self._core.config.device_for(order.step)
        if now.trusted and now.at - made_at > timedelta(seconds=order.valid_s):
            self._commit(done, self._report(order, "over"))
        elif standing is not None or self._is_busy():
            self._commit(done, self._report(order, "busy"))
        elif device is None or order.step in typed_steps(self._core.config):
            self._commit(done, self._report(order, "no_device"))
        else:
            self._commit(done)
            self._standing = _Standing(order, device, self._begun(order))
            self._core.timers.after(order.valid_s, lambda: self._over(order.order_id))

    def start(self) -> None:
        """Somebody touched the screen: only now does the device work."""
        standing = self._standing
        if standing is None or standing.state.activity is not Activity.READY:
            return
        now, request_id = self._core.clock.now(), new_id()
        measuring = replace(
            standing.state,
            activity=Activity.MEASURING,
            request_id=request_id,
            measuring_since=now,
            device_id=standing.device.id,
        )
        self._standing = replace(standing, state=measuring)
        self.progress = LiveProgress()
        if is_verification_expired(standing.device, local_day(now)):
            self._failed(expired(standing.device, request_id))
            return
        step = standing.order.step
        self._core.park.measure(request_id, standing.device.id, RUN_OPTIONS.get(step, {}), TIMEOUT_S[step])

    def stop(self) -> None:
        """Stop at once; the device answers with `Cancelled`."""
        if self._standing is not None and self._standing.state.activity is Activity.MEASURING:
            self._core.park.cancel(self._standing.state.request_id)

    def leave(self) -> None:
        """Seen, or not now: an order that was not begun is declined."""
        standing = self._standing
        if standing is None or standing.state.activity is Activity.MEASURING:
            return
        if standing.state.activity is Activity.READY:
            self._answer(standing, "declined")
        self._standing = None

    def device(self, message: DeviceMessage) -> bool:
        """Take what a device says; whether it belongs to the order on the screen."""
        standing = self._standing
        if (
            standing is None
            or isinstance(message, DeviceStatusChanged)
            or message.request_id != standing.state.request_id
        ):
            return False
        if standing.state.activity is not Activity.MEASURING:
            return True
        match message:
            case MeasurementProgress():
                moment_s = self._core.clock.now().monotonic_s
                self.progress = LiveProgress(message.state, dict(message.details), moment_s)
            case MeasurementTaken():
                self._measured(standing, message)
            case MeasurementFailed():
                self._failed(message)
        return True

    def _measured(self, standing: _Standing, message: MeasurementTaken) -> None:
        now, generation = self._core.clock.now(), self._core.config.identity.generation
        measurement = measurement_of(message, standing.order.attempt, standing.device, now, generation)
        self._answer(standing, "measured", measurement=measurement)
        self._show(replace(standing.state, activity=Activity.RESULT, measurements=(measurement,)))

    def _failed(self, message: MeasurementFailed) -> None:
        standing = self._standing
        if standing is None:
            return
        failure = failure_of(message, standing.order.attempt, standing.order.step, self._core.clock.now())
        self._answer(standing, "failed", failure=failure)
        self._show(replace(standing.state, activity=Activity.TROUBLE, failures=(failure,)))

    def _show(self, state: ExamState) -> None:
        """What is shown now was queued before; it goes by itself."""
        if self._standing is None:
            return
        self._standing = replace(self._standing, state=state)
        self.progress = LiveProgress()
        order_id = self._standing.order.order_id
        self._core.timers.after(SHOWN_S, lambda: self._seen(order_id))

    def _seen(self, order_id: str) -> None:
        if self._standing is not None and self._standing.order.order_id == order_id:
            self._standing = None

    def _over(self, order_id: str) -> None:
        """Nobody touched the screen in time."""
        standing = self._standing
        is_waiting = standing is not None and standing.state.activity is Activity.READY
        if standing is not None and is_waiting and standing.order.order_id == order_id:
            self._answer(standing, "over")
            self._standing = None

    def _answer(
        self,
        standing: _Standing,
        outcome: Outcome,
        *,
        measurement: Measurement | None = None,
        failure: Failure | None = None,
    ) -> None:
        self._commit(lambda: None, self._report(standing.order, outcome, measurement, failure))

    def _report(
        self,
        order: MeasurementOrder,
        outcome: Outcome,
        measurement: Measurement | None = None,
        failure: Failure | None = None,
    ) -> MeasuredReport:
        at = self._core.clock.now().at
        return MeasuredReport(order_id=order.order_id, outcome=outcome, at=at, measurement=measurement, failure=failure)

    def _commit(self, done: Callable[[], None], report: MeasuredReport | None = None) -> None:
        store = self._core.store
        with store.transaction():
            done()
            if report is not None:
                payload, stamp = report.model_dump(mode="json"), self._core.clock.now()
                store.queue(Up.MEASURED, MEASURED_SCHEMA, payload, subject=report.order_id, stamp=stamp)

    def _begun(self, order: MeasurementOrder) -> ExamState:
        """One step, drawn as a step of an exam; nobody's, and stored nowhere."""
        now, config = self._core.clock.now(), self._core.config
        phase = _PHASES[order.step]
        return ExamState(
            exam_id=order.order_id,
            exam_type=config.exam.type,
            plan=Plan.model_validate({"steps": (phase,), "most_failures": 1}),
            started=now,
            generation=config.identity.generation,
            software_version=self._software_version,
            config_version=config.version,
            phase=phase,
            phase_since=now,
        )
