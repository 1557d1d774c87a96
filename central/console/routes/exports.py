"""Exports of the journal in the background: requested, watched, cancelled and fetched by their owner only.

POST /journal/exports/{csv|xlsx|pdf} takes the journal's query in its address and `csrf`: 303 to the job's page, 422 with the
journal for a wrong query, 409 with the list when too many are under way. GET /journal/exports, /journal/exports/{job_id},
…/events (server-sent events), …/file; POST …/cancel `csrf`, …/again `csrf` (the same once more, answers as the first).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from central.console.access_log import note
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.job_pages import job_events, job_file, own_job
from central.console.routes.journal import COUNT_EXPORT_TO, asked_of, journal_page, title_of
from central.core.rights import Right
from central.jobs.kinds import JOURNAL_EXPORT
from central.jobs.queue import TooManyJobs
from central.journal import columns as journal_columns
from central.journal.export import FORMS, export_order, filter_of
from central.journal.print_layout import ORDER
from central.store import jobs as store
from central.store import journal
from central.store.engine import reading, writing

router = APIRouter()
Exporter = Annotated[Visitor, Depends(Guard(Right.EXPORT_JOURNAL))]
Watcher = Annotated[Visitor, Depends(Guard(Right.EXPORT_JOURNAL, by_itself=True))]


@router.get("/journal/exports")
def show_exports(request: Request, visitor: Exporter) -> Response:
    """The visitor's exports of the last day."""
    return _list(request, visitor)


@router.post("/journal/exports/{form}")
def ask_export(request: Request, form: str, visitor: Exporter) -> Response:
    """Begin an export of everything that the filter matches. Written into the access log before the work begins."""
    console = console_of(request)
    if form not in FORMS:
        raise HTTPException(404)
    asked = asked_of(request, visitor)
    if asked.faults:
        return journal_page(request, visitor, asked)
    usual = ORDER if form == "pdf" else tuple(journal_columns.COLUMNS)
    keys = asked.columns if asked.query.getlist("columns") else usual
    title = title_of(console, visitor, asked)
    params = export_order(asked.wanted, keys, form, title, visitor.look.language, visitor.look.zone)
    return _begin(request, visitor, params)


@router.get("/journal/exports/{job_id}")
def show_export(request: Request, job_id: str, visitor: Exporter) -> Response:
    """How far it is; without the script the page looks again by itself."""
    with reading(console_of(request).engine) as connection:
        job = own_job(connection, visitor, job_id, (JOURNAL_EXPORT,))
    return page(request, "export.html", visitor, job=job, base="/journal/exports")


@router.get("/journal/exports/{job_id}/events")
def follow_export(request: Request, job_id: str, visitor: Watcher) -> Response:
    """Progress as it comes."""
    console = console_of(request)
    with reading(console.engine) as connection:
        job = own_job(connection, visitor, job_id, (JOURNAL_EXPORT,))
    return job_events(console, visitor, job)


@router.get("/journal/exports/{job_id}/file")
def fetch_export(request: Request, job_id: str, visitor: Exporter) -> Response:
    """The file, to its owner; each fetch is in the access log."""
    console = console_of(request)
    with writing(console.engine) as connection:
        job = own_job(connection, visitor, job_id, (JOURNAL_EXPORT,))
        answer = job_file(console, job)
        note(connection, console_of(request), visitor, "journal.fetch", job_id, detail={"rows": job.rows_done})
    return answer


@router.post("/journal/exports/{job_id}/again")
def export_again(request: Request, job_id: str, visitor: Exporter) -> Response:
    """The same filter, columns and form once more, of what the visitor may see today."""
    with reading(console_of(request).engine) as connection:
        job = own_job(connection, visitor, job_id, (JOURNAL_EXPORT,))
    orgs = [org for org in job.params["filter"]["orgs"] if visitor.owns(org)]
    if not orgs:
        raise HTTPException(404)
    return _begin(request, visitor, job.params | {"filter": job.params["filter"] | {"orgs": orgs}})


@router.post("/journal/exports/{job_id}/cancel")
def cancel_export(request: Request, job_id: str, visitor: Exporter) -> Response:
    """Stop it."""
    console = console_of(request)
    with writing(console.engine) as connection:
        job = own_job(connection, visitor, job_id, (JOURNAL_EXPORT,))
        console.jobs.cancel(connection, job)
        note(connection, console_of(request), visitor, "journal.export_cancel", job_id)
    return RedirectResponse(f"/journal/exports/{job_id}", status_code=303)


def _begin(request: Request, visitor: Visitor, params: dict[str, Any]) -> Response:
    console = console_of(request)
    # Counted outside the transaction of the access log: a writing transaction holds everybody else up.
    with reading(console.engine) as connection:
        rows = journal.count_up_to(connection, filter_of(params), COUNT_EXPORT_TO)
    try:
        with writing(console.engine) as connection:
            job_id = console.jobs.ask(connection, visitor.account.account_id, JOURNAL_EXPORT, params)
            detail = {"rows": rows, "form": params["form"], "columns": len(params["columns"])}
            note(connection, console_of(request), visitor, "journal.export", job_id, detail=detail)
    except TooManyJobs:
        return _list(request, visitor, 409, too_many=True)
    console.jobs.wake()
    return RedirectResponse(f"/journal/exports/{job_id}", status_code=303)


def _list(request: Request, visitor: Visitor, status: int = 200, *, too_many: bool = False) -> Response:
    with reading(console_of(request).engine) as connection:
        mine = store.of_account(connection, visitor.account.account_id, (JOURNAL_EXPORT,))
    return page(request, "exports.html", visitor, status, jobs=mine, too_many=too_many, base="/journal/exports")
