"""Effects: actions after the commit of an event. Plain imperatives; `terminal.service` runs them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MeasuringStep = Literal["temperature", "pressure", "breath"]


@dataclass(frozen=True, slots=True)
class StartMeasurement:
    """Order the device of this step to measure."""

    step: MeasuringStep


@dataclass(frozen=True, slots=True)
class CancelMeasurement:
    """Call off what is being measured."""

    request_id: str


@dataclass(frozen=True, slots=True)
class LookAtFace:
    """Begin to take the photo."""


@dataclass(frozen=True, slots=True)
class SendRecord:
    """Queue the exam's record for the centre, in the same transaction as the event."""


@dataclass(frozen=True, slots=True)
class ShowResultFor:
    """Post `ResultSeen` after so many seconds unless the worker was quicker."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Post `RestEnded` when the rest is over. `moment` is when that was to be by the clock of then."""

    moment: datetime


Effect = StartMeasurement | CancelMeasurement | LookAtFace | SendRecord | ShowResultFor | WakeAt
