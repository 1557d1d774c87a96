"""Rules for one row of a plan of shifts, whether it comes from a form, a file or a program. Pure.

Fields by name, as texts: `personnel_number`, `employer_id` (needed where the account has several), `day`, `begin` (HH:MM by the
clock of `zone`), `exam_type`. What a row says is taken whole or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import get_args

from sqlalchemy import RowMapping

from central.core.days import parse_day
from central.store.shift_plans import PlannedShift
from sync.contract.canonical import new_id
from sync.contract.exam import ExamType

FIELDS = ("personnel_number", "employer_id", "day", "begin", "exam_type")
EXAM_TYPES: tuple[str, ...] = get_args(ExamType)
LONGEST_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Planning:
    """Who plans and what the rows are held against."""

    employer_ids: Sequence[str]
    people: Mapping[str, Sequence[RowMapping]]
    """Rows of the register by personnel number, of any employer, those who have left too."""
    today: date
    """By the clock of `zone`."""
    zone: tzinfo


def by_number(rows: Iterable[RowMapping]) -> dict[str, list[RowMapping]]:
    """The people of a plan as `Planning` has them."""
    found: dict[str, list[RowMapping]] = {}
    for row in rows:
        found.setdefault(row["personnel_number"], []).append(row)
    return found


def planned(given: Mapping[str, str], planning: Planning) -> PlannedShift | dict[str, str]:
    """The shift, or the code of what is wrong by field."""
    faults: dict[str, str] = {}
    day, begin = _day(given.get("day", ""), planning, faults), _time(given.get("begin", ""), faults)
    exam_type = given.get("exam_type") or EXAM_TYPES[0]
    if exam_type not in EXAM_TYPES:
        faults["exam_type"] = "choose"
    worker = _worker(given, planning, day, faults)
    if faults or day is None or begin is None or worker is None:
        return faults
    begin_at = datetime.combine(day, begin, planning.zone)
    return PlannedShift(new_id(), worker["org"], worker["employer_id"], worker["worker_id"], day, begin_at, exam_type)


def _day(typed: str, planning: Planning, faults: dict[str, str]) -> date | None:
    day = parse_day(typed) if typed else None
    if day is None:
        faults["day"] = "not_a_day" if typed else "needed"
    elif day < planning.today:
        faults["day"] = "past_shift"
    elif day > planning.today + LONGEST_AHEAD:
        faults["day"] = "too_far_ahead"
    else:
        return day
    return None


def _time(typed: str, faults: dict[str, str]) -> time | None:
    # A spreadsheet writes the seconds too.
    hours, _, rest = typed.partition(":")
    minutes = rest.partition(":")[0]
    if typed and hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60:
        return time(int(hours), int(minutes))
    faults["begin"] = "not_a_time" if typed else "needed"
    return None


def _worker(
    given: Mapping[str, str], planning: Planning, day: date | None, faults: dict[str, str]
) -> RowMapping | None:
    number, employer_id = given.get("personnel_number", ""), given.get("employer_id", "")
    if not number:
        faults["personnel_number"] = "needed"
        return None
    if employer_id and employer_id not in planning.employer_ids:
        faults["employer_id"] = "unknown"
        return None
    own = (employer_id,) if employer_id else planning.employer_ids
    known = [row for row in planning.people.get(number, ()) if row["employer_id"] in own]
    on_day = day or planning.today
    at_work = [row for row in known if row["archived_at"] is None and (row["until"] is None or row["until"] >= on_day)]
    if not at_work:
        faults["personnel_number"] = "dismissed_worker" if known else "unknown_worker"
        return None
    if len(at_work) > 1:
        faults["employer_id"] = "which_employer"
        return None
    if at_work[0]["since"] is not None and at_work[0]["since"] > on_day:
        faults["personnel_number"] = "not_begun"
        return None
    return at_work[0]
