"""What counted exams cost by the contracts and prices of their own days. Pure; kopecks are whole numbers.

A day without a contract, and a kind without a price on its day, has no price and no sum: nothing is taken from a neighbour.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from central.store.contracts import Contract, ContractEnd, ContractPrice

BILLED = frozenset({"admitted", "not_admitted", "refer"})
"""Outcomes of exams that are billed. Where the person was not the worker, nobody of the employer was examined; where a measurement
is to be repeated, the exam goes on."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract with its earlier end and its prices, in the order in which they count."""

    contract: Contract
    end: ContractEnd | None
    prices: tuple[ContractPrice, ...]

    @property
    def last_day(self) -> date | None:
        """The last day in force; None where it has no term."""
        return self.contract.until_day if self.end is None else self.end.last_day

    def covers(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.contract.since_day <= day and (self.last_day is None or day <= self.last_day)

    def price_on(self, exam_type: str, day: date) -> int | None:
        """Kopecks of an exam of that kind on that day; None where no price was agreed."""
        found = [one.kopecks for one in self.prices if one.exam_type == exam_type and one.first_day <= day]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Line:
    """Exams of one kind on one day. `contract_id` is empty and `kopecks` None where there is none."""

    day: date
    exam_type: str
    contract_id: str
    contract: str
    """Its number."""
    count: int
    in_rooms: int
    kopecks: int | None

    @property
    def sum_kopecks(self) -> int | None:
        """What they cost together; None without a price."""
        return None if self.kopecks is None else self.kopecks * self.count

    def stored(self) -> dict[str, Any]:
        """As a statement keeps it."""
        return {
            "day": self.day.isoformat(),
            "exam_type": self.exam_type,
            "contract_id": self.contract_id,
            "contract": self.contract,
            "count": self.count,
            "in_rooms": self.in_rooms,
            "kopecks": self.kopecks,
            "sum_kopecks": self.sum_kopecks,
        }


def terms_of(
    contracts: Iterable[Contract], ends: Mapping[str, ContractEnd], prices: Sequence[ContractPrice]
) -> list[Terms]:
    """Each contract with what belongs to it."""
    return [
        Terms(
            one,
            ends.get(one.contract_id),
            tuple(price for price in prices if price.contract_id == one.contract_id),
        )
        for one in contracts
    ]


def contract_on(terms: Iterable[Terms], day: date) -> Terms | None:
    """The contract in force on that day."""
    return next((one for one in terms if one.covers(day)), None)


def lines_of(counted: Mapping[tuple[date, str], tuple[int, int]], terms: Sequence[Terms]) -> list[Line]:
    """Lines by day and kind. `counted`: how many exams, and how many of them in medical rooms."""
    made = []
    for (day, exam_type), (count, in_rooms) in sorted(counted.items()):
        found = contract_on(terms, day)
        made.append(
            Line(
                day,
                exam_type,
                found.contract.contract_id if found else "",
                found.contract.number if found else "",
                count,
                in_rooms,
                found.price_on(exam_type, day) if found else None,
            )
        )
    return made


def total(lines: Iterable[Line]) -> int | None:
    """The sum of all lines in kopecks; None as long as one of them has no price."""
    sums = [line.sum_kopecks for line in lines]
    return None if None in sums else sum(one for one in sums if one is not None)


def difference(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lines (as stored) that differ, each with what it was and what it is; in the order of days and kinds."""
    was, now = ({(one["day"], one["exam_type"], one["contract"]): one for one in lines} for lines in (before, after))
    found = []
    for key in sorted(was.keys() | now.keys()):
        old, new = was.get(key, {}), now.get(key, {})
        if [old.get(name) for name in _COMPARED] != [new.get(name) for name in _COMPARED]:
            day, exam_type, contract = key
            found.append(
                {
                    "day": day,
                    "exam_type": exam_type,
                    "contract": contract,
                    "count_was": old.get("count", 0),
                    "count": new.get("count", 0),
                    "sum_was": old.get("sum_kopecks", 0),
                    "sum_kopecks": new.get("sum_kopecks", 0),
                }
            )
    return found


_COMPARED = ("count", "sum_kopecks")
