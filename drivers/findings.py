"""The findings of a codec: a closed union, in the order of the bytes.

`drivers.registry` makes codecs; `dopusk decode` prints findings one JSON object each, so `to_json` is a published form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from drivers.model import Act, Reading, Value


@dataclass(frozen=True, slots=True)
class MeasurementFound:
    """A result that answers a start of ours."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class StateSeen:
    """The device tells what it is doing (`ready`, `warming`, `waiting_for_breath`, `inflating`, ...).

    `details` carries live values for the screen, such as `cuff_mmhg`; they are never results.
    """

    state: str
    details: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """The device reports that it could not measure. Never comes with a number."""

    code: str
    message: str
    act: Act


@dataclass(frozen=True, slots=True)
class Rejected:
    """A well-formed frame that must not count: stored, held, late, unasked, of the wrong output format."""

    reason: str


@dataclass(frozen=True, slots=True)
class FrameBroken:
    """Bytes that are no frame, or a frame with a wrong checksum."""

    reason: str


Finding = MeasurementFound | StateSeen | FaultSeen | Rejected | FrameBroken


class Codec(Protocol):
    """Bytes in, findings out. Does no I/O and knows no clock; its buffer is bounded.

    How the bytes are split over calls of `feed` must not change what comes out.
    """

    def feed(self, data: bytes) -> list[Finding]:
        """Take the next bytes of the line and return what became complete."""
        ...

    def close(self) -> list[Finding]:
        """The line is silent for good: account for what is left (`FrameBroken` for an unfinished frame)."""
        ...


def to_json(finding: Finding) -> dict[str, object]:
    """The published form of `dopusk decode --json`."""
    match finding:
        case MeasurementFound(reading):
            return {"kind": "measurement", "values": dict(reading.values), "device": dict(reading.device)}
        case StateSeen(state, details):
            return {"kind": "state", "state": state} | ({"details": dict(details)} if details else {})
        case FaultSeen(code, message, act):
            return {"kind": "fault", "code": code, "message": message, "act": str(act)}
        case Rejected(reason):
            return {"kind": "rejected", "reason": reason}
        case FrameBroken(reason):
            return {"kind": "frame_error", "reason": reason}
