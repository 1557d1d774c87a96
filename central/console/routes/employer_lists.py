"""Lists of an employer beside the open page of admissions: the same rows as a file, and whom a terminal does not take.

GET /admissions/export takes what /admissions takes, and `form` (xlsx | docx | pdf): a list for the gate, or of who has not
passed. GET /employer/held takes `employer` and `page`: suspended workers and those whom only a medic may examine, with what to
do; neither a reason nor what a document says.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from central.console.access_log import note_alone, note_seldom
from central.console.conclusion_files import PRINTED_MOST, FileTable, as_pdf, as_xlsx
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import EmployerScope, scope_of
from central.console.guard import Guard
from central.console.paging import page_number, paging_of
from central.console.word_files import as_docx
from central.console.worker_search import words_of
from central.core.rights import Right
from central.deciding.admissions import STATES, Admission, admission_page
from central.store.admission_rows import AdmissionFilter
from central.store.engine import reading
from central.words.table_values import Value, local
from central.words.texts import text

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS))]
HELD = ("suspended", "in_person")
ON_A_PAGE = 100
MOST = {"xlsx": 100_000, "docx": PRINTED_MOST, "pdf": PRINTED_MOST}
_COLUMNS = {
    "exam.personnel_number": 0.1,
    "journal.column.full_name": 0.27,
    "exam.employer": 0.18,
    "employer.department": 0.12,
    "decision.outcome": 0.15,
    "exam.type": 0.09,
    "check.valid_until": 0.09,
}


@router.get("/admissions/export")
def export_admissions(request: Request, visitor: Reader, form: str = "xlsx", state: str = "") -> Response:
    """The chosen rows, by name, as they are now."""
    console, look, query = console_of(request), visitor.look, request.query_params
    words, fault = words_of(request, query, "q")
    if form not in MOST or fault:
        raise HTTPException(404)
    ids, department = tuple(query.getlist("worker_id")), query.get("department")
    chosen = (state,) if state in STATES else ()
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        wanted = AdmissionFilter(words, visitor.account.orgs, ids, chosen, department)
        now = console.clock()
        found = admission_page(connection, scope.ids, now, wanted, limit=MOST[form])
    note_alone(console, visitor, "admissions.export", detail={"rows": len(found.rows), "form": form})
    at = f"{now.astimezone(look.zone):%d.%m.%Y %H:%M}"
    parts = [f"{text(look.language, 'employer.page.admissions')}: {scope.title}", at]
    parts += [text(look.language, f"admissions.state.{one}") for one in chosen]
    rows = [_cells(item, scope, visitor) for item in found.rows]
    table = FileTable("admissions", ", ".join(parts), _COLUMNS, rows)
    return {"xlsx": as_xlsx, "docx": as_docx, "pdf": as_pdf}[form](request, visitor, table)


@router.get("/employer/held")
def show_held(request: Request, visitor: Reader) -> Response:
    """Who is suspended, and who has to be sent to a medic."""
    console = console_of(request)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        wanted, offset = AdmissionFilter(states=HELD), (page_number(request) - 1) * ON_A_PAGE
        found = admission_page(connection, scope.ids, console.clock(), wanted, limit=ON_A_PAGE, offset=offset)
    note_seldom(request, visitor, "held.read")
    return page(
        request,
        "employer_held.html",
        visitor,
        scope=scope,
        rows=found.rows,
        paging=paging_of(request, found.matching, ON_A_PAGE, "/employer/held"),
    )


def _cells(item: Admission, scope: EmployerScope, visitor: Visitor) -> list[Value]:
    language = visitor.look.language
    return [
        item.personnel_number,
        item.full_name,
        scope.names[item.employer_id],
        item.department,
        text(language, f"admissions.state.{item.state}"),
        text(language, f"exam_type.{item.exam_type}") if item.exam_type else "",
        local(item.valid_until, visitor.look.zone) if item.valid_until and item.state == "admitted" else None,
    ]
