"""What `verify` of a store finds, on either side of the wire: the first fault of each walk, and remarks.

What is counted and what a store is checked against differ by side, and stand beside that side's walks.
"""

from dataclasses import dataclass, field
from typing import Literal

FaultKind = Literal["missing", "changed", "out_of_order", "wrongly_signed", "database", "damaged"]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong in one walk. `place` names the row, `what` says what is wrong with it."""

    kind: FaultKind
    place: str
    what: str


@dataclass(slots=True, kw_only=True)
class VerifyReport:
    """What is wrong, and what is worth a remark; each side adds its counts of what was looked at."""

    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


class Wrong(Exception):
    """Carries the first fault of a walk out of it."""

    def __init__(self, kind: FaultKind, place: str, what: str) -> None:
        super().__init__(what)
        self.fault = Fault(kind, place, what)
