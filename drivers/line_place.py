"""One configured device on a line, for the line's worker: its state, and when to ask it again."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from drivers.deadline import MonotonicDeadline
from drivers.errors import Cancelled, DeviceError, NoResponse
from drivers.messages import DeviceMessage, DeviceStatus, DeviceStatusChanged
from drivers.model import Act, DeviceIdentity, DeviceState, Reading
from drivers.registry import Attached

RECHECK_ABSENT_S = 2.0
RECHECK_FAULT_S = 10.0
RECHECK_READY_S = 30.0


def reason_of(error: DeviceError) -> str:
    """The words that stand beside the state of a device."""
    return f"{error.code}: {error}"


class LinePlace:
    """One device on a line. Each change of its state is posted once.

    Belongs to the line's thread; a caller that finds this thread hanging may call `show`.
    """

    def __init__(self, attached: Attached, post: Callable[[DeviceMessage], None]) -> None:
        config = attached.config
        self.attached = attached
        self.status = DeviceStatus(config.id, config.measures, DeviceState.ABSENT, "starting", time.monotonic())
        self.recheck = MonotonicDeadline(0.0)
        self.was_silent = False
        """It did not answer when it was asked last."""
        self.last_reading: Reading | None = None
        """What was taken from it last; outlives the opening of its line."""
        self._post = post
        self._changing = threading.Lock()

    def answered(self, identity: DeviceIdentity) -> None:
        """It told who it is and can measure."""
        self.recheck = MonotonicDeadline(RECHECK_READY_S)
        self.show(DeviceState.READY, "", identity)

    def failed(self, error: DeviceError) -> None:
        """It could not do what was asked. What the worker or the moment is to blame for is no fault of the device."""
        if isinstance(error, Cancelled) or error.act is not Act.SERVICE:
            self.recheck = MonotonicDeadline(RECHECK_FAULT_S)
            self.show(DeviceState.READY, "")
            return
        self.unready(error)

    def unready(self, error: DeviceError) -> None:
        """It did not say who it is, or that it can measure."""
        self.was_silent = isinstance(error, NoResponse)
        self.recheck = MonotonicDeadline(RECHECK_ABSENT_S if self.was_silent else RECHECK_FAULT_S)
        self.show(DeviceState.ABSENT if self.was_silent else DeviceState.FAULT, reason_of(error))

    def show(self, state: DeviceState, reason: str, identity: DeviceIdentity | None = None) -> None:
        """Set the state and post it, unless nothing has changed. Without `identity` the known one stays."""
        with self._changing:
            old = self.status
            identity = identity or old.identity
            if (old.state, old.reason, old.identity) == (state, reason, identity):
                return
            since = old.since_monotonic_s if old.state is state else time.monotonic()
            self.status = replace(old, state=state, reason=reason, identity=identity, since_monotonic_s=since)
            self._post(DeviceStatusChanged(self.status))
