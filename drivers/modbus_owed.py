"""Outstanding answers of an RTU line: asked for, late, and able to come while another is awaited. Pure.

Times are seconds of a monotonic clock, handed in. Counted is how many answers of a shape may still come, never fewer than
do: a question that is answered while others are owed may have been given one of those, and then its own is still to come.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from drivers.modbus_adu import Adu
from drivers.modbus_answer import Question

OWED_S = 3.0
OWED_TIMEOUTS = 10
"""An answer that is later than this (the longer of both) is taken for lost."""
_MOST = 5
"""With so many owed the line is left silent until all of them have come or are lost."""


@dataclass(slots=True)
class _Debt:
    may_answer: list[Question]
    """To which questions, all of one shape, this answer may be."""
    asked_s: float
    """When the last of them was asked."""
    timeout_s: float
    waited_out: bool = False

    @property
    def lost_after_s(self) -> float:
        return max(OWED_S, OWED_TIMEOUTS * self.timeout_s)

    def is_of(self, question: Question) -> bool:
        """Whether it can be taken for an answer to this question."""
        return self.may_answer[0].shaped_as(question)

    def is_only_of(self, question: Question) -> bool:
        """Whether it answers this question, whatever it is."""
        return all(one.same_as(question) for one in self.may_answer)


class OwedAnswers:
    """What is owed on one line, by all of its units."""

    def __init__(self) -> None:
        self._debts: list[_Debt] = []

    def add(self, question: Question, now_s: float, timeout_s: float) -> None:
        """This question was not answered in its time."""
        self._debts.append(_Debt([question], now_s, timeout_s))

    def answered(self, question: Question, asked_s: float) -> None:
        """An answer to this question came, or to another one of its shape.

        In the latter case its own may be to come. Where no other of its shape was owed it is its own; and as a unit
        answers in the order of its questions, nothing is owed any more that it was asked before.
        """
        self._forget(asked_s)
        alike = [debt for debt in self._debts if debt.is_of(question)]
        for debt in alike:
            if not any(one.same_as(question) for one in debt.may_answer):
                debt.may_answer.append(question)
            debt.asked_s = asked_s
        if not alike:
            self._debts = [
                debt for debt in self._debts if debt.may_answer[0].unit != question.unit or debt.asked_s >= asked_s
            ]

    def pay(self, frames: Iterable[Adu]) -> list[Adu]:
        """These came; returns those that nobody was owed."""
        unowed: list[Adu] = []
        for frame in frames:
            debt = next((debt for debt in self._debts if debt.may_answer[0].answered_by(frame)), None)
            if debt is None:
                unowed.append(frame)
            else:
                self._debts.remove(debt)
        return unowed

    def silence_s(self, question: Question, now_s: float) -> float:
        """So long must the line have been silent before this question may be asked; 0 when it may be asked at once."""
        self._forget(now_s)
        if len(self._debts) >= _MOST:
            return max(debt.lost_after_s for debt in self._debts)
        return max(
            (debt.timeout_s for debt in self._debts if not debt.waited_out and not debt.is_only_of(question)),
            default=0.0,
        )

    def waited_out(self) -> None:
        """The line was silent for long enough."""
        for debt in self._debts:
            debt.waited_out = True

    def equals_wanted(self, question: Question, now_s: float) -> int:
        """So many equal answers in a row make one: each that is owed to another question of this shape may be a late one."""
        self._forget(now_s)
        return 1 + sum(debt.is_of(question) and not debt.is_only_of(question) for debt in self._debts)

    def _forget(self, now_s: float) -> None:
        self._debts = [debt for debt in self._debts if debt.asked_s + debt.lost_after_s > now_s]
