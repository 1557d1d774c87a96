"""Waiting on a line for what a codec finds, within a deadline, and explaining why nothing came.

The thin half of a driver: it knows a `ByteStream` and a codec, and no protocol.
"""

from collections import deque
from collections.abc import Callable, Iterable

from drivers.errors import Cancelled, DeviceError, DeviceFault, FrameError, NoResponse, StaleReading, WrongDevice
from drivers.findings import Codec, FaultSeen, Finding, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.model import Act, Reading
from drivers.ports import ByteStream, Deadline, Progress, Run
from drivers.verdict import WRONG_FORMAT

STEADY_SPO2_PERCENT = 2
STEADY_PULSE_BPM = 10
"""How far values of an oximeter may spread while they count as steady: its own published accuracy, and breathing."""

ALONE_S = 0.6
"""A result of a device that sends by itself must be alone for so long."""


class Listener:
    """Findings of one line, one after the other. Make a new one for each measurement, so that nothing is left over.

    `silence_s`: frames of this device end with so much silence, and the codec is closed then.
    """

    def __init__(
        self, name: str, stream: ByteStream, codec: Codec, run: Run | None = None, silence_s: float | None = None
    ) -> None:
        self._name = name
        self._stream = stream
        self._codec = codec
        self._run = run
        self._silence_s = silence_s
        self._quiet: Deadline | None = None
        self._pending: deque[Finding] = deque()
        self._last: Finding | None = None

    def next(self, deadline: Deadline) -> Finding | None:
        """The next finding, or None at the deadline. Reports states of a run; raises `Cancelled` when called off."""
        while not self._pending:
            if self._run is not None and self._run.cancelled:
                raise Cancelled(f"{self._name}: the measurement was called off")
            if deadline.expired:
                return None
            received = self._stream.read()
            self._pending.extend(self._codec.feed(received))
            if received and self._silence_s is not None:
                self._quiet = deadline.within(self._silence_s)
            elif not received and self._quiet is not None and self._quiet.expired:
                self._quiet = None
                self._pending.extend(self._codec.close())
        return self._taken()

    def flush(self) -> list[Finding]:
        """The line is silent: what the codec makes of the rest."""
        self._pending.extend(self._codec.close())
        return [self._taken() for _ in range(len(self._pending))]

    def answer(self, request: bytes, deadline: Deadline) -> Finding | None:
        """Send a request and return the first finding that is no garbage, or None at the deadline."""
        self._stream.write(request)
        while isinstance(finding := self.next(deadline), FrameBroken):
            continue
        return finding

    def pause(self, deadline: Deadline) -> None:
        """Let time pass on the line until the deadline; what comes meanwhile is reported and not kept."""
        while self.next(deadline) is not None:
            continue

    def await_reading(self, deadline: Deadline) -> Reading:
        """The one measurement that comes. Raises the device's own fault, or what explains that there is none.

        A device that nobody asked may send what it has stored: when several results come together, nobody knows which
        of them is the worker's, so none is. The same one sent twice is one.
        """
        while (finding := self.next(deadline)) is not None:
            if isinstance(finding, MeasurementFound):
                return self._alone(finding.reading, deadline.within(ALONE_S))
            self.raise_failure(finding)
        error = self.explanation()
        if isinstance(error, NoResponse):
            raise NoResponse(f"{self._name}: nobody started it in time", code="not_started", act=Act.WORKER)
        raise error

    def _alone(self, reading: Reading, deadline: Deadline) -> Reading:
        behind: list[Finding] = []
        while (finding := self.next(deadline)) is not None:
            behind.append(finding)
        return refuse_rivals(self._name, reading, [*behind, *self.flush()])

    def sole(self, reading: Reading) -> Reading:
        """The reading that was asked for, unless a different one came in the same breath. Raises `StaleReading`."""
        return refuse_rivals(self._name, reading, self._pending)

    def await_steady(self, frames: int, deadline: Deadline, tend: Callable[[], None] | None = None) -> Reading:
        """One of so many oximeter readings in a row that agree; anything else in between starts the count anew.

        It is the last one that shows what most of the row shows: these streams have no checksum, and a single damaged
        frame near the true values must not become the result. `tend` is called between frames and keeps the device's
        stream alive.
        """
        row: deque[Reading] = deque(maxlen=frames)
        while (finding := self.next(deadline)) is not None:
            if tend is not None:
                tend()
            self.raise_failure(finding)
            if not isinstance(finding, MeasurementFound) or finding.reading.details.get("artefact"):
                row.clear()
                continue
            row.append(finding.reading)
            if self._run is not None:
                self._run.report(Progress("measuring"))
            if len(row) == frames and _steady(row):
                return _most_shown(row)
        raise self.explanation()

    def raise_failure(self, finding: Finding) -> None:
        """Raise what ends a measurement at once: a fault of the device, or frames of another output format."""
        if isinstance(finding, FaultSeen):
            raise DeviceFault(finding.message, code=finding.code, act=finding.act)
        if isinstance(finding, Rejected) and finding.reason.startswith(WRONG_FORMAT):
            raise WrongDevice(f"{self._name}: {finding.reason}", code="wrong_format")

    def explanation(self) -> DeviceError:
        """Why there is no result, after the last thing that came."""
        self.flush()
        match self._last:
            case None:
                return NoResponse(f"{self._name}: nothing came in time; is it switched on and plugged in?")
            case FrameBroken(reason):
                return FrameError(f"{self._name}: only garbage came ({reason}); check cable and line settings")
            case Rejected(reason) if reason.startswith(WRONG_FORMAT):
                return WrongDevice(f"{self._name}: {reason}", code="wrong_format")
            case Rejected(reason):
                return StaleReading(f"{self._name}: no fresh result in time ({reason})")
            case StateSeen(state):
                return DeviceFault(
                    f"{self._name}: no result in time, the device last said {state!r}", code="no_result", act=Act.WORKER
                )
            case FaultSeen(code, message, act):
                return DeviceFault(message, code=code, act=act)
            case MeasurementFound():
                return DeviceFault(f"{self._name}: the values never became steady", code="unsteady", act=Act.WORKER)

    def _taken(self) -> Finding:
        finding = self._pending.popleft()
        self._last = finding
        if isinstance(finding, StateSeen) and self._run is not None:
            self._run.report(Progress(finding.state, finding.details))
        return finding


def refuse_rivals(name: str, reading: Reading, behind: Iterable[Finding]) -> Reading:
    """The reading, unless a different one came with it: of several results for one start none is known to be ours."""
    if any(isinstance(one, MeasurementFound) and one.reading != reading for one in behind):
        raise StaleReading(f"{name}: stored results came, nobody knows whose; measure again", code="stored")
    return reading


def _most_shown(row: deque[Reading]) -> Reading:
    shown = [(reading.values["spo2_percent"], reading.values["pulse_bpm"]) for reading in row]
    most = max(dict.fromkeys(reversed(shown)), key=shown.count)
    return row[len(row) - 1 - shown[::-1].index(most)]


def _steady(row: deque[Reading]) -> bool:
    for name, spread in (("spo2_percent", STEADY_SPO2_PERCENT), ("pulse_bpm", STEADY_PULSE_BPM)):
        values = [value for reading in row if isinstance(value := reading.values.get(name), int | float)]
        if len(values) != len(row) or max(values) - min(values) > spread:
            return False
    return True
