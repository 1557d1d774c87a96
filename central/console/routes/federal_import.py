"""What the federal registers say, by file: medics (ФРМР) and organisations (ФРМО), read by a field map.

GET /imports/medics, /imports/organisations; POST to the same file `file` (XLSX, CSV, XML, JSON), `map` (name of a field map),
`of_org` (of medics: the organisation; where an account has several), `missing` (1: so many have really left), `action` (check |
errors | apply), `csrf`. 200 with the difference, 422 with what is wrong in which row, 409 where so many medics would leave that
somebody has to say that it is meant; 303 to a job for a large file. All of a file is stored or nothing.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.routes import file_jobs
from central.console.routes.registers import XLSX, uploaded
from central.core.days import day_of
from central.core.rights import Right
from central.imports import medics as medic_files
from central.imports import organisations as organisation_files
from central.imports.federal_jobs import MOST_BYTES_AT_ONCE
from central.imports.field_maps import maps_of
from central.imports.medics import CheckedMedics
from central.imports.organisations import CheckedOrganisations
from central.imports.tables import MAX_FILE_BYTES, UnreadableTable
from central.store import registry
from central.store.engine import hold_registers, reading, writing
from central.store.field_maps import FieldMap
from central.store.register_changes import Author

router = APIRouter()
_MOST = MAX_FILE_BYTES + PAGE_BYTES
Form = Annotated[FormData, Depends(form_of)]


@router.get("/imports/medics")
def show_medics(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_MEDICS))]) -> Response:
    """The form for medics."""
    return _page(request, visitor, "medics")


@router.get("/imports/organisations")
def show_organisations(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ORGANISATIONS))]
) -> Response:
    """The form for organisations."""
    return _page(request, visitor, "organisations")


@router.post("/imports/medics")
def import_medics(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_MEDICS, most_bytes=_MOST))],
    form: Form,
) -> Response:
    """Check a file of medics, or check and store it."""
    console, action = console_of(request), str(form.get("action", "check"))
    org = visitor.org_of(str(form.get("of_org", "")))
    if org is None:
        return _page(request, visitor, "medics", 422, faults={"of_org": "choose"})
    author = Author(visitor.account.account_id, console.clock())
    today = day_of(author.at)
    try:
        chosen = _chosen(request, "medics", form)
        content = uploaded(form)
        if len(content) > MOST_BYTES_AT_ONCE:
            params = {"org": org, "orgs": [org], "map": chosen.name, "missing": form.get("missing") == "1"}
            return file_jobs.ask(request, visitor, "medics", content, params, is_import=action == "apply")
        rows = medic_files.read_file(content, chosen)
        with (writing if action == "apply" else reading)(console.engine) as connection:
            if action == "apply":
                hold_registers(connection, org)
            checked = medic_files.check_rows(connection, org, rows, chosen, console.registry, today)
            asks = checked.asks_first and form.get("missing") != "1"
            done = action == "apply" and not checked.faults and not asks
            if done:
                medic_files.store_checked(connection, checked, author, today)
                detail = {"added": checked.added, "changed": checked.changed, "left": len(checked.leaving)}
                note(connection, console, visitor, "medics.import", org=org, detail=detail)
    except UnreadableTable as error:
        return _page(request, visitor, "medics", 422, unreadable=error, org=org)
    except LookupError:
        return _page(request, visitor, "medics", 422, faults={"of_org": "organisation_without_oid"}, org=org)
    if action == "errors" and checked.faults:
        return _errors(checked, visitor, "medics")
    status = 422 if checked.faults else 409 if action == "apply" and asks else 200
    return _page(request, visitor, "medics", status, checked=checked, done=done, asks=asks, org=org)


@router.post("/imports/organisations")
def import_organisations(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ORGANISATIONS, most_bytes=_MOST))],
    form: Form,
) -> Response:
    """Check a file of organisations, or check and store it."""
    console, action = console_of(request), str(form.get("action", "check"))
    author = Author(visitor.account.account_id, console.clock())
    try:
        chosen = _chosen(request, "organisations", form)
        content = uploaded(form)
        if len(content) > MOST_BYTES_AT_ONCE:
            params = {"org": "", "orgs": list(visitor.account.orgs), "map": chosen.name}
            return file_jobs.ask(request, visitor, "organisations", content, params, is_import=action == "apply")
        rows = organisation_files.read_file(content, chosen)
        with (writing if action == "apply" else reading)(console.engine) as connection:
            today = day_of(author.at)
            checked = organisation_files.check_rows(connection, visitor.account.orgs, rows, chosen, today)
            done = action == "apply" and not checked.faults
            if done:
                organisation_files.store_checked(connection, console.registry, checked, author)
                note(connection, console, visitor, "organisations.import", detail={"changed": checked.changed})
    except UnreadableTable as error:
        return _page(request, visitor, "organisations", 422, unreadable=error)
    if action == "errors" and checked.faults:
        return _errors(checked, visitor, "organisations")
    return _page(request, visitor, "organisations", 422 if checked.faults else 200, checked=checked, done=done)


def _chosen(request: Request, kind: str, form: FormData) -> FieldMap:
    with reading(console_of(request).engine) as connection:
        known = maps_of(connection, kind)
    name = str(form.get("map", "")) or next(iter(known))
    if name not in known:
        raise HTTPException(404)
    return known[name]


def _errors(checked: CheckedMedics | CheckedOrganisations, visitor: Visitor, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{kind}-errors.xlsx"'}
    return Response(checked.error_file(visitor.look.language), media_type=XLSX, headers=headers)


def _page(
    request: Request,
    visitor: Visitor,
    kind: str,
    status: int = 200,
    *,
    checked: CheckedMedics | CheckedOrganisations | None = None,
    done: bool = False,
    asks: bool = False,
    unreadable: UnreadableTable | None = None,
    faults: dict[str, str] | None = None,
    org: str = "",
) -> Response:
    with reading(console_of(request).engine) as connection:
        maps = maps_of(connection, kind)
        organisations = [row for row in registry.list_organisations(connection) if visitor.owns(row["org"])]
    return page(
        request,
        "federal_import.html",
        visitor,
        status,
        kind=kind,
        maps=maps,
        organisations=organisations,
        checked=checked,
        done=done,
        asks=asks,
        unreadable=unreadable,
        faults=faults or {},
        org=org,
    )
