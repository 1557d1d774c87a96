"""Large files of workers, of grounds and of history: checked and stored by a process of their own, watched by their owner only.

The forms stand at `/registers/workers`, `/imports/grounds` and `/imports/history`; what is longer than a page can wait for comes
here (`ask`). GET /imports/{workers|grounds|history}/jobs: what this account sent in the last day. GET …/jobs/{job_id}, …/events
(server-sent events), …/errors (rows with faults in the form of the file); POST …/import `csrf` (of a finished check without
faults): 303 to the import of the very file that was checked; POST …/cancel `csrf`.
"""

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from central.console.access_log import note
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.job_pages import job_events, job_file, own_job
from central.core.rights import Right
from central.imports.row_faults import RowFault
from central.jobs import kinds
from central.jobs.queue import TooManyJobs, given_file
from central.store import jobs as store
from central.store.engine import reading, writing


@dataclass(frozen=True, slots=True)
class Register:
    """A kind of file: its name, who may send one, the kinds of its jobs, and the page with the form."""

    name: str
    right: Right
    check: str
    apply: str
    form: str

    @property
    def base(self) -> str:
        """Where its jobs are."""
        return f"/imports/{self.name}/jobs"


WORKERS = Register("workers", Right.CHANGE_REGISTERS, kinds.WORKERS_CHECK, kinds.WORKERS_IMPORT, "/registers/workers")
GROUNDS = Register("grounds", Right.IMPORT_EXAMS, kinds.GROUNDS_CHECK, kinds.GROUNDS_IMPORT, "/imports/grounds")
HISTORY = Register("history", Right.IMPORT_EXAMS, kinds.HISTORY_CHECK, kinds.HISTORY_IMPORT, "/imports/history")


def ask(request: Request, visitor: Visitor, register: Register, org: str, given: bytes, *, is_import: bool) -> Response:
    """Take a file for a job: 303 to its page, 409 with the list where too many are under way."""
    return _ask(request, visitor, register, org, given, is_import=is_import)


def _ask(
    request: Request, visitor: Visitor, register: Register, org: str, given: bytes | Path, *, is_import: bool
) -> Response:
    console = console_of(request)
    params = {
        "org": org,
        "account_id": visitor.account.account_id,
        "address": visitor.address,
        "language": visitor.look.language,
    }
    kind = register.apply if is_import else register.check
    try:
        with console.jobs.keeping(given) as kept, writing(console.engine) as connection:
            job_id = console.jobs.ask(connection, visitor.account.account_id, kind, params, kept)
            action = f"{register.name}.{'import_ask' if is_import else 'check'}"
            note(connection, console, visitor, action, job_id, org=org)
    except TooManyJobs:
        return _list(request, visitor, register, 409, fault="too_many")
    console.jobs.wake()
    return RedirectResponse(f"{register.base}/{job_id}", status_code=303)


def _list(request: Request, visitor: Visitor, register: Register, status: int = 200, *, fault: str = "") -> Response:
    with reading(console_of(request).engine) as connection:
        mine = store.of_account(connection, visitor.account.account_id, (register.check, register.apply))
    return page(
        request, "register_imports.html", visitor, status, jobs=mine, fault=fault, register=register, base=register.base
    )


def _router(register: Register) -> APIRouter:
    """The routes of one kind of file: each names the right of that kind."""
    kind_router = APIRouter()
    both = (register.check, register.apply)
    importer, watcher = Depends(Guard(register.right)), Depends(Guard(register.right, by_itself=True))

    @kind_router.get(register.base)
    def show_imports(request: Request, visitor: Visitor = importer) -> Response:
        """What this account sent in the last day."""
        return _list(request, visitor, register)

    @kind_router.get(register.base + "/{job_id}")
    def show_import(request: Request, job_id: str, visitor: Visitor = importer) -> Response:
        """How far it is, and what came of it: counts, and what is wrong in which row and column."""
        with reading(console_of(request).engine) as connection:
            job = own_job(connection, visitor, job_id, both)
        faults = [RowFault(one["code"], row=one["row"], column=one["column"]) for one in job.result.get("faults", [])]
        return page(
            request, "register_import.html", visitor, job=job, faults=faults, register=register, base=register.base
        )

    @kind_router.post(register.base + "/{job_id}/import")
    def ask_import(request: Request, job_id: str, visitor: Visitor = importer) -> Response:
        """Store the very file that was checked."""
        console = console_of(request)
        with reading(console.engine) as connection:
            checked = own_job(connection, visitor, job_id, (register.check,))
        place = given_file(console.jobs.folder, job_id)
        org = checked.params["org"]
        if (
            checked.state != "done"
            or checked.result["counts"]["faults"]
            or not place.is_file()
            or not visitor.owns(org)
        ):
            raise HTTPException(404)
        return _ask(request, visitor, register, org, place, is_import=True)

    @kind_router.get(register.base + "/{job_id}/events")
    def follow_import(request: Request, job_id: str, visitor: Visitor = watcher) -> Response:
        """Progress as it comes."""
        console = console_of(request)
        with reading(console.engine) as connection:
            job = own_job(connection, visitor, job_id, both)
        return job_events(console, visitor, job)

    @kind_router.get(register.base + "/{job_id}/errors")
    def fetch_errors(request: Request, job_id: str, visitor: Visitor = importer) -> Response:
        """The rows with faults in the form of the file, each with what is wrong."""
        console = console_of(request)
        with writing(console.engine) as connection:
            job = own_job(connection, visitor, job_id, both)
            answer = job_file(console, job)
            detail = {"rows": job.result["counts"]["faulty_rows"]}
            note(
                connection,
                console,
                visitor,
                f"{register.name}.faulty_rows",
                job_id,
                org=job.params["org"],
                detail=detail,
            )
        return answer

    @kind_router.post(register.base + "/{job_id}/cancel")
    def cancel_import(request: Request, job_id: str, visitor: Visitor = importer) -> Response:
        """Stop it: nothing of the file is stored then."""
        console = console_of(request)
        with writing(console.engine) as connection:
            job = own_job(connection, visitor, job_id, both)
            console.jobs.cancel(connection, job)
            note(connection, console, visitor, f"{register.name}.import_cancel", job_id, org=job.params["org"])
        return RedirectResponse(f"{register.base}/{job_id}", status_code=303)

    return kind_router


router = APIRouter()
for _register in (WORKERS, GROUNDS, HISTORY):
    router.routes.extend(_router(_register).routes)
