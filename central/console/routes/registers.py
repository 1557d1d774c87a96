"""Registers: workers, employers, medics, terminals with their devices, organisations; import and export of workers.

Form fields: POST /registers/workers/import `file`, `action` (check | apply), `csrf`; POST /registers/workers one field per
column (`number`, `name`, `position`, `employer`, `snils`, `born`, `sex`, `cards`, `remote`, `reason`, `status`,
`toxicology`), `csrf`; POST /registers/employers `employer_id`, `name`, `inn`, `okved`, `region_code`, `alert_contact`, `csrf`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile

from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.exam import Typed
from central.imports import workers as imports
from central.imports.employers import employer_faults
from central.imports.tables import UnreadableTable
from central.imports.workers import Checked
from central.medics import register_faults
from central.parties import Employer
from central.rights import Right
from central.store import audit, medics, registry, terminals
from central.store.engine import reading, writing

router = APIRouter()

KINDS = ("workers", "employers", "medics", "devices", "organisations")
WORKER_FIELDS = {
    "number": imports.NUMBER,
    "name": imports.NAME,
    "position": imports.POSITION,
    "employer": imports.EMPLOYER,
    "snils": imports.SNILS,
    "born": imports.BORN,
    "sex": imports.SEX,
    "cards": imports.CARDS,
    "remote": imports.REMOTE,
    "reason": imports.REASON,
    "status": imports.STATUS,
    "toxicology": imports.TOXICOLOGY,
}
SHOWN = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/registers")
def first_register(_visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]) -> Response:
    """The register that is looked at most."""
    return RedirectResponse("/registers/workers", status_code=303)


@router.get("/registers/workers/export")
def export_workers(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))]) -> Response:
    """The workers in the form of the import."""
    console = console_of(request)
    with writing(console.engine) as connection:
        content = imports.table_of(connection, own_org(visitor))
        _log(connection, request, visitor, "workers.export", {})
    return Response(content, media_type=XLSX, headers={"Content-Disposition": 'attachment; filename="workers.xlsx"'})


@router.get("/registers/{kind}")
def show_register(
    request: Request, kind: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))], q: str = ""
) -> Response:
    """One register; `q` is the beginning of a name or a number."""
    if kind not in KINDS:
        raise HTTPException(404)
    return register_page(request, visitor, kind, query=q)


@router.post("/registers/workers")
def save_worker(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Add or change one worker: the same checks as for a file."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    row = {column: typed.one(name).strip() for name, column in WORKER_FIELDS.items()}
    with writing(console.engine) as connection:
        checked = imports.check_rows(connection, own_org(visitor), [row], console.clock().date())
        if not checked.faults:
            imports.store_checked(connection, console.registry, checked)
            _log(connection, request, visitor, "worker.save", {}, checked.workers[0].worker_id)
    if checked.faults:
        names = {column: name for name, column in WORKER_FIELDS.items()}
        return register_page(
            request,
            visitor,
            "workers",
            422,
            typed=typed,
            faults={names[fault.column]: fault.code for fault in checked.faults},
        )
    console.wake()
    return RedirectResponse(f"/registers/workers?q={row[imports.NUMBER]}", status_code=303)


@router.post("/registers/workers/import")
def import_workers(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Check a file, or check and store it: all of it or nothing. `action` errors: the rows with faults as a file."""
    console = console_of(request)
    upload = form.get("file")
    content = upload.file.read() if isinstance(upload, UploadFile) else b""
    action = str(form.get("action", "check"))
    try:
        with writing(console.engine) as connection:
            checked = imports.check_file(connection, own_org(visitor), content, console.clock().date())
            if action == "apply" and not checked.faults:
                imports.store_checked(connection, console.registry, checked)
                detail = {"added": checked.added, "changed": checked.changed}
                _log(connection, request, visitor, "workers.import", detail)
    except UnreadableTable as error:
        return register_page(request, visitor, "workers", 422, unreadable=error)
    except ValueError:
        # The wire would not take the roster: too many workers for one message.
        return register_page(request, visitor, "workers", 422, unreadable=UnreadableTable("roster_too_large"))
    if action == "errors" and checked.faults:
        headers = {"Content-Disposition": 'attachment; filename="workers-errors.xlsx"'}
        return Response(checked.error_file(), media_type=XLSX, headers=headers)
    done = action == "apply" and not checked.faults
    if done:
        console.wake()
    return register_page(request, visitor, "workers", 422 if checked.faults else 200, checked=checked, done=done)


@router.post("/registers/employers")
def save_employer(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Add or change an employer."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    fields = {name: typed.one(name).strip() for name in ("name", "inn", "okved", "region_code", "alert_contact")}
    faults = employer_faults(fields)
    if faults:
        return register_page(request, visitor, "employers", 422, typed=typed, faults=faults)
    with writing(console.engine) as connection:
        before = registry.get_employer(connection, typed.one("employer_id")) if typed.one("employer_id") else None
        if before is not None and before["org"] != own_org(visitor):
            raise HTTPException(404)
        kept: dict[str, Any] = (
            {"employer_id": before["employer_id"], "limits": before["limits"]} if before is not None else {}
        )
        given = {name: value or None for name, value in fields.items() if name != "name"}
        employer = Employer(own_org(visitor), fields["name"], **(kept | given))
        console.registry.add_employer(connection, employer)
        console.registry.publish_roster(connection, employer.org)
        _log(connection, request, visitor, "employer.save", {}, employer.employer_id)
    console.wake()
    return RedirectResponse("/registers/employers", status_code=303)


def own_org(visitor: Visitor) -> str:
    """The organisation whose registers the visitor changes; 404 for an account without one."""
    if not visitor.account.orgs:
        raise HTTPException(404)
    return visitor.account.orgs[0]


def register_page(
    request: Request,
    visitor: Visitor,
    kind: str,
    status: int = 200,
    *,
    query: str = "",
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
    checked: Checked | None = None,
    done: bool = False,
    unreadable: UnreadableTable | None = None,
    photo_fault: str = "",
) -> Response:
    """One register, with what came of a form."""
    console = console_of(request)
    with reading(console.engine) as connection:
        orgs = visitor.account.orgs
        employers = {row["employer_id"]: row for org in orgs for row in registry.list_employers(connection, org)}
        rows = _rows(connection, orgs, kind, query.strip().lower(), console.clock())
    return page(
        request,
        "registers.html",
        visitor,
        status,
        kind=kind,
        kinds=KINDS,
        rows=rows[:SHOWN],
        hidden=max(0, len(rows) - SHOWN),
        employers=employers,
        query=query,
        typed=typed or Typed({}),
        faults=faults or {},
        checked=checked,
        done=done,
        unreadable=unreadable,
        photo_fault=photo_fault,
        worker_fields=list(WORKER_FIELDS),
        today=console.clock().date().isoformat(),
    )


def _rows(connection: Connection, orgs: tuple[str, ...], kind: str, query: str, now: Any) -> list[Any]:
    if kind == "workers":
        everybody = [row for org in orgs for row in registry.list_workers(connection, org)]
        return [
            row
            for row in everybody
            if not query or row["full_name"].lower().startswith(query) or row["personnel_number"].lower() == query
        ]
    if kind == "employers":
        return [row for org in orgs for row in registry.list_employers(connection, org)]
    if kind == "organisations":
        return [row for row in registry.list_organisations(connection) if row["org"] in orgs]
    if kind == "medics":
        licences = {row["org"]: row["licence"] for row in registry.list_organisations(connection)}
        entries = medics.of_organisations(connection, orgs)
        return [(entry, register_faults(entry, licences.get(entry.org, ""), now)) for entry in entries]
    found = [row for org in orgs for row in terminals.list_terminals(connection, org)]
    return [(row, terminals.list_devices(connection, row["terminal_id"])) for row in found]


def _log(
    connection: Connection, request: Request, visitor: Visitor, action: str, detail: dict[str, Any], subject: str = ""
) -> None:
    audit.write(
        connection,
        at=console_of(request).clock(),
        account_id=visitor.account.account_id,
        address=visitor.address,
        action=action,
        subject=subject,
        org=own_org(visitor),
        detail=detail,
    )
