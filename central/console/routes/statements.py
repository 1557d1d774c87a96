"""Monthly statements of services: what would be billed now, and what was issued.

GET /statements takes `employer_id` and `month` (YYYY-MM) and shows what would be issued; without them what was issued. POST
/statements issues: `employer_id`, `month`, `csrf`: 303, 422 with the reason. GET /statements/{statement_id}; with /xlsx the
workbook, with /docx the act of services.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of
from central.contracts import statement_files
from central.contracts.statements import Draft, NotIssued, count_month, days_of, draft, issue
from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.store import accounts, registry, statements
from central.store.engine import reading
from central.store.statements import Statement
from central.words.no_force import band, file_name

router = APIRouter()
SHOWN = 200
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONTRACTS))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/statements")
def show_statements(request: Request, visitor: Keeper, employer_id: str = "", month: str = "") -> Response:
    """What was issued; of an employer's month also what would be issued now."""
    return statements_page(request, visitor, employer_id, month)


@router.post("/statements")
def issue_statement(request: Request, visitor: Keeper, form: Form) -> Response:
    """Issue the first version or the next one."""
    console = console_of(request)
    employer_id, month = str(form.get("employer_id", "")), str(form.get("month", ""))
    if not is_month(month):
        return statements_page(request, visitor, employer_id, month, 422)
    with reading(console.engine) as connection:
        org = own_or_404(visitor, registry.get_employer(connection, employer_id))["org"]
    now, by = console.clock(), visitor.account.account_id

    def write_down(connection: Connection, made: Statement) -> None:
        detail = {"month": month, "number": made.words, "sha256": made.sha256}
        note(connection, console, visitor, "statement.issue", made.statement_id, org=org, detail=detail)

    try:
        made = issue(console.engine, org, employer_id, month, console.config.generation, now, by, write_down)
    except NotIssued as refused:
        return statements_page(request, visitor, employer_id, month, 422, refused=refused.fault)
    return RedirectResponse(f"/statements/{made.statement_id}", 303)


@router.get("/statements/{statement_id}")
def show_statement(request: Request, visitor: Keeper, statement_id: str) -> Response:
    """One version as it was issued."""
    console = console_of(request)
    with reading(console.engine) as connection:
        item = own_or_404(visitor, statements.find(connection, statement_id))
        who = accounts.by_id(connection, item.issued_by)
        newest = statements.newest(connection, item.org, item.employer_id, item.month)
    note_alone(console, visitor, "statement.read", statement_id, org=item.org)
    return page(
        request,
        "statement.html",
        visitor,
        item=item,
        services=statement_files.services_of(item.content),
        head=statement_files.head_of(item, visitor.look.language),
        left_out=statement_files.left_out_words(item.content["left_out"], visitor.look.language),
        who=who.full_name if who else "—",
        newest=newest,
        folder="/statements",
    )


@router.get("/statements/{statement_id}/xlsx")
def statement_workbook(request: Request, visitor: Keeper, statement_id: str) -> Response:
    """The workbook of one version."""
    return file_answer(request, visitor, _own(request, visitor, statement_id), "xlsx")


@router.get("/statements/{statement_id}/docx")
def statement_act(request: Request, visitor: Keeper, statement_id: str) -> Response:
    """The act of services of one version."""
    return file_answer(request, visitor, _own(request, visitor, statement_id), "docx")


def file_answer(request: Request, visitor: Visitor, item: Statement, form: str) -> Response:
    """A statement as `xlsx` or `docx`, written down in the access log."""
    console, language = console_of(request), visitor.look.language
    over = band(console.config.generation, language)
    if form == "xlsx":
        content, media_type = statement_files.as_xlsx(item, language, over), statement_files.XLSX
    else:
        content, media_type = statement_files.as_docx(item, language, over), statement_files.DOCX
    note_alone(console, visitor, "statement.export", item.statement_id, org=item.org, detail={"form": form})
    kind = "statement" if form == "xlsx" else "act"
    said = f"{kind}-{item.month}-{item.number}-{item.version}.{form}"
    name = file_name(console.config.generation, said)
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def is_month(words: str) -> bool:
    """Whether it is a month as forms send it."""
    try:
        return len(words) == 7 and bool(days_of(words))
    except (ValueError, OverflowError):
        return False


def statements_page(
    request: Request,
    visitor: Visitor,
    employer_id: str,
    month: str,
    status: int = 200,
    *,
    refused: InputFault | None = None,
) -> Response:
    """The list, the choice of an employer's month, and what would be issued."""
    console, orgs = console_of(request), visitor.account.orgs
    wrong_month = bool(month) and not is_month(month)
    with reading(console.engine) as connection:
        issued = statements.listed(connection, orgs, SHOWN)
        employers = _employers(connection, visitor)
        found = None
        if employer_id and month and not wrong_month:
            org = own_or_404(visitor, registry.get_employer(connection, employer_id))["org"]
            found = _draft(request, connection, org, employer_id, month)
    names = {row["employer_id"]: row["name"] for row in employers}
    for org in orgs or (None,):
        note_alone(console, visitor, "statements.read", org=org, detail={"rows": len(issued)})
    return page(
        request,
        "statements.html",
        visitor,
        422 if wrong_month else status,
        issued=issued,
        employers=employers,
        names=names,
        chosen=employer_id,
        month=month,
        wrong_month=wrong_month,
        draft=found,
        fault=refused or (found.fault if found else None),
        left_out=statement_files.left_out_words(found.left_out, visitor.look.language) if found else [],
    )


def _draft(request: Request, connection: Connection, org: str, employer_id: str, month: str) -> Draft:
    console = console_of(request)
    counted = count_month(connection, org, employer_id, month, console.config.generation)
    return draft(connection, org, employer_id, month, counted, day_of(console.clock()))


def _employers(connection: Connection, visitor: Visitor) -> list[dict[str, str]]:
    """Employers by name; those of the archive too: a last month is billed after they left."""
    rows = [
        {"employer_id": row["employer_id"], "name": row["name"]}
        for org in visitor.account.orgs
        for archived in (False, True)
        for row in registry.list_employers(connection, org, archived=archived)
    ]
    return sorted(rows, key=lambda row: row["name"])


def _own(request: Request, visitor: Visitor, statement_id: str) -> Statement:
    with reading(console_of(request).engine) as connection:
        found = statements.find(connection, statement_id)
    if found is None:
        raise HTTPException(404)
    return own_or_404(visitor, found)
