"""A measurement that a medic prepares for a terminal in the same room, and what became of it.

`down/order`: the terminal shows it and starts nothing before somebody touches its screen. `up/measured`: its answer, one for
each order. Neither names a person: who is examined is known at the centre alone.
"""

from typing import Literal

from pydantic import Field

from sync.contract.exam import Failure, Measurement
from sync.contract.model import Id, Utc, WireModel

ORDER_SCHEMA = "dopusk.order/1"
MEASURED_SCHEMA = "dopusk.measured/1"


class MeasurementOrder(WireModel):
    """One prepared measurement. `attempt` is the number that the value will have in the exam."""

    order_id: Id
    step: Literal["temperature", "pressure", "breath"]
    attempt: int = Field(ge=1)
    valid_s: float = Field(gt=0, le=3600)
    """So long after it was made it may be started."""
    cancelled: bool = False
    """True calls off an order that was sent before; what is being measured stops."""


class MeasuredReport(WireModel):
    """What became of an order. Only `measured` has a measurement, only `failed` a failure."""

    order_id: Id
    outcome: Literal["measured", "failed", "over", "declined", "cancelled", "busy", "no_device"]
    """`over`: nobody touched the screen in time. `declined`: somebody chose not to. `busy`: an exam was on the screen."""
    at: Utc
    measurement: Measurement | None = None
    failure: Failure | None = None
