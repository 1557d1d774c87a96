"""The interfaces that a driver may use, as protocols: a stream of bytes or a bus of registers, a deadline, a run.

Device files import this and nothing that does I/O; `drivers.transport` implements the lines, `drivers.worker` the runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from drivers.model import DeviceIdentity, Reading, Value


class Deadline(Protocol):
    """A point in monotonic time."""

    @property
    def left_s(self) -> float:
        """Seconds left, never negative."""
        ...

    @property
    def expired(self) -> bool: ...

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and `seconds` from now."""
        ...


class ByteStream(Protocol):
    """An open serial line. Every call is bounded; a line that is gone raises `Unavailable`."""

    def read(self, size: int = 256) -> bytes:
        """Return what is there, waiting at most 0.1 s for the first byte; empty when nothing came."""
        ...

    def write(self, data: bytes) -> None: ...

    def discard_input(self) -> None:
        """Forget everything received so far: a late result must never reach the next examinee."""
        ...


@dataclass(frozen=True, slots=True)
class RegisterBlock:
    """Answer of a Modbus unit: registers (16 bit, unsigned) and the ADUs they came in."""

    address: int
    registers: tuple[int, ...]
    request: bytes = b""
    reply: bytes = b""


class RegisterBus(Protocol):
    """A Modbus line or gateway.

    Raises `Unavailable`, `NoResponse`, `FrameError` or `DeviceFault` (exception answer).
    """

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock: ...

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """What the device is doing now, for the screen: a state word and live values (`cuff_mmhg`, `blown_share`)."""

    state: str
    details: Mapping[str, Value] = field(default_factory=dict)


class Run(Protocol):
    """One measurement in progress, as the driver sees it: how long, whether still wanted, and where to report."""

    @property
    def deadline(self) -> Deadline: ...

    @property
    def cancelled(self) -> bool: ...

    @property
    def options(self) -> Mapping[str, str]:
        """Options of this run, such as `test=fast` or `test=precise` for a breathalyzer."""
        ...

    def report(self, progress: Progress) -> None: ...

    def pause(self, seconds: float) -> None:
        """Wait between two polls; returns early when the run is cancelled or its deadline is over."""
        ...


class Instrument(Protocol):
    """A device on its line. Blocks, so only the line's worker thread may call it.

    Both methods look at the deadline at least every 0.1 s, and `measure` at `run.cancelled` too.
    """

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Ask who is there, harmlessly: never starts a measurement. Raises `WrongDevice` for a stranger.

        A device that cannot be asked is answered from its manual and the configuration.
        """
        ...

    def measure(self, run: Run) -> Reading:
        """Start, wait and return one result, or raise a `DeviceError`.

        Clears the input first; a cancelled run stops the device.
        """
        ...


@runtime_checkable
class SelfTesting(Protocol):
    """An instrument that can say how it is without measuring anybody."""

    def self_test(self, deadline: Deadline) -> Mapping[str, Value]:
        """Facts of the self-test; raises `DeviceFault` for what must be repaired."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """An instrument that must know what it gave last, to tell a record that its device sends once more."""

    def resume(self, last: Reading) -> None:
        """The line was opened anew; this was taken from the device before."""
        ...
