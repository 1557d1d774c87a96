"""The findings of `verify` of a store, on either side of the wire: faults of every check, and remarks.

The list is bounded, so that a store with a million damaged rows can still be reported: beyond the first ones of each walk
faults are counted. What else is counted and what a store is checked against differ by side, and stand beside that side's walks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FaultKind = Literal["missing", "changed", "out_of_order", "wrongly_signed", "database", "damaged"]

MOST_FAULTS = 100
"""So many faults of one walk are listed; the others are counted."""
MOST_REMARKS = 100

DAMAGED = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What reading a record raises where it holds what no program of ours writes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `place` names the row, `what` says what is wrong with it."""

    kind: FaultKind
    place: str
    what: str


@dataclass(frozen=True, slots=True)
class ToldSeal:
    """A seal of the centre as somebody outside was told of it."""

    seal_no: int
    sha256: str


@dataclass(slots=True, kw_only=True)
class VerifyReport:
    """What is wrong, and what is worth a remark; each side adds its counts of what was looked at."""

    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unlisted_faults: dict[str, int] = field(default_factory=dict)
    """How many faults of each walk are not listed."""
    unlisted_remarks: int = 0
    _walk: str = field(default="", init=False)
    _listed: int = field(default=0, init=False)

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    @property
    def found(self) -> int:
        """How many faults there are, listed or not."""
        return len(self.faults) + sum(self.unlisted_faults.values())

    def begin(self, walk: str) -> None:
        """The faults that follow are those of this walk."""
        self._walk, self._listed = walk, 0

    def add(self, fault: Fault) -> None:
        """Note a fault."""
        if self._listed < MOST_FAULTS:
            self._listed += 1
            self.faults.append(fault)
        else:
            self.unlisted_faults[self._walk] = self.unlisted_faults.get(self._walk, 0) + 1

    def fault(self, kind: FaultKind, place: str, what: str) -> None:
        """Note a fault, part by part."""
        self.add(Fault(kind, place, what))

    def remark(self, text: str) -> None:
        """Note what only might be wrong."""
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(text)
        else:
            self.unlisted_remarks += 1

    @contextmanager
    def checking(self, place: str, *more: type[Exception]) -> Iterator[None]:
        """Check one row: what is wrong with it is noted, and the walk goes on. `more`: what else says that it is damaged."""
        try:
            yield
        except Wrong as wrong:
            self.add(wrong.fault)
        except DAMAGED + more as error:
            self.fault("damaged", place, f"a value that no program of ours writes ({type(error).__name__})")

    def on_bad(self, walk: str) -> Callable[[int, Exception], None]:
        """Takes note of rows that cannot even be read, by their place in the walk."""

        def note(place: int, error: Exception) -> None:
            what = f"it cannot be read: a value that no program of ours writes ({type(error).__name__})"
            self.fault("damaged", f"{walk}, row {place + 1}", what)

        return note

    def as_json(self) -> dict[str, Any]:
        """Everything that was found and counted, as plain values."""
        values = {name: value for name, value in asdict(self).items() if not name.startswith("_")}
        return values | {"ok": self.ok, "found": self.found}


class Wrong(Exception):
    """Carries a fault out of the check of one row."""

    def __init__(self, kind: FaultKind, place: str, what: str) -> None:
        super().__init__(what)
        self.fault = Fault(kind, place, what)
