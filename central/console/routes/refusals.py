"""The register of issued refusal certificates: number, day, to whom, why, by whom; of a year, on a page and as a table.

Order 835n asked to count them, with number, day, reason and receiver; inspectors still ask.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from central.console.access_log import note_alone
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.sorting import sorting_of
from central.core.reasons import reasons
from central.core.rights import Right
from central.imports.tables import write_table
from central.store.engine import reading
from central.store.issued import ORDERS, IssuedPaper, count, issued, years
from central.words import wording
from central.words.no_force import band, file_name
from central.words.table_values import local
from central.words.texts import text
from central.words.xlsx_sheet import titles

router = APIRouter()

KIND = "refusal"
SHOWN = 300
"""So many lines stand on the page; the file has all of the year."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS = (
    "number",
    "issued_at",
    "receiver",
    "birth_date",
    "employer",
    "exam_at",
    "reason",
    "medic",
    "prints",
    "in_force",
)


@router.get("/papers/refusals")
def show_refusals(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.MAKE_PAPERS))], year: str = ""
) -> Response:
    """Those of a year, the newest first or by `sort`; `year` is the newest that has any when it is not given."""
    console = console_of(request)
    orgs, look = visitor.account.orgs, visitor.look
    with reading(console.engine) as connection:
        known = years(connection, orgs, KIND)
        chosen = _chosen(year, known)
        sort = sorting_of(request, ORDERS, usual="-number")
        found = issued(connection, orgs, KIND, chosen, SHOWN, sort.order)
        rows = [(item, why(item, look.language)) for item in found]
        total = count(connection, orgs, KIND, chosen)
    for org in orgs or (None,):
        note_alone(console, visitor, "refusals.read", org=org, detail={"rows": len(rows), "year": chosen})
    kept = f"&{urlencode(sort.pairs)}" if sort.pairs else ""
    return page(
        request,
        "refusals.html",
        visitor,
        rows=rows,
        years=known,
        year=chosen,
        total=total,
        sort=sort,
        kept=kept,
    )


@router.get("/papers/refusals/export")
def export_refusals(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.MAKE_PAPERS))], year: str = ""
) -> Response:
    """All of a year as XLSX."""
    console = console_of(request)
    orgs, look = visitor.account.orgs, visitor.look
    with reading(console.engine) as connection:
        chosen = _chosen(year, years(connection, orgs, KIND))
        lines = [list(line) for line in _lines(connection, visitor, chosen)]
    detail = {"rows": len(lines), "year": chosen}
    for org in orgs or (None,):
        note_alone(console, visitor, "refusals.export", org=org, detail=detail)
    headings = [text(look.language, f"paper.register.{name}") for name in _COLUMNS]
    now = console.clock()
    title, zone = (
        text(look.language, "paper.refusals"),
        text(look.language, "journal.zone", zone=wording.zone_words(look.zone, now)),
    )
    generation = console.config.generation
    over = band(generation, look.language)
    name = file_name(generation, f"refusals-{chosen}.xlsx")
    return Response(
        write_table(headings, lines, over, name=title, title=list(titles([f"{title}, {chosen}", zone], over))),
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def why(item: IssuedPaper, language: str) -> str:
    """The reasons in words, and the medic's own words where the book has none."""
    record = json.loads(item.record)
    book = reasons(str(record["exam"].get("org", "")), wording.parse(record["decision"]["decided_at"]))
    words = [book[code].text(language) for code in item.reasons if code in book]
    comment = str(record["decision"]["comment"])
    return "; ".join(words if words and "other" not in item.reasons else [*words, comment]).strip("; ")


def _lines(connection: Connection, visitor: Visitor, year: int) -> Iterator[tuple[Any, ...]]:
    look = visitor.look
    for item in issued(connection, visitor.account.orgs, KIND, year):
        yield (
            f"{item.number}/{item.year}",
            local(item.issued_at, look.zone),
            item.worker_name or "",
            item.birth_date,
            item.employer_name or "",
            local(item.finished_at, look.zone),
            why(item, look.language),
            item.medic_name,
            item.prints,
            text(look.language, "paper.register.yes" if item.in_force else "paper.register.corrected"),
        )


def _chosen(year: str, known: list[int]) -> int:
    if year.isdecimal() and len(year) <= 4:
        return int(year)
    return known[0] if known else 0
