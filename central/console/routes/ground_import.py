"""Grounds from other registers by file: checked as a whole, stored as a whole or not at all.

GET /imports/grounds; POST /imports/grounds file `file` (XLSX or CSV, `central.imports.ground_columns`), `action` (check | errors |
apply), `csrf`: 200 with the counts, 422 with what is wrong in which row; `errors` gives the rows with faults as a file.
GET /imports/grounds/form: an empty table to fill in.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.routes import register_import
from central.console.routes.registers import XLSX, own_org, uploaded
from central.core.days import day_of
from central.core.rights import Right
from central.imports import ground_columns
from central.imports import grounds as imports
from central.imports.grounds import CheckedGrounds
from central.imports.tables import MOST_JOB_BYTES, TooMuch, UnreadableTable, write_table
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author

router = APIRouter()
Importer = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS))]
Uploader = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS, most_bytes=MOST_JOB_BYTES + PAGE_BYTES))]


@router.get("/imports/grounds")
def show_form(request: Request, visitor: Importer) -> Response:
    """The form, with the columns in words."""
    return _page(request, visitor)


@router.get("/imports/grounds/form")
def empty_table(_visitor: Importer) -> Response:
    """A table with headings only."""
    content = write_table(ground_columns.HEADINGS, [], identifiers=ground_columns.COLUMNS.identifiers)
    return Response(content, media_type=XLSX, headers={"Content-Disposition": 'attachment; filename="grounds.xlsx"'})


@router.post("/imports/grounds")
def import_grounds(request: Request, visitor: Uploader, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Check a file, or check and store it. A long file goes to a job."""
    console = console_of(request)
    org, now = own_org(visitor, str(form.get("of_org", ""))), console.clock()
    action = str(form.get("action", "check"))
    stored: int | None = None
    try:
        content = uploaded(form, MOST_JOB_BYTES)
        # Before the transaction: everybody else's writing would wait for a stranger's file.
        rows = imports.read_small_file(content)
        with (writing if action == "apply" else reading)(console.engine) as connection:
            if action == "apply":
                hold_registers(connection, org)
            checked = imports.check_rows(connection, org, rows, day_of(now), console.registry.snils_hash)
            if action == "apply" and not checked.faults:
                stored = imports.store_checked(connection, checked, Author(visitor.account.account_id, now))
                note(
                    connection,
                    console,
                    visitor,
                    "grounds.import",
                    org=org,
                    detail={"added": stored, "rows": len(checked.rows)},
                )
    except TooMuch:
        return register_import.ask(request, visitor, register_import.GROUNDS, org, content, is_import=action == "apply")
    except UnreadableTable as error:
        return _page(request, visitor, 422, unreadable=error)
    if action == "errors" and checked.faults:
        headers = {"Content-Disposition": 'attachment; filename="grounds-errors.xlsx"'}
        return Response(checked.error_file(visitor.look.language), media_type=XLSX, headers=headers)
    return _page(request, visitor, 422 if checked.faults else 200, checked=checked, stored=stored)


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    checked: CheckedGrounds | None = None,
    stored: int | None = None,
    unreadable: UnreadableTable | None = None,
) -> Response:
    return page(
        request,
        "ground_import.html",
        visitor,
        status,
        checked=checked,
        stored=stored,
        unreadable=unreadable,
        headings=ground_columns.HEADINGS,
        needed=ground_columns.NEEDED,
    )
