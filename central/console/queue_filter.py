"""What a medic wants to see of the queue: place, terminal, employer, kind, and the order. It stands in the address, and comes back
with the medic from an exam. What cannot wait is never hidden.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from central.core.ordering import AS_IT_COMES, Order, ordered
from central.store.worklist import WaitingExam

Row = TypeVar("Row")

FIELDS = ("org", "place", "terminal_id", "employer_id", "exam_type")
_SEVERITY = {"within_limits": 0, "attention": 1, "incomplete": 2, "out_of_limits": 3}

SORT_KEYS: Mapping[str, Callable[[WaitingExam], Any]] = {
    # What has waited longest came first.
    "waiting": lambda item: (datetime(9999, 1, 1, tzinfo=UTC) - item.first_received_at).total_seconds(),
    "worker": lambda item: item.worker_name,
    "employer": lambda item: item.employer_name,
    "terminal": lambda item: item.terminal_name or item.terminal_id,
    "type": lambda item: item.exam_type,
    "rules": lambda item: _SEVERITY.get(item.suggestion, 0),
}
USUAL = "-waiting"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """An empty field asks for nothing."""

    org: str = ""
    place: str = ""
    terminal_id: str = ""
    employer_id: str = ""
    exam_type: str = ""
    order: Order = AS_IT_COMES

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> "QueueFilter":
        """As the address says it; what it does not know is passed over."""
        asked = {name: value[:200] for name, value in pairs}
        order = Order.read(asked.get("sort", ""))
        chosen = {name: asked.get(name, "") for name in FIELDS}
        return cls(**chosen, order=order if order.column in SORT_KEYS else AS_IT_COMES)

    @property
    def is_set(self) -> bool:
        """Whether rows may be hidden by it."""
        return any(getattr(self, name) for name in FIELDS)

    @property
    def query(self) -> str:
        """As the address says it, without what asks for nothing."""
        pairs = [(name, getattr(self, name)) for name in FIELDS] + [("sort", self.order.words)]
        return urlencode([(name, value) for name, value in pairs if value])

    def shows(self, item: WaitingExam) -> bool:
        """Whether this exam is asked for, or cannot wait."""
        if item.is_urgent:
            return True
        wanted = ((getattr(self, name), getattr(item, name)) for name in FIELDS if name != "place")
        return all(not asked or asked == value for asked, value in wanted) and (
            not self.place or self.place == item.terminal_place
        )

    def arranged(self, rows: Iterable[Row], exam_of: Callable[[Row], WaitingExam]) -> list[Row]:
        """What is asked for, in the order asked for; what cannot wait always leads."""
        keys = {name: (lambda row, key=key: key(exam_of(row))) for name, key in SORT_KEYS.items()}
        asked = ordered((row for row in rows if self.shows(exam_of(row))), self.order, keys)
        return sorted(asked, key=lambda row: not exam_of(row).is_urgent)


EVERYTHING = QueueFilter()
