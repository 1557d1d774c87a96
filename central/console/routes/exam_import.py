"""Examinations from a file: checked first, row by row, then imported; both in the background, for their owner only.

POST /imports/exams file `file` (JSON Lines or XLSX, docs/console.md), `csrf`: 303 to the page of the check, 422 for no file, one
that is too large, or too many under way. POST /imports/exams/{job_id}/import `csrf` (of a finished check): 303 to the page of
the import. GET /imports/exams, /imports/exams/{job_id}, …/events, …/errors (the refused rows in the form of the file); POST
…/cancel `csrf`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from central.console.access_log import note
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.job_pages import job_events, job_file, own_job
from central.core.rights import Right
from central.imports.exam_faults import fault_words
from central.imports.exam_jobs import MOST_UPLOAD_BYTES
from central.jobs.kinds import EXAMS_CHECK, EXAMS_IMPORT
from central.jobs.queue import TooManyJobs, given_file
from central.store import jobs as store
from central.store.engine import reading, writing

router = APIRouter()
KINDS = (EXAMS_CHECK, EXAMS_IMPORT)
Importer = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS))]
Uploader = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS, most_bytes=MOST_UPLOAD_BYTES + PAGE_BYTES))]
Watcher = Annotated[Visitor, Depends(Guard(Right.IMPORT_EXAMS, by_itself=True))]


@router.get("/imports/exams")
def show_imports(request: Request, visitor: Importer) -> Response:
    """The form, and what this account imported in the last day."""
    return _list(request, visitor)


@router.post("/imports/exams")
def ask_check(request: Request, visitor: Uploader, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Take a file and check it; nothing of it is stored as an examination."""
    console = console_of(request)
    upload = form.get("file")
    content = upload.file.read(MOST_UPLOAD_BYTES + 1) if isinstance(upload, UploadFile) else b""
    if not content or len(content) > MOST_UPLOAD_BYTES:
        return _list(request, visitor, 422, fault="upload_too_large" if content else "no_file")
    params = {"orgs": list(visitor.account.orgs), "size": len(content), "language": visitor.look.language}
    try:
        with console.jobs.keeping(content) as kept, writing(console.engine) as connection:
            job_id = console.jobs.ask(connection, visitor.account.account_id, EXAMS_CHECK, params, kept)
            note(connection, console_of(request), visitor, "exams.check", job_id, detail={"size": len(content)})
    except TooManyJobs:
        return _list(request, visitor, 422, fault="too_many")
    console.jobs.wake()
    return RedirectResponse(f"/imports/exams/{job_id}", status_code=303)


@router.post("/imports/exams/{job_id}/import")
def ask_import(request: Request, job_id: str, visitor: Importer) -> Response:
    """Import the very file that was checked."""
    console = console_of(request)
    with reading(console.engine) as connection:
        checked = own_job(connection, visitor, job_id, (EXAMS_CHECK,))
    place = given_file(console.jobs.folder, job_id)
    if checked.state != "done" or not place.is_file():
        raise HTTPException(404)
    params = {"orgs": list(visitor.account.orgs), "checked": job_id, "language": visitor.look.language}
    try:
        with console.jobs.keeping(place) as kept, writing(console.engine) as connection:
            fresh = console.jobs.ask(connection, visitor.account.account_id, EXAMS_IMPORT, params, kept)
            detail = {"rows": checked.rows_total, "checked": job_id}
            note(connection, console_of(request), visitor, "exams.import", fresh, detail=detail)
    except TooManyJobs:
        return _list(request, visitor, 422, fault="too_many")
    console.jobs.wake()
    return RedirectResponse(f"/imports/exams/{fresh}", status_code=303)


@router.get("/imports/exams/{job_id}")
def show_import(request: Request, job_id: str, visitor: Importer) -> Response:
    """How far it is, and what came of it: counts, and what is wrong with each refused row."""
    with reading(console_of(request).engine) as connection:
        job = own_job(connection, visitor, job_id, KINDS)
    refused = [
        (item["row"], *fault_words(item["code"], item["facts"], visitor.look.language))
        for item in (job.result or {}).get("refused", [])
    ]
    return page(request, "exam_import.html", visitor, job=job, refused=refused, base="/imports/exams")


@router.get("/imports/exams/{job_id}/events")
def follow_import(request: Request, job_id: str, visitor: Watcher) -> Response:
    """Progress as it comes."""
    console = console_of(request)
    with reading(console.engine) as connection:
        job = own_job(connection, visitor, job_id, KINDS)
    return job_events(console, visitor, job)


@router.get("/imports/exams/{job_id}/errors")
def fetch_errors(request: Request, job_id: str, visitor: Importer) -> Response:
    """The refused rows in the form of the file, each with what is wrong."""
    console = console_of(request)
    with writing(console.engine) as connection:
        job = own_job(connection, visitor, job_id, KINDS)
        answer = job_file(console, job)
        rows = job.result.get("counts", {}).get("refused", 0)
        note(connection, console, visitor, "exams.refused_rows", job_id, detail={"rows": rows})
    return answer


@router.post("/imports/exams/{job_id}/cancel")
def cancel_import(request: Request, job_id: str, visitor: Importer) -> Response:
    """Stop it. Rows that are stored already stay: each is whole by itself."""
    console = console_of(request)
    with writing(console.engine) as connection:
        console.jobs.cancel(connection, own_job(connection, visitor, job_id, KINDS))
        note(connection, console_of(request), visitor, "exams.import_cancel", job_id)
    return RedirectResponse(f"/imports/exams/{job_id}", status_code=303)


def _list(request: Request, visitor: Visitor, status: int = 200, *, fault: str = "") -> Response:
    with reading(console_of(request).engine) as connection:
        mine = store.of_account(connection, visitor.account.account_id, KINDS)
    return page(request, "exam_imports.html", visitor, status, jobs=mine, fault=fault, base="/imports/exams")
