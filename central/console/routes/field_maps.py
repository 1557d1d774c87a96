"""Field maps: which heading of somebody's file is which field of ours, in versions.

GET /imports/maps with `kind` (medics | organisations), `name` (which map is shown). POST /imports/maps: `kind`, `name`, `lines`
(heading = field, one a line), `file` (a sample), `action` (check | save), `csrf`: the page with the difference and what the sample
gives, 303 once it is saved, 422 with the fault. POST /imports/maps/back: `map_id` (a version), `csrf`: that version becomes the
newest one, 303.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.routes.registers import uploaded
from central.core.rights import Right
from central.imports import medics, organisations
from central.imports.federal_jobs import MOST_BYTES_AT_ONCE
from central.imports.field_maps import SHIPPED, MapFault, headings_of, lines_of, map_differences, map_of_lines, maps_of
from central.imports.tables import UnreadableTable
from central.store import accounts, field_maps
from central.store.engine import hold, reading, writing
from central.store.field_maps import FieldMap

router = APIRouter()
Keeper = Annotated[Visitor, Depends(Guard(Right.CHANGE_ORGANISATIONS))]
"""Maps are the whole centre's."""
Sender = Annotated[Visitor, Depends(Guard(Right.CHANGE_ORGANISATIONS, most_bytes=MOST_BYTES_AT_ONCE + PAGE_BYTES))]
Form = Annotated[FormData, Depends(form_of)]
_READERS = {"medics": medics.read_file, "organisations": organisations.read_file}


@router.get("/imports/maps")
def show_maps(request: Request, visitor: Keeper, kind: str = "medics", name: str = "") -> Response:
    """The maps of a kind of file, and one of them with its versions."""
    return _page(request, visitor, _kind(kind), name)


@router.post("/imports/maps")
def change_map(request: Request, visitor: Sender, sent: Form) -> Response:
    """Show what a map would change and what it makes of a sample, or save it as the newest version."""
    console, kind = console_of(request), _kind(str(sent.get("kind", "")))
    typed = {name: str(sent.get(name, "")) for name in ("name", "lines")}
    try:
        made = map_of_lines(kind, typed["name"], typed["lines"])
    except MapFault as fault:
        return _page(request, visitor, kind, typed["name"], 422, typed=typed, fault=fault)
    sample: dict[str, Any] = {}
    try:
        content = uploaded(sent, MOST_BYTES_AT_ONCE)
        if content:
            rows = _READERS[kind](content, made)
            filled = {field: sum(bool(row.get(field)) for row in rows) for field in sorted({*made.fields.values()})}
            sample = {"rows": len(rows), "filled": {field: count for field, count in filled.items() if count}}
    except UnreadableTable as error:
        return _page(request, visitor, kind, made.name, 422, typed=typed, unreadable=error)
    if sent.get("action") != "save":
        return _page(request, visitor, kind, made.name, typed=typed, made=made, sample=sample)
    with writing(console.engine) as connection:
        hold(connection, f"field map {kind} {made.name}")
        if maps_of(connection, kind).get(made.name) != made:
            field_maps.add(connection, made, visitor.account.account_id, console.clock())
            note(connection, console, visitor, "map.add", made.name, detail={"register": kind})
    return _back(kind, made.name)


@router.post("/imports/maps/back")
def go_back(request: Request, visitor: Keeper, sent: Form) -> Response:
    """Make a version of before the newest one."""
    console = console_of(request)
    with writing(console.engine) as connection:
        found = field_maps.find(connection, str(sent.get("map_id", "")))
        if found is None:
            raise HTTPException(404)
        hold(connection, f"field map {found.kind} {found.name}")
        field_maps.add(connection, found, visitor.account.account_id, console.clock())
        note(connection, console, visitor, "map.back", found.name, detail={"register": found.kind})
    return _back(found.kind, found.name)


def _kind(words: str) -> str:
    if words not in SHIPPED:
        raise HTTPException(404)
    return words


def _back(kind: str, name: str) -> Response:
    return RedirectResponse(f"/imports/maps?{urlencode({'kind': kind, 'name': name, 'saved': '1'})}", status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    kind: str,
    name: str,
    status: int = 200,
    *,
    typed: Mapping[str, str] | None = None,
    fault: MapFault | None = None,
    unreadable: UnreadableTable | None = None,
    made: FieldMap | None = None,
    sample: Mapping[str, Any] | None = None,
) -> Response:
    with reading(console_of(request).engine) as connection:
        known = maps_of(connection, kind)
        shown = known.get(" ".join(name.split())) or next(iter(known.values()))
        rows = field_maps.versions(connection, kind, shown.name)
        names = {one.account_id: one.full_name for one in accounts.all_accounts(connection)}
    shipped = SHIPPED[kind] if shown.name == SHIPPED[kind].name else None
    before = [*(FieldMap(kind, row.name, row.fields) for row in rows[1:]), shipped]
    versions = [
        (row, names.get(row.account_id, ""), map_differences(old, FieldMap(kind, row.name, row.fields)))
        for row, old in zip(rows, before, strict=False)
    ]
    return page(
        request,
        "field_maps.html",
        visitor,
        status,
        kind=kind,
        kinds=list(SHIPPED),
        maps=known,
        shown=shown,
        versions=versions,
        fields=headings_of(SHIPPED[kind]),
        typed=typed or {"name": shown.name, "lines": lines_of(shown)},
        fault=fault,
        unreadable=unreadable,
        changes=map_differences(known.get(made.name), made) if made is not None else None,
        sample=sample,
        saved=request.query_params.get("saved") == "1",
    )
