"""Examinations of before by file, from paper or another vendor: history that admits nobody, taken as a whole or not at all.

GET /imports/history; POST /imports/history file `file` (XLSX or CSV, `central.imports.history_columns`), `action` (check | errors |
apply), `csrf`: 200 with the counts, 422 with what is wrong in which row; `errors` gives the rows with faults as a file.
GET /imports/history/form: an empty table to fill in. POST /imports/history/withdrawal `import_id`, `reason`, `csrf`: 303, 422
without a reason; all rows of that import are shown no more.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.routes import register_import
from central.console.routes.registers import XLSX, own_org, uploaded
from central.core.days import day_of
from central.core.rights import Right
from central.imports import history, history_columns
from central.imports.history import CheckedHistory
from central.imports.tables import MOST_JOB_BYTES, TooMuch, UnreadableTable, write_table
from central.store import accounts
from central.store import foreign_exams as store
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author

router = APIRouter()
Form = Annotated[FormData, Depends(form_of)]
Importer = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS))]
Uploader = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS, most_bytes=MOST_JOB_BYTES + PAGE_BYTES))]
MOST_IMPORTS = 100


@router.get("/imports/history")
def show_form(request: Request, visitor: Importer) -> Response:
    """The form, the columns in words, and what was imported."""
    return _page(request, visitor)


@router.get("/imports/history/form")
def empty_table(_visitor: Importer) -> Response:
    """A table with headings only."""
    content = write_table(history_columns.HEADINGS, [], identifiers=history_columns.COLUMNS.identifiers)
    return Response(content, media_type=XLSX, headers={"Content-Disposition": 'attachment; filename="history.xlsx"'})


@router.post("/imports/history")
def import_history(request: Request, visitor: Uploader, form: Form) -> Response:
    """Check a file, or check and store it. A long file goes to a job."""
    console = console_of(request)
    org, now = own_org(visitor, str(form.get("of_org", ""))), console.clock()
    action = str(form.get("action", "check"))
    stored: int | None = None
    try:
        content = uploaded(form, MOST_JOB_BYTES)
        # Before the transaction: everybody else's writing would wait for a stranger's file.
        rows = history.read_small_file(content)
        with (writing if action == "apply" else reading)(console.engine) as connection:
            if action == "apply":
                hold_registers(connection, org)
            checked = history.check_rows(connection, org, rows, day_of(now), console.registry.snils_hash)
            if action == "apply" and not checked.faults:
                author = Author(visitor.account.account_id, now)
                stored = history.store_new(connection, org, checked.new, author)
                detail = {"added": stored, "rows": len(checked.rows)}
                note(connection, console, visitor, "history.import", org=org, detail=detail)
    except TooMuch:
        return register_import.ask(request, visitor, register_import.HISTORY, org, content, is_import=action == "apply")
    except UnreadableTable as error:
        return _page(request, visitor, 422, unreadable=error)
    if action == "errors" and checked.faults:
        headers = {"Content-Disposition": 'attachment; filename="history-errors.xlsx"'}
        return Response(checked.error_file(visitor.look.language), media_type=XLSX, headers=headers)
    return _page(request, visitor, 422 if checked.faults else 200, checked=checked, stored=stored)


@router.post("/imports/history/withdrawal")
def withdraw(request: Request, visitor: Importer, form: Form) -> Response:
    """Take an import back as a whole."""
    console = console_of(request)
    import_id = str(form.get("import_id", ""))
    with writing(console.engine) as connection:
        one = store.get_import(connection, import_id)
        if one is None or not visitor.owns(one.org):
            raise HTTPException(404)
        hold_registers(connection, one.org)
        # Somebody else may have been quicker.
        one = store.get_import(connection, import_id) or one
        author = Author(visitor.account.account_id, console.clock())
        faults = history.withdraw(connection, one, str(form.get("reason", "")), author)
        if not faults:
            detail = {"rows": one.rows}
            note(connection, console, visitor, "history.withdraw", import_id, org=one.org, detail=detail)
    if faults:
        said = {name: fault.code for name, fault in faults.items()}
        return _page(request, visitor, 422, about=import_id, faults=said, typed=str(form.get("reason", "")))
    return RedirectResponse("/imports/history?withdrawn=1", status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    checked: CheckedHistory | None = None,
    stored: int | None = None,
    unreadable: UnreadableTable | None = None,
    about: str = "",
    faults: Mapping[str, str] | None = None,
    typed: str = "",
) -> Response:
    with reading(console_of(request).engine) as connection:
        imports = store.imports(connection, visitor.account.orgs, MOST_IMPORTS)
        names = {one.account_id: one.full_name for one in accounts.all_accounts(connection)}
    return page(
        request,
        "history_import.html",
        visitor,
        status,
        checked=checked,
        stored=stored,
        unreadable=unreadable,
        headings=history_columns.HEADINGS,
        needed=history_columns.NEEDED,
        imports=imports,
        names=names,
        about=about,
        faults=faults or {},
        typed=typed,
        withdrawn=request.query_params.get("withdrawn") == "1",
    )
