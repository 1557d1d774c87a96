"""Lines, deadlines and runs in virtual time: a driver meets a simulated device, and no test waits for a real second."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st

from drivers.errors import Unavailable
from drivers.findings import Finding, MeasurementFound, to_json
from drivers.model import DeviceIdentity, Reading
from drivers.ports import ByteStream, Instrument, Progress
from drivers.spec import DriverSpec
from simulators.model import DeviceModel, apply_scenario

_READ_S = 0.1
_TICK_S = 0.05


@dataclass
class Clock:
    now_s: float = 0.0


@dataclass
class VirtualDeadline:
    clock: Clock
    at_s: float

    @property
    def left_s(self) -> float:
        return max(0.0, self.at_s - self.clock.now_s)

    @property
    def expired(self) -> bool:
        return self.clock.now_s >= self.at_s

    def within(self, seconds: float) -> "VirtualDeadline":
        return VirtualDeadline(self.clock, min(self.at_s, self.clock.now_s + seconds))


@dataclass
class VirtualRun:
    """A run with a deadline; `cancel_after` says at which progress state it is called off."""

    deadline: VirtualDeadline
    options: Mapping[str, str] = field(default_factory=dict)
    cancel_at: str = ""
    cancelled: bool = False
    reported: list[Progress] = field(default_factory=list)
    let_live: Callable[[float], None] | None = None

    def report(self, progress: Progress) -> None:
        self.reported.append(progress)
        self.cancelled = self.cancelled or progress.state == self.cancel_at

    def pause(self, seconds: float) -> None:
        if self.let_live is None:
            self.deadline.clock.now_s += seconds
        else:
            self.let_live(seconds)

    @property
    def states(self) -> list[str]:
        """States in the order in which they were first reported."""
        return list(dict.fromkeys(progress.state for progress in self.reported))


@dataclass
class ModelLine:
    """A line with a simulated device on it. `chunk` limits a read; `spoil` may change each byte string on its way."""

    model: DeviceModel
    clock: Clock = field(default_factory=Clock)
    chunk: int = 256
    spoil: Callable[[bytes], bytes] = bytes
    unplug_after_bytes: int | None = None
    waiting: bytes = b""
    sent: bytes = b""

    def read(self, size: int = 256) -> bytes:
        for _ in range(round(_READ_S / _TICK_S)):
            if self.waiting:
                break
            self._tick()
        taken = self.waiting[: min(size, self.chunk)]
        self.waiting = self.waiting[len(taken) :]
        if self.unplug_after_bytes is not None:
            self.unplug_after_bytes -= len(taken)
            if self.unplug_after_bytes < 0:
                raise Unavailable("the line is gone", code="line_lost")
        return taken

    def write(self, data: bytes) -> None:
        self.sent += data
        self.model.receive(data)

    def discard_input(self) -> None:
        self.waiting = b""

    def pass_time(self, seconds: float) -> None:
        """Let the device live for a while with nobody reading."""
        for _ in range(round(seconds / _TICK_S)):
            self._tick()

    def _tick(self) -> None:
        self.clock.now_s += _TICK_S
        self.model.tick(_TICK_S)
        self.waiting += self.spoil(self.model.transmit())


@dataclass
class ScriptedLine:
    """A line that answers requests from a list of (request, reply); other requests are answered with silence."""

    replies: Sequence[tuple[bytes, bytes]] = ()
    clock: Clock = field(default_factory=Clock)
    waiting: bytes = b""
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = list(self.replies)

    def read(self, size: int = 256) -> bytes:
        if not self.waiting:
            self.clock.now_s += _READ_S
        taken, self.waiting = self.waiting[:size], self.waiting[size:]
        return taken

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        for number, (request, reply) in enumerate(self._left):
            if request == data:
                del self._left[number]
                self.waiting += reply
                return

    def discard_input(self) -> None:
        self.waiting = b""

    def pass_time(self, seconds: float) -> None:
        self.clock.now_s += seconds


def options_of(spec: DriverSpec, **chosen: str) -> dict[str, str]:
    """Options as the registry hands them over: the defaults, and what was chosen."""
    return {name: option.default for name, option in spec.options.items()} | chosen


def decode(spec: DriverSpec, data: bytes, cuts: Iterable[int] = (), **chosen: str) -> list[Finding]:
    """Everything that the codec makes of these bytes, fed in pieces that end at `cuts`."""
    codec = spec.make_codec(options_of(spec, **chosen))
    places = [0, *sorted(cuts), len(data)]
    found: list[Finding] = []
    for start, end in pairwise(places):
        found += codec.feed(data[start:end])
    return found + codec.close()


def instrument(spec: DriverSpec, line: ByteStream, **chosen: str) -> Instrument:
    if spec.make_serial is None:
        raise AssertionError(f"{spec.name} has no serial instrument")
    return spec.make_serial(line, options_of(spec, **chosen))


def measure(
    spec: DriverSpec, line: ModelLine | ScriptedLine, timeout_s: float = 120.0, cancel_at: str = "", **chosen: str
) -> tuple[Reading, VirtualRun]:
    """One measurement by the driver on this line."""
    run = VirtualRun(
        VirtualDeadline(line.clock, line.clock.now_s + timeout_s), cancel_at=cancel_at, let_live=line.pass_time
    )
    return instrument(spec, line, **chosen).measure(run), run


def identify(spec: DriverSpec, line: ModelLine | ScriptedLine, timeout_s: float = 5.0, **chosen: str) -> DeviceIdentity:
    return instrument(spec, line, **chosen).identify(VirtualDeadline(line.clock, line.clock.now_s + timeout_s))


def in_scenario(model: DeviceModel, name: str) -> DeviceModel:
    apply_scenario(model, name)
    return model


def kinds(found: Iterable[Finding]) -> list[str]:
    return [str(to_json(finding)["kind"]) for finding in found]


def values_of(found: Iterable[Finding]) -> list[dict[str, object]]:
    """Values of the measurements among the findings."""
    return [dict(finding.reading.values) for finding in found if isinstance(finding, MeasurementFound)]


def cut_lists(data: bytes) -> st.SearchStrategy[list[int]]:
    """Places to cut these bytes at."""
    return st.lists(st.integers(0, len(data)), max_size=12)
