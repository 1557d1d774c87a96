"""A started measurement of a register profile: write, follow the state register, read the result in `done` only."""

from typing import Protocol

from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading, WrongDevice
from drivers.model import Act, Reading
from drivers.ports import Deadline, Progress, Run
from drivers.profile import Cycle, CycleState, Profile

_MOST_READS = 5


class Unit(Protocol):
    """What a cycle asks of the instrument on its bus."""

    def read_word(self, register: int, deadline: Deadline) -> int: ...
    def write_word(self, register: int, value: int) -> None: ...
    def read_result(self, deadline: Deadline) -> Reading: ...


class CycleRun:
    """One measurement. A result that stands there before the start is somebody else's."""

    def __init__(self, instrument: Unit, profile: Profile, cycle: Cycle, run: Run) -> None:
        self._instrument = instrument
        self._profile = profile
        self._cycle = cycle
        self._run = run

    def result(self) -> Reading:
        """Run through the cycle. Raises the instrument's own fault, `NoResponse`, `StaleReading` or `WrongDevice`."""
        self._reset()
        started = False
        state = self._state()
        if state.state == "done":
            raise StaleReading(f"{self._profile.model}: still shows the result before; reset it", act=Act.SERVICE)
        self._instrument.write_word(self._cycle.start_register, self._cycle.start_value)
        allowed = self._run.deadline.within(state.timeout_s)
        before = state
        while not allowed.expired:
            if self._run.cancelled:
                self._reset()
                raise Cancelled(f"{self._profile.model}: called off")
            state = self._state()
            started = started or state.value != before.value
            if state.state == "error":
                raise self._error()
            if state.state == "done" and started:
                reading = self._settled_result()
                self._reset()
                return reading
            if state.value != before.value:
                before, allowed = state, self._run.deadline.within(state.timeout_s)
            self._run.report(Progress(state.state))
            self._run.pause(self._profile.link.poll_period_s)
        self._reset()
        raise NoResponse(f"{self._profile.model}: stayed in state {before.state} too long", code="state_timeout")

    def _settled_result(self) -> Reading:
        """Two answers in a row that are alike: one alone may be a late answer to another question."""
        reading = self._instrument.read_result(self._run.deadline)
        for _ in range(_MOST_READS):
            before, reading = reading, self._instrument.read_result(self._run.deadline)
            if reading.values == before.values:
                return reading
        raise FrameError(f"{self._profile.model}: the result differs each time that it is read", act=Act.WORKER)

    def _state(self) -> CycleState:
        value = self._instrument.read_word(self._cycle.state_register, self._run.deadline)
        for state in self._cycle.states:
            if state.value == value:
                return state
        raise WrongDevice(f"{self._profile.model}: state {value} is not in the profile")

    def _reset(self) -> None:
        if self._cycle.reset_register is not None:
            self._instrument.write_word(self._cycle.reset_register, self._cycle.reset_value)

    def _error(self) -> DeviceFault:
        if self._cycle.error_register is None:
            return DeviceFault(f"{self._profile.model}: reports an error")
        value = self._instrument.read_word(self._cycle.error_register, self._run.deadline)
        for text in self._cycle.errors:
            if text.value == value:
                return DeviceFault(f"{self._profile.model}: {text.message}", code=text.code, act=text.act)
        return DeviceFault(f"{self._profile.model}: unknown error {value}", code=f"error_{value}")
