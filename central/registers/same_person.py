"""Whether two entries are about one person, and what then does not fit together. Pure.

One SNILS is one person. With one employer a person has one employment at a time; with another, as many as there are. What is said
of the person has to be the same each time: a SNILS with another name is likelier a slip than a second person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from central.core.days import day_of
from central.core.name_folding import fold_name
from central.core.parties import Worker


@dataclass(frozen=True, slots=True)
class Employment:
    """An entry of the register, or a row of a file that comes before. `until`: the last day, also of one that was put away."""

    worker_id: str
    employer_id: str
    personnel_number: str
    full_name: str
    birth_date: date | None
    since: date | None
    until: date | None
    person_id: str = ""
    line: int = 0
    """Of a row of a file; 0 for what is stored."""

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Employment":
        """A stored entry. Who was put away has left by that day."""
        ends = [row["until"], day_of(row["archived_at"]) if row["archived_at"] else None]
        return cls(
            worker_id=row["worker_id"],
            employer_id=row["employer_id"],
            personnel_number=row["personnel_number"],
            full_name=row["full_name"],
            birth_date=row["birth_date"],
            since=row["since"],
            until=min((day for day in ends if day is not None), default=None),
            person_id=row["person_id"],
        )

    @classmethod
    def of_worker(cls, worker: Worker, line: int = 0) -> "Employment":
        """An entry that is to be stored."""
        return cls(
            worker_id=worker.worker_id,
            employer_id=worker.employer_id,
            personnel_number=worker.personnel_number,
            full_name=worker.full_name,
            birth_date=worker.birth_date,
            since=worker.since,
            until=worker.until,
            person_id=worker.person_id or "",
            line=line,
        )


def overlap(one: Employment, other: Employment, today: date) -> bool:
    """Whether two employments hold on one day. One without a first day has begun by today."""
    begins = [item.since or min(today, item.until or today) for item in (one, other)]
    ends = [item.until or date.max for item in (one, other)]
    return begins[0] <= ends[1] and begins[1] <= ends[0]


def differences(known: Employment, new: Employment) -> dict[str, str]:
    """What a new entry with a known SNILS says otherwise of the person: code by field. What is left out says nothing."""
    found = {}
    both_born = known.birth_date is not None and new.birth_date is not None
    if both_born and known.birth_date != new.birth_date:
        found["birth_date"] = "person_differs"
    if fold_name(known.full_name) != fold_name(new.full_name):
        found["full_name"] = "person_differs"
        if not both_born or found.get("birth_date"):
            # Nothing but the SNILS is the same.
            found["snils"] = "snils_taken"
    return found


def filled(worker: Worker, known: Mapping[str, Any], *, is_own: bool) -> Worker:
    """A new employment of a person who is known: with birth date and sex where nothing was said of them.

    `is_own`: whether the organisation itself has the person on record. What another has is not passed on.
    """
    if not is_own:
        return replace(worker, person_id=known["person_id"])
    return replace(
        worker,
        birth_date=worker.birth_date or known["birth_date"],
        sex=worker.sex or known["sex"],
        person_id=known["person_id"],
    )
