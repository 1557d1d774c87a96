"""Registers as lists: workers, employers, medics, instruments, organisations; import and export of workers.

GET /registers/{kind} takes `query` (beginning of a name or a personnel number, sealed by the POST; by hand plain as `q`),
`worker_id` (repeatable), `archived` (1: what was put away) and `sort`. POST /registers/workers `q` (what is typed, a SNILS too),
`archived`, `csrf`: 303 to the address of what is meant, where a
SNILS has become `worker_id`; 422 with the register when it is nobody's or wrong. POST /registers/workers/import `file`,
`action` (check | errors | apply), `csrf`. Single entries: `routes.entries`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile

from central.console.access_log import note, note_alone
from central.console.bounds import PAGE_BYTES
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.register_orders import REPORTED, USUAL, keys_of
from central.console.routes import register_import
from central.console.sorting import kept_order, sorting_of
from central.console.worker_search import address_pairs, find_worker, words_of
from central.core.days import day_of
from central.core.name_folding import fold_name
from central.core.rights import Right
from central.deciding.medics import register_faults
from central.imports import workers as imports
from central.imports.tables import MAX_FILE_BYTES, MOST_JOB_BYTES, TooMuch, UnreadableTable, write_table
from central.imports.workers import Checked
from central.registers import table
from central.registers.carrier_keys import to_revoke
from central.registers.carriers import keys_at_centre
from central.registers.forms import FORMS
from central.store import instruments, key_carriers, medics, registry, rooms, terminals
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author
from central.store.workers import ORDERS, count_workers, named_workers, search_workers
from central.words.no_force import band, file_name
from central.words.texts import text
from central.words.xlsx_sheet import titles

router = APIRouter()

KINDS = ("workers", "employers", "medics", "devices", "rooms", "carriers", "organisations")
SHOWN = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/registers")
def first_register(_visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]) -> Response:
    """The register that is looked at most."""
    return RedirectResponse("/registers/workers", status_code=303)


@router.get("/registers/workers/export")
def export_workers(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))], of_org: str = ""
) -> Response:
    """The workers in the form of the import."""
    console, org = console_of(request), own_org(visitor, of_org)
    with reading(console.engine) as connection:
        content = imports.table_of(connection, org, band(console.config.generation, visitor.look.language))
        rows = count_workers(connection, org)
    note_alone(console, visitor, "workers.export", org=org, detail={"rows": rows})
    return _file(console, content, "workers.xlsx")


@router.get("/registers/{kind}/export")
def export_register(
    request: Request, kind: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))], archived: str = ""
) -> Response:
    """One of the other registers as XLSX."""
    if kind not in table.COLUMNS:
        raise HTTPException(404)
    console, language = console_of(request), visitor.look.language
    with reading(console.engine) as connection:
        found = _rows(connection, console, visitor.account.orgs, kind, archived=archived == "1")
        rows = [asdict(row[0]) for row in found] if kind == "medics" else found
    detail = {"register": kind, "rows": len(rows)}
    for org in visitor.account.orgs or (None,):
        note_alone(console, visitor, "register.export", org=org, detail=detail)
    over = band(console.config.generation, language)
    name = text(language, f"registers.{kind}")
    made = write_table(
        table.headings(kind, language),
        table.lines(kind, rows, language),
        over,
        name=name,
        title=list(titles([name, whose(console, visitor)], over)),
    )
    return _file(console, made, f"{kind}.xlsx")


def whose(console: Console, visitor: Visitor) -> str:
    """The visitor's organisations and the day, for the title of a table."""
    with reading(console.engine) as connection:
        found = (registry.get_organisation(connection, org) for org in visitor.account.orgs)
        names = "; ".join(str(item["name"]) for item in found if item)
    day = console.clock().astimezone(visitor.look.zone)
    return text(visitor.look.language, "registers.as_of", names=names, day=f"{day:%d.%m.%Y}")


def _file(console: Console, content: bytes, name: str) -> Response:
    named = f'attachment; filename="{file_name(console.config.generation, name)}"'
    return Response(content, media_type=XLSX, headers={"Content-Disposition": named})


@router.get("/registers/{kind}")
def show_register(
    request: Request,
    kind: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))],
    archived: str = "",
) -> Response:
    """One register."""
    if kind not in KINDS:
        raise HTTPException(404)
    words, fault = words_of(request, request.query_params, "q")
    ids = tuple(request.query_params.getlist("worker_id"))
    status = 422 if fault else 200
    return register_page(
        request, visitor, kind, status, query=words, worker_ids=ids, archived=archived == "1", fault=fault
    )


@router.post("/registers/workers")
def find_in_workers(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Lead to the address of who is meant. A form by POST: a SNILS may be typed into it (adr/0075)."""
    typed, archived = str(form.get("q", "")).strip(), form.get("archived") == "1"
    query = find_worker(request, visitor, typed)
    if query.fault:
        return register_page(request, visitor, "workers", 422, query=typed, archived=archived, fault=query.fault)
    pairs = address_pairs(request, query) + ([("archived", "1")] if archived else []) + kept_order(form)
    return RedirectResponse(
        f"/registers/workers?{urlencode(pairs)}" if pairs else "/registers/workers", status_code=303
    )


@router.post("/registers/workers/import")
def import_workers(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS, most_bytes=MOST_JOB_BYTES + PAGE_BYTES))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Check a file, or check and store it: all of it or nothing. `action` errors: the rows with faults as a file.

    A long file goes to a job, which says the same on a page of its own.
    """
    console = console_of(request)
    action, org = str(form.get("action", "check")), own_org(visitor, str(form.get("of_org", "")))
    try:
        content = uploaded(form, MOST_JOB_BYTES)
        # Before the transaction: everybody else's writing would wait for a stranger's file.
        rows = imports.read_small_file(content)
        with (writing if action == "apply" else reading)(console.engine) as connection:
            if action == "apply":
                hold_registers(connection, org)
            today, snils_hash = day_of(console.clock()), console.registry.snils_hash
            checked = imports.check_rows(connection, org, rows, today, snils_hash)
            if action == "apply" and not checked.faults:
                author = Author(visitor.account.account_id, console.clock())
                imports.store_checked(connection, console.registry, checked, author)
                detail = {"added": checked.added, "changed": checked.changed}
                note(connection, console, visitor, "workers.import", org=org, detail=detail)
    except TooMuch:
        return register_import.ask(request, visitor, register_import.WORKERS, org, content, is_import=action == "apply")
    except UnreadableTable as error:
        return register_page(request, visitor, "workers", 422, unreadable=error)
    except ValueError:
        # The wire would not take the roster: too many workers for one message.
        return register_page(request, visitor, "workers", 422, unreadable=UnreadableTable("roster_too_large"))
    if action == "errors" and checked.faults:
        headers = {"Content-Disposition": 'attachment; filename="workers-errors.xlsx"'}
        return Response(checked.error_file(visitor.look.language), media_type=XLSX, headers=headers)
    done = action == "apply" and not checked.faults
    if done:
        console.wake()
    return register_page(request, visitor, "workers", 422 if checked.faults else 200, checked=checked, done=done)


def uploaded(form: FormData, most: int = MAX_FILE_BYTES) -> bytes:
    """The file of a form, of so many bytes at most. Raises `UnreadableTable` for one that is larger than any register."""
    upload = form.get("file")
    content = upload.file.read(most + 1) if isinstance(upload, UploadFile) else b""
    if len(content) > most:
        raise UnreadableTable("too_large")
    return content


def own_org(visitor: Visitor, chosen: str = "") -> str:
    """The organisation that is meant. 404 for one that is not the visitor's, and 422 where it must be said and was not."""
    org = visitor.org_of(chosen)
    if org is None:
        raise HTTPException(404 if chosen or not visitor.account.orgs else 422)
    return org


def register_page(
    request: Request,
    visitor: Visitor,
    kind: str,
    status: int = 200,
    *,
    query: str = "",
    worker_ids: tuple[str, ...] = (),
    archived: bool = False,
    fault: str = "",
    checked: Checked | None = None,
    done: bool = False,
    unreadable: UnreadableTable | None = None,
) -> Response:
    """One register, with what came of a form."""
    console = console_of(request)
    orgs = visitor.account.orgs
    path = f"/registers/{kind}"
    with reading(console.engine) as connection:
        places = {row["terminal_id"]: row for org in orgs for row in terminals.list_terminals(connection, org)}
        keys = keys_of(kind, places)
        sort = sorting_of(request, ORDERS if kind == "workers" else keys, path=path, usual=USUAL[kind])
        employers = {row["employer_id"]: row for org in orgs for row in registry.list_employers(connection, org)}
        rows: Sequence[Any] = ()
        hidden = 0
        if kind != "workers":
            rows = sort.rows(_rows(connection, console, orgs, kind, archived=archived), keys)
        elif worker_ids:
            rows = named_workers(connection, orgs, worker_ids[:SHOWN], sort.order)
        elif not fault:
            rows, hidden = search_workers(connection, orgs, query.strip(), SHOWN, archived=archived, order=sort.order)
        sort_reported = sorting_of(request, REPORTED, table="reported", path=path)
        at_centre = keys_at_centre(connection, orgs) if kind == "carriers" and not archived else []
        lost = _lost_with_certificates(connection, rows) if kind == "carriers" else set()
        reported = _unregistered(connection, orgs) if kind == "devices" and not archived else []
    if kind == "workers" and rows:
        # The list says who may not be examined remotely and why.
        with writing(console.engine) as connection:
            note(connection, console, visitor, "workers.read", detail={"rows": len(rows)})
    return page(
        request,
        "registers.html",
        visitor,
        status,
        kind=kind,
        kinds=KINDS,
        rows=rows,
        sort=sort,
        sort_reported=sort_reported,
        hidden=hidden,
        archived=archived,
        employers=employers,
        at_centre=at_centre,
        lost=lost,
        reported=sort_reported.rows(reported, REPORTED),
        places=places,
        query=query,
        narrowed=bool(worker_ids),
        fault=fault,
        checked=checked,
        done=done,
        unreadable=unreadable,
        form=FORMS[kind],
        today=day_of(console.clock()),
    )


def _rows(
    connection: Connection, console: Console, orgs: tuple[str, ...], kind: str, *, archived: bool
) -> Sequence[Any]:
    if kind == "employers":
        return [row for org in orgs for row in registry.list_employers(connection, org, archived=archived)]
    if kind == "organisations":
        return [row for row in registry.list_organisations(connection) if row["org"] in orgs]
    if kind == "rooms":
        return rooms.rooms(connection, orgs, closed=archived)
    if kind == "carriers":
        return key_carriers.of_organisations(connection, orgs, archived=archived)
    if kind == "devices":
        return instruments.of_organisations(connection, orgs, archived=archived)
    owners = {row["org"]: row for row in registry.list_organisations(connection)}
    entries = [entry for entry in medics.of_organisations(connection, orgs) if entry.active != archived]
    now, days = console.clock(), console.frmr_valid_days
    return [(entry, register_faults(entry, owners.get(entry.org), now, frmr_valid_days=days)) for entry in entries]


def _lost_with_certificates(connection: Connection, rows: Sequence[Any]) -> set[str]:
    """Lost carriers with certificates that still sign."""
    return {row["carrier_id"] for row in rows if to_revoke(connection, row)}


def _unregistered(connection: Connection, orgs: tuple[str, ...]) -> list[tuple[Any, Any, str]]:
    """What terminals report and the register does not know: terminal, device, query of a form filled with it."""
    known = {
        # By maker and number: many devices call themselves otherwise than their papers do.
        (row["org"], fold_name(row["maker"]), fold_name(row["serial"]))
        for archived in (False, True)
        for row in instruments.of_organisations(connection, orgs, archived=archived)
    }
    found = []
    for org in orgs:
        for place in terminals.list_terminals(connection, org):
            for item in terminals.list_devices(connection, place["terminal_id"]):
                serial = item["serial"] or ""
                if (org, fold_name(item["maker"]), fold_name(serial)) not in known:
                    names = ("measures", "maker", "model", "serial", "terminal_id", "verified_until")
                    found.append((place, item, urlencode({name: item[name] or "" for name in names})))
    return found
