"""Large files of medics, organisations and reference books: checked and stored by a process of their own, watched by their owner.

The forms stand at `/imports/medics`, `/imports/organisations` and `/books/{book}`; a file that a page cannot wait for comes here
(`ask`). GET /imports/files: what this account sent in the last day. GET /imports/files/{job_id}, …/events (server-sent events),
…/result (the difference of a check, or the rows with faults); POST …/import `missing` (1: so many medics have really left), `csrf`
(of a finished check without faults): 303 to the import of the very file that was checked; POST …/cancel `csrf`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.books.catalogue import BOOKS
from central.console.access_log import note
from central.console.books_view import may_change_book
from central.console.context import Visitor, console_of, page
from central.console.guard import Forbidden, Guard, form_of
from central.console.job_pages import job_events, job_file, own_job
from central.core.rights import Right
from central.imports.row_faults import RowFault
from central.jobs.kinds import FILES
from central.jobs.queue import TooManyJobs, given_file
from central.store import jobs as store
from central.store.engine import reading, writing
from central.store.jobs import Job

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_BOOKS))]
"""Whoever can send one of these files; the file itself is under the right of its kind."""
Watcher = Annotated[Visitor, Depends(Guard(Right.SEE_BOOKS, by_itself=True))]
BASE = "/imports/files"
_ALL = [kind for both in FILES.values() for kind in both]


def ask(
    request: Request, visitor: Visitor, file: str, given: bytes, params: Mapping[str, Any], *, is_import: bool
) -> Response:
    """Take a file of a kind of `FILES` for a job: 303 to its page, 409 with the list where too many are under way.

    `params`: `org`, `orgs`, and what that kind of file needs (`central.imports.federal_jobs`).
    """
    said = {
        "account_id": visitor.account.account_id,
        "address": visitor.address,
        "language": visitor.look.language,
        "role": visitor.account.role,
    }
    return _ask(request, visitor, file, given, dict(params) | said, is_import=is_import)


def _ask(
    request: Request, visitor: Visitor, file: str, given: bytes | Path, params: dict[str, Any], *, is_import: bool
) -> Response:
    console = console_of(request)
    try:
        with console.jobs.keeping(given) as kept, writing(console.engine) as connection:
            kind = FILES[file][is_import]
            job_id = console.jobs.ask(connection, visitor.account.account_id, kind, params, kept)
            note(connection, console, visitor, f"files.{'import_ask' if is_import else 'check'}", job_id, **_of(params))
    except TooManyJobs:
        return _list(request, visitor, 409, fault="too_many")
    console.jobs.wake()
    return RedirectResponse(f"{BASE}/{job_id}", status_code=303)


def _of(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"org": params["org"]} if params["org"] else {}


@router.get("/imports/files")
def show_files(request: Request, visitor: Reader) -> Response:
    """What this account sent in the last day."""
    return _list(request, visitor)


@router.get("/imports/files/{job_id}")
def show_file(request: Request, job_id: str, visitor: Reader) -> Response:
    """How far it is, and what came of it: counts, the difference as a file, and what is wrong where."""
    language = visitor.look.language
    with reading(console_of(request).engine) as connection:
        job = own_job(connection, visitor, job_id, _ALL)
    faults = [
        {"row": one["row"], "column": one["column"], "words": one.get("words") or RowFault(one["code"]).what(language)}
        for one in job.result.get("faults", [])
    ]
    return page(request, "file_job.html", visitor, job=job, faults=faults, base=BASE, form=_form(job), file=_file(job))


@router.post("/imports/files/{job_id}/import")
def ask_import(request: Request, job_id: str, visitor: Reader, sent: Annotated[FormData, Depends(form_of)]) -> Response:
    """Store the very file that was checked."""
    console = console_of(request)
    with reading(console.engine) as connection:
        checked = own_job(connection, visitor, job_id, [both[0] for both in FILES.values()])
    _check_right(visitor, _file(checked), checked.params)
    place = given_file(console.jobs.folder, job_id)
    if checked.state != "done" or checked.result["counts"]["faults"] or not place.is_file():
        raise HTTPException(404)
    params = dict(checked.params) | {"missing": sent.get("missing") == "1"}
    return _ask(request, visitor, _file(checked), place, params, is_import=True)


@router.get("/imports/files/{job_id}/events")
def follow_file(request: Request, job_id: str, visitor: Watcher) -> Response:
    """Progress as it comes."""
    console = console_of(request)
    with reading(console.engine) as connection:
        job = own_job(connection, visitor, job_id, _ALL)
    return job_events(console, visitor, job)


@router.get("/imports/files/{job_id}/result")
def fetch_result(request: Request, job_id: str, visitor: Reader) -> Response:
    """The rows with faults in the form of the file, or what would change."""
    console = console_of(request)
    with writing(console.engine) as connection:
        job = own_job(connection, visitor, job_id, _ALL)
        answer = job_file(console, job)
        note(connection, console, visitor, "files.result", job_id, **_of(job.params))
    return answer


@router.post("/imports/files/{job_id}/cancel")
def cancel_file(request: Request, job_id: str, visitor: Reader) -> Response:
    """Stop it: nothing of the file is stored then."""
    console = console_of(request)
    with writing(console.engine) as connection:
        job = own_job(connection, visitor, job_id, _ALL)
        console.jobs.cancel(connection, job)
        note(connection, console, visitor, "files.import_cancel", job_id, **_of(job.params))
    return RedirectResponse(f"{BASE}/{job_id}", status_code=303)


def _check_right(visitor: Visitor, file: str, params: Mapping[str, Any]) -> None:
    """Raises `Forbidden` for whoever may not send such a file any more."""
    if file == "book":
        kind, is_theirs = BOOKS[params["book"]], may_change_book(visitor, BOOKS[params["book"]], params["org"])
        right = kind.right
    else:
        right = Right.CHANGE_MEDICS if file == "medics" else Right.CHANGE_ORGANISATIONS
        is_theirs = visitor.may(right)
    if not is_theirs or not all(visitor.owns(org) for org in params["orgs"]):
        raise Forbidden(visitor, right)


def _file(job: Job) -> str:
    return next(name for name, both in FILES.items() if job.kind in both)


def _form(job: Job) -> str:
    """The page from which it was sent."""
    if (file := _file(job)) != "book":
        return f"/imports/{file}"
    whose = f"?org={job.params['org']}" if job.params["org"] else ""
    return f"/books/{job.params['book']}{whose}"


def _list(request: Request, visitor: Visitor, status: int = 200, *, fault: str = "") -> Response:
    with reading(console_of(request).engine) as connection:
        mine = store.of_account(connection, visitor.account.account_id, _ALL)
    return page(request, "file_jobs.html", visitor, status, jobs=mine, fault=fault, base=BASE, forms=_forms(visitor))


def _forms(visitor: Visitor) -> dict[str, str]:
    """The pages that send such files and that this account may open, by kind of file."""
    rights = {"medics": Right.CHANGE_MEDICS, "organisations": Right.CHANGE_ORGANISATIONS}
    return {file: f"/imports/{file}" for file, right in rights.items() if visitor.may(right)} | {"books": "/books"}
