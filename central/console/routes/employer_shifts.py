"""Planned shifts: who has to pass today, who is late, and the plan itself by form or file.

GET /employer/shifts takes `employer` (one of the account's), `day` (YYYY-MM-DD), `state` and `page`; with /export also `form`
(xlsx | docx | pdf). POST /employer/shifts takes `personnel_number`, `employer` (needed from an account of several), `day`, `begin`
(HH:MM by the reader's clock), `exam_type`, `csrf`. POST /employer/shifts/file takes `file`, `action` (check | apply | errors),
`csrf`: the file is taken whole or not at all. GET /employer/shifts/form: an empty table. POST /employer/shifts/{plan_id}/withdraw
`csrf`. 303 to the day; 422 with the page and a fault at each field or row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection, Row
from starlette.datastructures import FormData, UploadFile

from central.console.access_log import note, note_alone, note_seldom
from central.console.bounds import PAGE_BYTES
from central.console.conclusion_files import PRINTED_MOST, FileTable, as_pdf, as_xlsx
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import EmployerScope, scope_of
from central.console.guard import Guard, form_of, typed_fields
from central.console.paging import page_number, paging_of
from central.console.typed import Typed
from central.console.word_files import as_docx
from central.core.days import parse_day
from central.core.rights import Right
from central.imports.shifts import HEADINGS, CheckedPlan, check_file
from central.imports.tables import MAX_FILE_BYTES, UnreadableTable, write_table
from central.store import shift_plans
from central.store.engine import reading, writing
from central.store.workers import with_numbers
from central.words.no_force import file_name
from central.words.table_values import Value, local
from central.words.texts import text
from central.workforce.outcome_kinds import outcome_kind
from central.workforce.shift_rules import EXAM_TYPES, Planning, by_number, planned

router = APIRouter()
Dispatcher = Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS))]
Sender = Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS, most_bytes=MAX_FILE_BYTES + PAGE_BYTES))]
Form = Annotated[FormData, Depends(form_of)]
STATES = ("late", "expected", "came", "suspended", "dismissed")
FORMS = ("xlsx", "docx", "pdf")
ON_A_PAGE = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS = {
    "employer.shift.begin": 0.13,
    "exam.personnel_number": 0.09,
    "journal.column.full_name": 0.24,
    "exam.employer": 0.16,
    "employer.department": 0.11,
    "exam.type": 0.11,
    "registers.state": 0.16,
}


@router.get("/employer/shifts")
def show_shifts(request: Request, visitor: Dispatcher) -> Response:
    """The shifts of a day."""
    return _page(request, visitor)


@router.get("/employer/shifts/export")
def export_shifts(request: Request, visitor: Dispatcher) -> Response:
    """The shifts of a day, or those of one state, as a file."""
    console, look = console_of(request), visitor.look
    form, state = request.query_params.get("form", FORMS[0]), request.query_params.get("state", "")
    day, fault = _day(request, visitor)
    if fault or form not in FORMS:
        return _page(request, visitor, 422)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        found = shift_plans.of_days(scope.ids, day, day, console.clock())
        rows = shift_plans.page(connection, found, [state] if state in STATES else (), limit=PRINTED_MOST)
    note_alone(console, visitor, "shifts.export", detail={"rows": len(rows), "form": form})
    title = f"{text(look.language, 'employer.page.shifts')}: {scope.title}, {day:%d.%m.%Y}"
    if state in STATES:
        title += f", {text(look.language, f'employer.shift.state.{state}')}"
    table = FileTable("shifts", title, _COLUMNS, [_cells(row, scope, visitor) for row in rows])
    return {"xlsx": as_xlsx, "docx": as_docx, "pdf": as_pdf}[form](request, visitor, table)


@router.get("/employer/shifts/form")
def empty_table(request: Request, visitor: Dispatcher) -> Response:
    """A table with the headings and one example."""
    console, look = console_of(request), visitor.look
    today = console.clock().astimezone(look.zone).date()
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
    example: list[Value] = ["1001", today, "08:00", text("ru", f"exam_type.{EXAM_TYPES[0]}"), scope.names[scope.ids[0]]]
    headers = {"Content-Disposition": f'attachment; filename="{file_name(console.config.generation, "shifts.xlsx")}"'}
    content = write_table(HEADINGS, [example], name="Смены", identifiers=(HEADINGS[0],))
    return Response(content, media_type=_XLSX, headers=headers)


@router.post("/employer/shifts")
def plan_one(request: Request, visitor: Dispatcher, form: Form) -> Response:
    """Plan one shift."""
    console, typed = console_of(request), Typed(typed_fields(form))
    now = console.clock()
    with writing(console.engine) as connection:
        scope = scope_of(connection, request, visitor, "")
        number, employer_id = typed.one("personnel_number").strip(), typed.one("employer")
        if employer_id:
            scope.of(employer_id)
        people = [row for org in visitor.account.orgs for row in with_numbers(connection, org, [number])]
        planning = replace(_planning(scope, visitor, now), people=by_number(people))
        given = {name: typed.one(name).strip() for name in ("day", "begin", "exam_type")}
        found = planned(given | {"personnel_number": number, "employer_id": employer_id}, planning)
        if not isinstance(found, dict):
            shift_plans.put(connection, found, now, visitor.account.account_id)
            note(connection, console, visitor, "shift.plan", found.worker_id, org=found.org)
    if isinstance(found, dict):
        return _page(
            request, visitor, 422, typed=typed, faults={_FIELD.get(name, name): x for name, x in found.items()}
        )
    return RedirectResponse(_address(scope, found.day, typed.one("kept")), status_code=303)


@router.post("/employer/shifts/file")
def plan_by_file(request: Request, visitor: Sender, form: Form) -> Response:
    """Check a file, or check and store it: all of it or nothing."""
    console, action, upload = console_of(request), str(form.get("action", "check")), form.get("file")
    content = upload.file.read(MAX_FILE_BYTES + 1) if isinstance(upload, UploadFile) else b""
    now, unreadable = console.clock(), None
    try:
        if len(content) > MAX_FILE_BYTES:
            raise UnreadableTable("too_large")
        with reading(console.engine) as connection:
            scope = scope_of(connection, request, visitor, "")
            checked = _checked(connection, visitor, scope, content, now)
    except UnreadableTable as error:
        return _page(request, visitor, 422, unreadable=error)
    if checked.faults and action == "errors":
        headers = {"Content-Disposition": 'attachment; filename="shifts-errors.xlsx"'}
        return Response(checked.error_file, media_type=_XLSX, headers=headers)
    done = action == "apply" and not checked.faults
    if done:
        with writing(console.engine) as connection:
            for one in checked.shifts:
                shift_plans.put(connection, one, now, visitor.account.account_id)
            note(connection, console, visitor, "shifts.import", detail={"rows": len(checked.shifts)})
    return _page(request, visitor, 422 if checked.faults else 200, checked=checked, done=done, unreadable=unreadable)


@router.post("/employer/shifts/{plan_id}/withdraw")
def withdraw_shift(request: Request, plan_id: str, visitor: Dispatcher, form: Form) -> Response:
    """Take a planned shift back."""
    console = console_of(request)
    with writing(console.engine) as connection:
        scope = scope_of(connection, request, visitor, "")
        if not shift_plans.withdraw(connection, plan_id, tuple(scope.names), console.clock()):
            raise HTTPException(404)
        note(connection, console, visitor, "shift.withdraw", plan_id)
    kept = parse_day(str(form.get("day", "")))
    return RedirectResponse(_address(scope, kept) if kept else "/employer/shifts", status_code=303)


_FIELD = {"employer_id": "employer"}


def _planning(scope: EmployerScope, visitor: Visitor, now: datetime) -> Planning:
    zone = visitor.look.zone
    return Planning(tuple(scope.names), {}, now.astimezone(zone).date(), zone)


def _checked(
    connection: Connection, visitor: Visitor, scope: EmployerScope, content: bytes, now: datetime
) -> CheckedPlan:
    planning, language = _planning(scope, visitor, now), visitor.look.language
    return check_file(connection, content, visitor.account.orgs, dict(scope.names), planning, language)


def _address(scope: EmployerScope, day: date, chosen: str = "") -> str:
    pairs = [*([("employer", chosen)] if chosen in scope.names else []), ("day", day.isoformat())]
    return f"/employer/shifts?{urlencode(pairs)}"


def _day(request: Request, visitor: Visitor) -> tuple[date, str]:
    today = console_of(request).clock().astimezone(visitor.look.zone).date()
    typed = request.query_params.get("day", "")
    found = parse_day(typed) if typed else today
    return found or today, "" if found else "not_a_day"


def _words(row: Row[Any]) -> str:
    """The state of a shift as a text key: how the examination ended, once there is one."""
    if row.state == "came":
        return f"employer.outcome.{outcome_kind(row.exam_state, row.outcome, row.exam_type)}"
    return f"employer.shift.state.{row.state}"


def _cells(row: Row[Any], scope: EmployerScope, visitor: Visitor) -> list[Value]:
    language = visitor.look.language
    return [
        local(row.begin_at, visitor.look.zone),
        row.personnel_number,
        row.full_name,
        scope.names[row.employer_id],
        row.department,
        text(language, f"exam_type.{row.exam_type}"),
        text(language, _words(row)),
    ]


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: Mapping[str, str] | None = None,
    checked: CheckedPlan | None = None,
    done: bool = False,
    unreadable: UnreadableTable | None = None,
) -> Response:
    console, state = console_of(request), request.query_params.get("state", "")
    day, fault = _day(request, visitor)
    wanted: Sequence[str] = [state] if state in STATES else ()
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        found = shift_plans.of_days(scope.ids, day, day, console.clock())
        counts = shift_plans.counted(connection, found)
        offset = (page_number(request) - 1) * ON_A_PAGE
        rows = shift_plans.page(connection, found, wanted, limit=ON_A_PAGE, offset=offset)
    note_seldom(request, visitor, "shifts.read")
    pairs = [*scope.pairs, ("day", day.isoformat())]
    total = sum(count for name, count in counts.items() if not wanted or name in wanted)
    return page(
        request,
        "employer_shifts.html",
        visitor,
        422 if fault else status,
        scope=scope,
        rows=rows,
        words=_words,
        counts=counts,
        states=STATES,
        chosen=state if wanted else "",
        asked_day=day.isoformat(),
        day_fault=fault,
        paging=paging_of(request, total, ON_A_PAGE, "/employer/shifts"),
        of_day=urlencode(pairs),
        files=urlencode([*pairs, *([("state", state)] if wanted else [])]),
        forms=FORMS,
        exam_types=EXAM_TYPES,
        typed=typed or Typed({}),
        faults=faults or {},
        checked=checked,
        done=done,
        unreadable=unreadable,
    )
