"""The workforce of an employer, kept by its HR department: the list, a card, and what is asked for on it.

GET /employer/workers takes `employer` (one of the account's), `gone` (1: who has left), `sort`, `page` and whom POST
/employer/workers (`q`, `csrf`) has found; with /export `form` (xlsx | docx | pdf). GET and POST /employer/workers/new and
/employer/workers/{worker_id}: the fields of `central.registers.workforce.HR_FIELDS`, of a new one `employer`, `seen`, `another`
(1: somebody alike is another person), `csrf`. POST …/dismissal `last_day` (empty: at once), `seen`; POST …/transfer
`to_employer`, `personnel_number`, `position`, `since`, `seen`. 303 to the card; 404 for somebody else's worker, 409 when
somebody has changed the entry meanwhile, 422 with a fault at each field. What is asked for takes effect at once, or waits for a
senior medic (`[employers] confirm_changes`); POST /employer/changes/{change_id}/withdraw takes back what waits, else 409.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone, note_seldom
from central.console.conclusion_files import PRINTED_MOST, FileTable, as_pdf, as_xlsx
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.employer_scope import EmployerScope, scope_of
from central.console.guard import Guard, form_of
from central.console.paging import page_number, paging_of
from central.console.sorting import kept_order, sorting_of
from central.console.word_files import as_docx
from central.console.worker_search import address_pairs, find_worker, words_of
from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.registers.form import typed_of
from central.registers.keeping import RegisterChange
from central.registers.workforce import HR_FIELDS, TRANSFER_FIELDS, apply, told
from central.store import register_changes, workforce, workforce_changes
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author
from central.store.registry import get_employer
from central.store.workforce_changes import Kind, WorkforceChange
from central.words.texts import text
from sync.contract.canonical import new_id

router = APIRouter()
Hr = Annotated[Visitor, Depends(Guard(Right.KEEP_WORKFORCE))]
Form = Annotated[FormData, Depends(form_of)]
PAGE = "/employer/workers"
ON_A_PAGE = 100
MOST = {"xlsx": 100_000, "docx": PRINTED_MOST, "pdf": PRINTED_MOST}
_ASKED_SHOWN = 50
_COLUMNS = {
    "exam.personnel_number": 0.09,
    "journal.column.full_name": 0.25,
    "exam.employer": 0.16,
    "entry.field.position": 0.18,
    "employer.department": 0.14,
    "entry.field.since": 0.09,
    "entry.field.until": 0.09,
}


@router.get("/employer/workers")
def show_workers(request: Request, visitor: Hr) -> Response:
    """The list."""
    words, fault = words_of(request, request.query_params, "q")
    return _list(request, visitor, words, fault)


@router.post("/employer/workers")
def find_in_workers(request: Request, visitor: Hr, form: Form) -> Response:
    """Lead to the address of who is meant. A form by POST: what is typed names a person (adr/0075)."""
    typed = str(form.get("q", "")).strip()
    query = find_worker(request, visitor, typed)
    if query.fault:
        return _list(request, visitor, typed, query.fault)
    with reading(console_of(request).engine) as connection:
        scope = scope_of(connection, request, visitor, str(form.get("employer", "")))
    pairs = [*scope.pairs, *address_pairs(request, query), *kept_order(form)]
    return RedirectResponse(f"{PAGE}?{urlencode(pairs)}" if pairs else PAGE, status_code=303)


@router.get("/employer/workers/export")
def export_workers(request: Request, visitor: Hr, form: str = "xlsx") -> Response:
    """The list as a file."""
    console = console_of(request)
    words, fault = words_of(request, request.query_params, "q")
    if form not in MOST or fault:
        raise HTTPException(404)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        rows, _ = workforce.page(
            connection,
            visitor.account.orgs,
            scope.ids,
            day_of(console.clock()),
            words=words,
            worker_ids=tuple(request.query_params.getlist("worker_id")),
            gone=request.query_params.get("gone") == "1",
            limit=MOST[form],
        )
    note_alone(console, visitor, "workforce.export", detail={"rows": len(rows), "form": form})
    title = f"{text(visitor.look.language, 'employer.page.workers')} – {scope.title}"
    cells = [
        [
            row["personnel_number"],
            row["full_name"],
            scope.names[row["employer_id"]],
            row["position"],
            row["department"],
            row["since"],
            row["until"],
        ]
        for row in rows
    ]
    table = FileTable("workers", title, _COLUMNS, cells)
    return {"xlsx": as_xlsx, "docx": as_docx, "pdf": as_pdf}[form](request, visitor, table)


@router.get("/employer/workers/new")
def show_new(request: Request, visitor: Hr) -> Response:
    """An empty card."""
    return _card(request, visitor, None)


@router.post("/employer/workers/new")
def add_worker(request: Request, visitor: Hr, form: Form) -> Response:
    """Ask for a new worker."""
    return _ask(request, visitor, None, "add", form)


@router.get("/employer/workers/{worker_id}")
def show_worker(request: Request, worker_id: str, visitor: Hr) -> Response:
    """The card."""
    return _card(request, visitor, worker_id)


@router.post("/employer/workers/{worker_id}")
def change_worker(request: Request, worker_id: str, visitor: Hr, form: Form) -> Response:
    """Ask for a change of the card."""
    return _ask(request, visitor, worker_id, "change", form)


@router.post("/employer/workers/{worker_id}/dismissal")
def dismiss_worker(request: Request, worker_id: str, visitor: Hr, form: Form) -> Response:
    """Ask for the end of the employment."""
    return _ask(request, visitor, worker_id, "dismiss", form)


@router.post("/employer/workers/{worker_id}/transfer")
def transfer_worker(request: Request, worker_id: str, visitor: Hr, form: Form) -> Response:
    """Ask for the move to another employer of the account."""
    return _ask(request, visitor, worker_id, "transfer", form)


@router.post("/employer/changes/{change_id}/withdraw")
def withdraw_change(request: Request, change_id: str, visitor: Hr) -> Response:
    """Take a change back that nobody has decided on; 409 when somebody has."""
    console = console_of(request)
    with writing(console.engine) as connection:
        scope = scope_of(connection, request, visitor, "")
        asked = workforce_changes.get(connection, change_id)
        if asked is None or asked.employer_id not in scope.names:
            raise HTTPException(404)
        now, by = console.clock(), visitor.account.account_id
        if not workforce_changes.decide(connection, change_id, "withdrawn", now, by):
            raise HTTPException(409)
        subject = asked.worker_id or change_id
        note(connection, console, visitor, "workforce.withdraw", subject, org=asked.org, detail={"kind": asked.kind})
    return RedirectResponse(f"{PAGE}?withdrawn=1", status_code=303)


_NAMES: Mapping[Kind, tuple[str, ...]] = {
    "add": tuple(field.name for field in HR_FIELDS),
    "change": tuple(field.name for field in HR_FIELDS),
    "dismiss": ("last_day",),
    "transfer": TRANSFER_FIELDS,
}


def _ask(request: Request, visitor: Visitor, worker_id: str | None, kind: Kind, form: FormData) -> Response:
    console = console_of(request)
    typed = {name: " ".join(str(form.get(name, "")).split()) for name in _NAMES[kind]}
    chosen, seen = str(form.get("employer", "")), str(form.get("seen", "0"))
    try:
        with writing(console.engine) as connection:
            scope = scope_of(connection, request, visitor, "")
            employer_id = _employer_of(connection, scope, worker_id, chosen)
            if not employer_id:
                return _card(request, visitor, None, 422, kind, typed, {"employer": InputFault("choose")})
            if kind == "transfer" and typed["to_employer"]:
                scope.of(typed["to_employer"])
            org = str(own_or_404(visitor, get_employer(connection, employer_id))["org"])
            hold_registers(connection, org)
            author = Author(visitor.account.account_id, console.clock())
            asked = WorkforceChange(
                change_id=new_id(),
                org=org,
                employer_id=employer_id,
                worker_id=worker_id,
                kind=kind,
                fields=typed,
                another=form.get("another") == "1",
                seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0,
                asked_at=author.at,
                asked_by=visitor.account.account_id,
            )
            waits = console.config.employers.confirm_changes
            with connection.begin_nested() as tried:
                # What a senior medic would be refused is told to whoever types it.
                saved = told(apply(RegisterChange(connection, console.registry, org, author), asked))
                if waits or not isinstance(saved, str):
                    tried.rollback()
            if isinstance(saved, str):
                workforce_changes.add(connection, asked)
                if not waits:
                    workforce_changes.decide(
                        connection,
                        asked.change_id,
                        "done",
                        author.at,
                        asked.asked_by,
                        worker_id=None if worker_id else saved,
                    )
                action = "workforce.ask" if waits else f"workforce.{kind}"
                note(connection, console, visitor, action, worker_id or asked.change_id, org=org, detail={"kind": kind})
    except ValueError:
        # The wire would not take the roster with this entry: nothing of it is kept.
        saved = {"": InputFault("roster_too_large")}
    if not isinstance(saved, str):
        status = 409 if saved.get("") == InputFault("changed_meanwhile") else 422
        return _card(request, visitor, worker_id, status, kind, typed, saved)
    console.wake()
    there = worker_id if kind in {"change", "dismiss"} else "" if waits else saved
    done = "waiting" if waits else "saved"
    return RedirectResponse(f"{PAGE}/{there}?{done}=1" if there else f"{PAGE}?{done}=1", status_code=303)


def _employer_of(connection: Connection, scope: EmployerScope, worker_id: str | None, chosen: str) -> str:
    if worker_id is not None:
        return str(_own(connection, scope, worker_id)["employer_id"])
    return scope.of(chosen) if chosen else scope.only


def _own(connection: Connection, scope: EmployerScope, worker_id: str) -> Mapping[str, object]:
    row = workforce.get(connection, tuple(scope.names), worker_id)
    if row is None:
        raise HTTPException(404)
    return dict(row)


def _list(request: Request, visitor: Visitor, words: str, fault: str) -> Response:
    console, query = console_of(request), request.query_params
    sort = sorting_of(request, workforce.ORDERS, path=PAGE, usual="full_name")
    gone, ids = query.get("gone") == "1", tuple(query.getlist("worker_id"))
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        rows, found = workforce.page(
            connection,
            visitor.account.orgs,
            scope.ids,
            day_of(console.clock()),
            words="" if fault else words,
            worker_ids=ids,
            gone=gone,
            order=sort.order,
            limit=0 if fault else ON_A_PAGE,
            offset=(page_number(request) - 1) * ON_A_PAGE,
        )
        asked = workforce_changes.of_employers(connection, scope.ids, _ASKED_SHOWN)
    note_seldom(request, visitor, "workforce.read")
    return page(
        request,
        "employer_workers.html",
        visitor,
        422 if fault else 200,
        scope=scope,
        rows=rows,
        sort=sort,
        gone=gone,
        query=words,
        narrowed=bool(ids),
        fault=fault,
        asked=[one for one in asked if one.state in {"waiting", "refused"}],
        paging=paging_of(request, 0 if fault else found, ON_A_PAGE, PAGE),
        files=urlencode(
            [pair for pair in query.multi_items() if pair[0] not in {"page", "form", "saved", "waiting", "withdrawn"}]
        ),
        said=next((name for name in ("saved", "waiting", "withdrawn") if query.get(name) == "1"), ""),
    )


def _card(
    request: Request,
    visitor: Visitor,
    worker_id: str | None,
    status: int = 200,
    kind: Kind | None = None,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, InputFault] | None = None,
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        row = _own(connection, scope, worker_id) if worker_id else {}
        history = register_changes.of_entry(connection, "workers", worker_id) if worker_id else []
        asked = workforce_changes.of_worker(connection, worker_id) if worker_id else []
        seen = register_changes.count(connection, "workers", worker_id) if worker_id else 0
    if worker_id:
        note_alone(console, visitor, "workforce.card", worker_id, org=str(row["org"]))
    shown = dict(typed or {})
    return page(
        request,
        "employer_worker.html",
        visitor,
        status,
        scope=scope,
        row=row,
        worker_id=worker_id,
        form_fields=HR_FIELDS,
        typed=shown if kind in {"add", "change"} else typed_of(HR_FIELDS, row),
        dismissal=shown if kind == "dismiss" else {},
        move=shown if kind == "transfer" else {"position": row.get("position", "")},
        kind=kind or ("change" if worker_id else "add"),
        faults=faults or {},
        history=[one for one in history if one.action != "change" or set(one.fields) & set(_NAMES["change"])],
        asked=asked,
        seen=seen,
        confirms=console.config.employers.confirm_changes,
        said=next((name for name in ("saved", "waiting") if request.query_params.get(name) == "1"), ""),
    )
