"""The journal of issue: what happened to copies of conclusions, the newest first, as page, workbook and print.

GET /conclusions/journal, …/export (XLSX) and …/sheet (A4) take `kind` (a move), `since`, `until` (days, both included); 422 with
the page for a wrong day.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from central.console.access_log import note_alone
from central.console.conclusion_files import PRINTED_MOST, FileTable, as_pdf, as_xlsx
from central.console.context import Visitor, console_of, page
from central.console.query import day_of
from central.console.routes.conclusion import Keeper, people_of
from central.console.word_files import MOST_ROWS, as_docx
from central.core.copy_rules import MOVES
from central.store import copy_journal
from central.store.copy_journal import JournalFilter, MovedCopy
from central.store.engine import reading
from central.words.table_values import Value, local
from central.words.texts import text

router = APIRouter()
SHOWN = 300
"""So many lines stand on the page; the files have all of them."""
COLUMNS = {
    "copy.on_day": 0.07,
    "copy.what": 0.1,
    "conclusion.number": 0.12,
    "copy.copy_no": 0.06,
    "conclusion.worker": 0.15,
    "copy.receiver_name": 0.18,
    "copy.way": 0.08,
    "copy.receipt": 0.08,
    "copy.document": 0.08,
    "copy.entered": 0.08,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    wanted: JournalFilter
    said: dict[str, str]
    faults: dict[str, str]


@router.get("/conclusions/journal")
def show_journal(request: Request, visitor: Keeper) -> Response:
    """The journal."""
    console, asked = console_of(request), _asked(request, visitor)
    with reading(console.engine) as connection:
        found = [] if asked.faults else copy_journal.listed(connection, asked.wanted, SHOWN)
        total = 0 if asked.faults else copy_journal.count(connection, asked.wanted)
        people = people_of(connection, {one.move.account_id for one in found})
    for org in visitor.account.orgs:
        note_alone(console, visitor, "conclusions.read", org=org, detail={"rows": len(found)})
    return page(
        request,
        "copy_journal.html",
        visitor,
        422 if asked.faults else 200,
        rows=[(one, _receiver(request, one)) for one in found],
        total=total,
        people=people,
        kinds=MOVES,
        asked=asked.said,
        files=urlencode({name: value for name, value in asked.said.items() if value}),
        faults=asked.faults,
    )


@router.get("/conclusions/journal/export")
def export_journal(request: Request, visitor: Keeper) -> Response:
    """The wanted lines as XLSX; `form=docx`: as many as one document holds."""
    is_document = request.query_params.get("form") == "docx"
    with reading(console_of(request).engine) as connection:
        table = _table(request, visitor, connection, MOST_ROWS if is_document else None)
    return as_docx(request, visitor, table) if is_document else as_xlsx(request, visitor, table)


@router.get("/conclusions/journal/sheet")
def print_journal(request: Request, visitor: Keeper) -> Response:
    """The wanted lines on A4, as many as one file holds."""
    with reading(console_of(request).engine) as connection:
        table = _table(request, visitor, connection, PRINTED_MOST)
    return as_pdf(request, visitor, table)


def _asked(request: Request, visitor: Visitor) -> _Asked:
    query, faults = request.query_params, dict[str, str]()
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    kind = query.get("kind", "")
    wanted = JournalFilter(
        visitor.account.orgs,
        kind if kind in MOVES else "",
        since.date() if since else None,
        (until + timedelta(hours=12)).date() if until else None,
    )
    return _Asked(wanted, {name: query.get(name, "") for name in ("kind", "since", "until")}, faults)


def _table(request: Request, visitor: Visitor, connection: Connection, most: int | None) -> FileTable:
    language, asked = visitor.look.language, _asked(request, visitor)
    found = [] if asked.faults else copy_journal.listed(connection, asked.wanted, most)
    for org in visitor.account.orgs:
        note_alone(console_of(request), visitor, "conclusions.export", org=org, detail={"rows": len(found)})
    rows = [_cells(request, visitor, one) for one in found]
    return FileTable("copies-journal", text(language, "copy.journal"), COLUMNS, rows)


def _cells(request: Request, visitor: Visitor, one: MovedCopy) -> list[Value]:
    language, move = visitor.look.language, one.move

    def said(group: str, code: str) -> str:
        return text(language, f"copy.{group}.{code}") if code else ""

    who = ", ".join(filter(None, (_receiver(request, one), said("receiver", move.receiver_kind))))
    return [
        move.on_day,
        said("move", move.kind),
        f"{text(language, f'paper.kind.{one.kind}')} {one.number}/{one.year}",
        one.copy_no,
        one.worker_name or "",
        who,
        said("ways", move.way),
        said("receipts", move.receipt),
        move.document,
        local(move.at, visitor.look.zone),
    ]


def _receiver(request: Request, one: MovedCopy) -> str:
    sealed = one.move.receiver_sealed
    return console_of(request).registry.open_contact(sealed) if sealed else ""
