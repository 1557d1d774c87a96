"""One gate that is told of admissions: each opening is committed before it leaves, and what became of it is written down.

A gate that cannot tell a repeat hears of an opening once. A webhook's receiver can, by `passage_id`: to it the same bytes go again,
after growing rests and after a restart too, until it answers or the minute of the opening is over.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from central.core.gate_config import GateConfig
from central.deciding.passage_rule import CLOCK_SLACK
from central.deciding.passages import Asked, GatePassages
from central.partners.gate_talkers import FRESH, GateAway, GateRefused, GateSilent, GateTalker
from central.store import gate_passages, workers
from central.store.engine import reading, writing
from central.store.gate_passages import Passage

LONGEST_REST_S = 15.0


@dataclass(slots=True)
class _InHand:
    """An opening that the gate has not answered. `may_have_opened`: whether it may have heard of it."""

    passage: Passage
    number: str
    ends_s: float
    may_have_opened: bool
    attempts: int = 0
    due_s: float = 0.0


class ToldGate:
    """One gate that is told of admissions at the terminals beside it. Used by one thread."""

    def __init__(
        self,
        gate: GateConfig,
        passages: GatePassages,
        talker: GateTalker,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gate, self._passages, self._talker = gate, passages, talker
        self._clock, self._monotonic = clock, monotonic
        self._in_hand: dict[str, _InHand] = {}
        self._has_looked_back = False

    def look(self) -> int:
        """Tell the gate of what was signed since, and once more of what it has not answered; returns how many openings it took."""
        engine, gate = self._passages.engine, self._gate
        if not self._has_looked_back:
            self._look_back()
            self._has_looked_back = True
        with reading(engine) as connection:
            found = gate_passages.admitted_beside(connection, gate, self._clock() - FRESH)
        opened = 0
        for decision_id, worker_id in found:
            number, began_s = self._number_of(worker_id), self._monotonic()
            passage, is_new = self._passages.ask_once(gate, Asked(decision_id, worker_id, number, state="queued"))
            if is_new and passage.is_open:
                opened += self._begin(passage, number, began_s)
        for item in list(self._in_hand.values()):
            if self._monotonic() >= item.due_s:
                opened += self._again(item)
        return opened

    def _look_back(self) -> None:
        """What was in hand when the program ended. Whether the gate heard of it, nobody knows."""
        engine, gate, now = self._passages.engine, self._gate, self._clock()
        if self._talker.tells_repeats:
            with reading(engine) as connection:
                rows = gate_passages.in_hand(connection, gate.name)
            for row in rows:
                left = row.asked_at + FRESH - now
                # A row that seems younger than now was dated by another clock.
                if timedelta() < left <= FRESH + CLOCK_SLACK:
                    number = self._number_of(row.worker_id)
                    ends_s = self._monotonic() + left.total_seconds()
                    self._passages.end(row, "telling", before=("queued",))
                    self._in_hand[row.passage_id] = _InHand(row, number, ends_s, may_have_opened=row.state == "telling")
        with writing(engine) as connection:
            gate_passages.settle_in_hand(connection, gate.name, now, besides=self._in_hand)

    def _begin(self, passage: Passage, number: str, began_s: float) -> bool:
        waited_s = self._monotonic() - began_s
        if not self._passages.may_open(self._gate, passage, self._clock(), waited_s):
            self._passages.end(passage, "failed", before=("queued",))
            return False
        # From here on a correction cannot call it back.
        if not self._passages.end(passage, "telling", before=("queued",)):
            return False
        return self._tell(_InHand(passage, number, began_s + FRESH.total_seconds(), may_have_opened=False))

    def _again(self, item: _InHand) -> bool:
        """Once more, as long as the minute of the opening and the admission last."""
        in_time = self._monotonic() < item.ends_s
        if in_time and self._passages.still_opens(self._gate, item.passage):
            return self._tell(item)
        self._end(item, "unknown" if item.may_have_opened else "failed", "" if in_time else "60 s")
        return False

    def _tell(self, item: _InHand) -> bool:
        try:
            self._talker.let_in(self._gate, item.passage, item.number)
        except (GateAway, GateSilent) as error:
            item.may_have_opened |= isinstance(error, GateSilent)
            if self._talker.tells_repeats:
                self._rest(item, str(error))
            else:
                self._end(item, "unknown" if item.may_have_opened else "failed", str(error))
            return False
        except GateRefused as error:
            self._end(item, "unknown" if item.may_have_opened else "failed", str(error))
            return False
        self._end(item, "told", "")
        return True

    def _rest(self, item: _InHand, words: str) -> None:
        item.attempts += 1
        item.due_s = self._monotonic() + min(2.0 ** (item.attempts - 1), LONGEST_REST_S)
        self._in_hand[item.passage.passage_id] = item
        self._passages.end(item.passage, "telling", words, before=("telling",))

    def _end(self, item: _InHand, state: str, words: str) -> None:
        self._in_hand.pop(item.passage.passage_id, None)
        self._passages.end(item.passage, state, words, before=("telling",))

    def _number_of(self, worker_id: str | None) -> str:
        if worker_id is None:
            return ""
        with reading(self._passages.engine) as connection:
            row = workers.get_worker(connection, worker_id)
        return str(row["personnel_number"]) if row is not None else ""
