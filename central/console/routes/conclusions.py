"""The register of conclusions: papers that are kept with their copies, the newest first, as page, workbook and print.

GET /conclusions, …/export (XLSX) and …/sheet (A4) take `kind` (refusal | sobriety | conclusion), `since`, `until` (days, both
included), `copies` (`lacking`, or a state of a copy), `sort`; 422 with the page for a wrong day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from central.conclusions.norms import RoleCount
from central.console.access_log import note_alone
from central.console.conclusion_files import PRINTED_MOST, FileTable, as_pdf, as_xlsx
from central.console.context import Visitor, console_of, page
from central.console.copy_view import CopyLine, copy_lines, norm_words, norms_of, standing
from central.console.query import day_of
from central.console.routes.conclusion import Keeper
from central.console.sorting import sorting_of
from central.console.word_files import MOST_ROWS, as_docx
from central.core.copy_rules import STATES
from central.core.ordering import AS_IT_COMES, Order
from central.store import kept_papers
from central.store.engine import reading
from central.store.kept_papers import KEPT_KINDS, ORDERS, KeptFilter, KeptPaper
from central.words.table_values import Value, local
from central.words.texts import text

router = APIRouter()

SHOWN = 300
"""So many lines stand on the page; the files have all of them."""
LACKING = "lacking"
_FILTERS = ("kind", "since", "until", "copies")
COLUMNS = {
    "conclusion.number": 0.07,
    "conclusion.kind": 0.12,
    "conclusion.issued_at": 0.1,
    "conclusion.worker": 0.15,
    "conclusion.employer": 0.14,
    "conclusion.outcome": 0.1,
    "copy.norm": 0.14,
    "copy.where": 0.18,
}


@dataclass(frozen=True, slots=True)
class _Line:
    item: KeptPaper
    copies: Sequence[CopyLine]
    counts: Sequence[RoleCount]

    def where(self, language: str) -> list[tuple[int, str]]:
        return [(line.item.copy_no, line.where(language)) for line in self.copies]


@router.get("/conclusions")
def show_conclusions(request: Request, visitor: Keeper) -> Response:
    """The register."""
    console, orgs = console_of(request), visitor.account.orgs
    wanted, faults = _wanted(request, visitor)
    sort = sorting_of(request, ORDERS, usual="-issued_at")
    with reading(console.engine) as connection:
        lines = [] if faults else _lines(connection, visitor, wanted, SHOWN, sort.order)
        total = 0 if faults else kept_papers.count(connection, wanted)
    for org in orgs:
        note_alone(console, visitor, "conclusions.read", org=org, detail={"rows": len(lines)})
    asked = {name: request.query_params.get(name, "") for name in _FILTERS}
    return page(
        request,
        "conclusions.html",
        visitor,
        422 if faults else 200,
        rows=[(line.item, line.where(visitor.look.language), line.counts) for line in lines],
        total=total,
        kinds=KEPT_KINDS,
        states=(LACKING, *STATES),
        asked=asked,
        files=urlencode({name: value for name, value in asked.items() if value}),
        faults=faults,
        sort=sort,
    )


@router.get("/conclusions/export")
def export_conclusions(request: Request, visitor: Keeper) -> Response:
    """The wanted ones as XLSX; `form=docx`: as many as one document holds."""
    is_document = request.query_params.get("form") == "docx"
    with reading(console_of(request).engine) as connection:
        table = _table(request, visitor, connection, MOST_ROWS if is_document else None)
    return as_docx(request, visitor, table) if is_document else as_xlsx(request, visitor, table)


@router.get("/conclusions/sheet")
def print_conclusions(request: Request, visitor: Keeper) -> Response:
    """The wanted ones on A4, as many as one file holds."""
    with reading(console_of(request).engine) as connection:
        table = _table(request, visitor, connection, PRINTED_MOST)
    return as_pdf(request, visitor, table)


def _wanted(request: Request, visitor: Visitor) -> tuple[KeptFilter, dict[str, str]]:
    query, orgs = request.query_params, visitor.account.orgs
    faults: dict[str, str] = {}
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    kind, copies = query.get("kind", ""), query.get("copies", "")
    counts: dict[str, Mapping[str, Mapping[str, int]]] = {
        org: {one: norm.counts for one, norm in found.items()} for org, found in norms_of(orgs).items()
    }
    wanted = KeptFilter(
        orgs,
        kind if kind in KEPT_KINDS else "",
        since,
        until + timedelta(days=1) if until is not None else None,
        copy_state=copies if copies in STATES else "",
        lacking=counts if copies == LACKING else None,
    )
    return wanted, faults


def _lines(
    connection: Connection, visitor: Visitor, wanted: KeptFilter, most: int | None, order: Order = AS_IT_COMES
) -> list[_Line]:
    found = kept_papers.listed(connection, wanted, most, order)
    copies, known = copy_lines(connection, [item.paper_id for item in found]), norms_of(visitor.account.orgs)
    return [
        _Line(item, lines, standing(item.kind, lines, known[item.org]))
        for item in found
        for lines in (copies.get(item.paper_id, []),)
    ]


def _table(request: Request, visitor: Visitor, connection: Connection, most: int | None) -> FileTable:
    language, zone = visitor.look.language, visitor.look.zone
    wanted, faults = _wanted(request, visitor)
    lines = [] if faults else _lines(connection, visitor, wanted, most)
    rows: list[list[Value]] = [
        [
            f"{line.item.number}/{line.item.year}",
            text(language, f"paper.kind.{line.item.kind}"),
            local(line.item.issued_at, zone),
            line.item.worker_name or "",
            line.item.employer_name or "",
            text(language, f"outcome.{line.item.outcome}"),
            norm_words(line.counts, language),
            "; ".join(f"{number}: {where}" for number, where in line.where(language)),
        ]
        for line in lines
    ]
    for org in visitor.account.orgs:
        note_alone(console_of(request), visitor, "conclusions.export", org=org, detail={"rows": len(rows)})
    return FileTable("conclusions", text(language, "conclusion.title"), COLUMNS, rows)
