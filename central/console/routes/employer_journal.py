"""The employer's journal of examinations: day, kind, outcome, end of the admission. No value, complaint, reason or finding.

GET /employer/journal takes `employer` (one of the account's), `period` (today | yesterday | month | days), of `days` `since`
and `until` (both included), and `page`. GET /employer/journal/export takes the same and `form` (xlsx | docx | pdf). 422 with a
fault at its field for a wrong day, a period that ends before it begins, and a file of more rows than it can hold.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from central.console.access_log import note_alone, note_seldom
from central.console.conclusion_files import PRINTED_MOST, FileTable, as_pdf, as_xlsx
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import EmployerScope, scope_of
from central.console.guard import Guard
from central.console.paging import page_number, paging_of
from central.console.query import day_of
from central.console.word_files import MOST_ROWS, as_docx
from central.core.rights import Right
from central.store import outcome_journal
from central.store.engine import reading
from central.store.outcome_journal import OutcomeLine
from central.words.table_values import Value, local
from central.words.texts import text
from central.workforce.outcome_kinds import outcome_kind

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS))]
PERIODS = ("today", "yesterday", "month", "days")
FORMS = ("xlsx", "docx", "pdf")
ON_A_PAGE = 100
MOST_IN_A_WORKBOOK = 100_000
_COLUMNS = {
    "employer.ended": 0.13,
    "exam.personnel_number": 0.09,
    "journal.column.full_name": 0.24,
    "exam.employer": 0.15,
    "employer.department": 0.1,
    "exam.type": 0.09,
    "decision.outcome": 0.1,
    "check.valid_until": 0.1,
}


@dataclass(frozen=True, slots=True)
class _Period:
    name: str
    since: datetime
    until: datetime
    """The first moment after it."""
    faults: dict[str, str]

    @property
    def words(self) -> str:
        """First and last day."""
        return f"{self.since:%d.%m.%Y} – {self.until - timedelta(days=1):%d.%m.%Y}"


@router.get("/employer/journal")
def show_journal(request: Request, visitor: Reader) -> Response:
    """One page of it."""
    return _page(request, visitor, _period(request, visitor))


@router.get("/employer/journal/export")
def export_journal(request: Request, visitor: Reader) -> Response:
    """All of the period, as a file."""
    console, period = console_of(request), _period(request, visitor)
    form = request.query_params.get("form", FORMS[0])
    most = {"xlsx": MOST_IN_A_WORKBOOK, "docx": MOST_ROWS, "pdf": PRINTED_MOST}.get(form, 0)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        found = 0 if period.faults else outcome_journal.count(connection, scope.ids, period.since, period.until)
        if found > most:
            period.faults["until"] = "too_many_rows" if most else "choose"
        if period.faults:
            return _page(request, visitor, period, 422)
        lines = outcome_journal.lines(connection, scope.ids, period.since, period.until)
    note_alone(console, visitor, "outcomes.export", detail={"rows": found, "form": form})
    language = visitor.look.language
    title = f"{text(language, 'employer.page.journal')}: {scope.title}, {period.words}"
    table = FileTable("outcomes", title, _COLUMNS, [_cells(line, scope, visitor) for line in lines])
    return {"xlsx": as_xlsx, "docx": as_docx, "pdf": as_pdf}[form](request, visitor, table)


def _cells(line: OutcomeLine, scope: EmployerScope, visitor: Visitor) -> list[Value]:
    language, zone = visitor.look.language, visitor.look.zone
    kind = outcome_kind(line.state, line.outcome, line.exam_type)
    return [
        local(line.finished_at, zone),
        line.personnel_number or "",
        line.full_name or "",
        scope.names.get(line.employer_id, ""),
        line.department or "",
        text(language, f"exam_type.{line.exam_type}"),
        text(language, f"employer.outcome.{kind}"),
        local(line.valid_until, zone) if kind == "admitted" and line.valid_until else None,
    ]


def _period(request: Request, visitor: Visitor) -> _Period:
    query, zone = request.query_params, visitor.look.zone
    today = datetime.combine(console_of(request).clock().astimezone(zone).date(), time(), zone)
    faults: dict[str, str] = {}
    name = query.get("period", "days" if query.get("since") else "today")
    since, until = today, today
    if name == "yesterday":
        since = until = today - timedelta(days=1)
    elif name == "month":
        since = today.replace(day=1)
    elif name == "days":
        since = day_of(query, "since", zone, faults) or today
        until = day_of(query, "until", zone, faults) or today
        if not faults and until < since:
            faults["until"] = "before_since"
    else:
        name = "today"
    return _Period(name, since, until + timedelta(days=1), faults)


def _page(request: Request, visitor: Visitor, period: _Period, status: int = 200) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        moments = (scope.ids, period.since, period.until)
        found = 0 if period.faults else outcome_journal.count(connection, *moments)
        offset = (page_number(request) - 1) * ON_A_PAGE
        lines = [] if period.faults else outcome_journal.lines(connection, *moments, limit=ON_A_PAGE, offset=offset)
    note_seldom(request, visitor, "outcomes.read")
    days = {"since": period.since, "until": period.until - timedelta(days=1)}
    asked = {name: request.query_params.get(name) or f"{day:%Y-%m-%d}" for name, day in days.items()}
    pairs = [*scope.pairs, ("period", period.name), *(asked.items() if period.name == "days" else ())]
    return page(
        request,
        "employer_journal.html",
        visitor,
        422 if period.faults else status,
        scope=scope,
        rows=[(line, outcome_kind(line.state, line.outcome, line.exam_type)) for line in lines],
        paging=paging_of(request, found, ON_A_PAGE, "/employer/journal"),
        period=period,
        periods=PERIODS,
        asked=asked,
        faults=period.faults,
        files=urlencode(pairs),
        forms=FORMS,
    )
