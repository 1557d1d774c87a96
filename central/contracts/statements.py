"""Monthly statements: counted from the exams of the journal, issued with number and hash, and anew where something was corrected.

An exam counts once, on the day on which it ended by the centre's clock, when a decision on it is in force. What a correction said
last counts. Exams that were imported from elsewhere are in no table that is read here; those of another generation are left out.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from central.contracts.billing import BILLED, Line, difference, lines_of, total
from central.contracts.terms import terms_with
from central.core.days import day_of, start_of
from central.core.input_fault import InputFault
from central.store import contracts, registry, services, statements
from central.store.engine import reading, writing
from central.store.services import ServiceCount
from central.store.statements import Statement
from sync.contract.canonical import canonical, new_id, sha256_hex

SCHEMA = "dopusk.statement/1"


@dataclass(frozen=True, slots=True)
class Counted:
    """The exams of a month. `left_out`: how many were not billed, by why."""

    billed: Mapping[tuple[date, str], tuple[int, int]]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be issued now. `fault`: why it cannot be."""

    org: str
    employer_id: str
    month: str
    lines: list[Line]
    left_out: Mapping[str, int]
    vat_notes: list[str]
    before: Statement | None
    fault: InputFault | None
    difference: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sum_kopecks(self) -> int | None:
        """The sum; None as long as a line has no price."""
        return total(self.lines)

    @property
    def count(self) -> int:
        """How many exams are billed."""
        return sum(line.count for line in self.lines)


class NotIssued(Exception):
    """Nothing was issued, because of this fault."""

    def __init__(self, fault: InputFault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def days_of(month: str) -> list[date]:
    """The days of a month, `YYYY-MM`. Raises `ValueError`."""
    first = date.fromisoformat(f"{month}-01")
    return [day for place in range(31) if (day := first + timedelta(days=place)).month == first.month]


def count_month(connection: Connection, org: str, employer_id: str, month: str, generation: str) -> Counted:
    """Count day by day. `generation`: of the centre; exams of another one are not billed."""
    billed: dict[tuple[date, str], tuple[int, int]] = {}
    left_out: Counter[str] = Counter()
    for day in days_of(month):
        for one in services.counts(connection, org, employer_id, start_of(day), start_of(day + timedelta(days=1))):
            why = _left_out(one, generation)
            if why:
                left_out[why] += one.count
                continue
            count, in_rooms = billed.get((day, one.exam_type), (0, 0))
            billed[day, one.exam_type] = (count + one.count, in_rooms + one.in_rooms)
    return Counted(billed, dict(left_out))


def _left_out(one: ServiceCount, generation: str) -> str:
    """Why exams are not billed; empty when they are."""
    if one.generation != generation:
        return "generation"
    if one.state != "decided":
        return one.state
    return "" if one.outcome in BILLED else str(one.outcome)


def draft(connection: Connection, org: str, employer_id: str, month: str, counted: Counted, today: date) -> Draft:
    """What the counted exams cost by the contracts as they are now."""
    terms = terms_with(connection, org, employer_id)
    lines = lines_of(counted.billed, terms)
    used = {line.contract_id for line in lines}
    notes = [one.contract.vat_note for one in terms if one.contract.contract_id in used]
    before = statements.newest(connection, org, employer_id, month)
    stored = [line.stored() for line in lines]
    differs = [] if before is None else difference(before.content["lines"], stored)
    fault = _fault(lines, month, before, differs, today)
    return Draft(org, employer_id, month, lines, counted.left_out, list(dict.fromkeys(notes)), before, fault, differs)


def _fault(
    lines: Sequence[Line], month: str, before: Statement | None, differs: list[dict[str, Any]], today: date
) -> InputFault | None:
    if days_of(month)[-1] >= today:
        return InputFault("month_open")
    for line in lines:
        if not line.contract_id:
            return InputFault("no_contract", f"{line.day:%d.%m.%Y}")
        if line.kopecks is None:
            return InputFault("no_price", f"{line.day:%d.%m.%Y}")
    if before is None:
        return None if lines else InputFault("nothing_billed")
    return None if differs else InputFault("statement_unchanged", before.words)


def issue(
    engine: Engine,
    org: str,
    employer_id: str,
    month: str,
    generation: str,
    now: datetime,
    account_id: str,
    note: Callable[[Connection, Statement], None] = lambda _connection, _made: None,
) -> Statement:
    """Store what is billed, the first version or the next one. Raises `NotIssued`; nothing is stored then.

    `note` writes it down in the same transaction. Exams are counted before anybody has to wait for this; contracts and versions are
    read again when nobody else changes them.
    """
    with reading(engine) as connection:
        counted = count_month(connection, org, employer_id, month, generation)
    with writing(engine) as connection:
        contracts.wait_for_contracts(connection, org)
        found = draft(connection, org, employer_id, month, counted, day_of(now))
        if found.fault is not None:
            raise NotIssued(found.fault)
        before, year = found.before, int(month[:4])
        number = before.number if before else statements.next_number(connection, org, year)
        version = before.version + 1 if before else 1
        content = _content(connection, found, number, version)
        made = Statement(
            statement_id=new_id(),
            org=org,
            employer_id=employer_id,
            month=month,
            year=year,
            number=number,
            version=version,
            content=content,
            sha256=content_hash(content),
            sum_kopecks=found.sum_kopecks or 0,
            issued_at=now,
            issued_by=account_id,
        )
        statements.add(connection, made)
        note(connection, made)
    return made


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of a statement's content: what stands on it."""
    return sha256_hex(canonical(dict(content)))


def _content(connection: Connection, found: Draft, number: int, version: int) -> dict[str, Any]:
    organisation = registry.get_organisation(connection, found.org)
    employer = registry.get_employer(connection, found.employer_id)
    ends = start_of(days_of(found.month)[-1] + timedelta(days=1)) - timedelta(seconds=1)
    return {
        "schema": SCHEMA,
        "number": number,
        "version": version,
        "month": found.month,
        "offset": ends.strftime("%z"),
        "organisation": {name: organisation[name] for name in _PARTY} if organisation else {},
        "employer": {name: employer[name] for name in _PARTY} if employer else {},
        "lines": [line.stored() for line in found.lines],
        "count": found.count,
        "sum_kopecks": found.sum_kopecks,
        "vat_notes": found.vat_notes,
        "left_out": dict(found.left_out),
        "previous_sha256": found.before.sha256 if found.before else None,
        "difference": found.difference,
        "sum_was": found.before.sum_kopecks if found.before else None,
    }


_PARTY = ("name", "inn")
