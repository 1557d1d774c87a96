"""Outstanding answers of an RTU line: asked for, late, and able to come while another is awaited. Pure.

Times are seconds of a monotonic clock, handed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from drivers.modbus_adu import Adu
from drivers.modbus_answer import Question

OWED_S = 3.0
OWED_TIMEOUTS = 10
"""An answer that is later than this (the longer of both) is taken for lost."""
_MOST = 5


@dataclass(slots=True)
class _Debt:
    question: Question
    asked_s: float
    timeout_s: float
    waited_out: bool = False

    @property
    def ends_s(self) -> float:
        return self.asked_s + max(OWED_S, OWED_TIMEOUTS * self.timeout_s)


class OwedAnswers:
    """What is owed on one line, by all of its units."""

    def __init__(self) -> None:
        self._debts: list[_Debt] = []

    def add(self, question: Question, now_s: float, timeout_s: float) -> None:
        """This question was not answered in its time."""
        self._debts = [*self._debts, _Debt(question, now_s, timeout_s)][-_MOST:]

    def pay(self, frames: Iterable[Adu]) -> list[Adu]:
        """These came; returns those that nobody was owed."""
        unowed: list[Adu] = []
        for frame in frames:
            debt = next((debt for debt in self._debts if debt.question.answered_by(frame)), None)
            if debt is None:
                unowed.append(frame)
            else:
                self._debts.remove(debt)
        return unowed

    def silence_s(self, question: Question, now_s: float) -> float:
        """So long must the line have been silent before this question may be asked; 0 when it may be asked at once."""
        self._forget(now_s)
        return max(
            (debt.timeout_s for debt in self._debts if not debt.waited_out and not debt.question.same_as(question)),
            default=0.0,
        )

    def waited_out(self) -> None:
        """The line was silent for long enough."""
        for debt in self._debts:
            debt.waited_out = True

    def equals_wanted(self, question: Question, now_s: float) -> int:
        """So many equal answers in a row make one: each that is owed to another question of this shape may be a late one."""
        self._forget(now_s)
        owed = [debt.question for debt in self._debts]
        return 1 + sum(one.shaped_as(question) and not one.same_as(question) for one in owed)

    def _forget(self, now_s: float) -> None:
        self._debts = [debt for debt in self._debts if debt.ends_s > now_s]
