"""The register of issued certificates: number, day, to whom, why, where to, by whom, what became of it; as page, table and print.

Order 835n asked to count them; inspectors still ask. The answer of the other organisation lets the centre see referrals that came
to nothing. GET /papers/refusals and its files take `year`, `employer_id`, `state` (one of `issued.STATES`), `reason_class` (a code
of the book `paper_choices`); XLSX at `/export`, A4 at `/sheet`. GET /papers/refusals/{paper_id} is one certificate; POST to it
takes `event` (handed | not_taken | answered), `on_day`, `words`, `csrf`: 303 to the page, 422 with what is at fault.
"""

import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.refusal_rows import COLUMNS, PRINTED, became, cells, content_of, why
from central.console.sorting import sorting_of
from central.console.typed import Typed
from central.core import book_source
from central.core.days import day_of
from central.core.rights import Right
from central.imports.tables import write_table
from central.journal.pdf_file import write_pdf
from central.papers.fonts import FontsMissing
from central.papers.written import PAPER_CHOICES, choices
from central.store import accounts, paper_records, papers, registry
from central.store.engine import reading, writing
from central.store.issued import ORDERS, STATES, IssuedPaper, Wanted, count, issued, years
from central.store.paper_records import EVENTS, PaperEvent, PaperRecord
from central.words import wording
from central.words.no_force import band, file_name
from central.words.texts import text
from central.words.xlsx_sheet import titles
from sync.contract.canonical import new_id

router = APIRouter()

KIND = "refusal"
SHOWN = 300
"""So many lines stand on the page; the files have all of them."""
PRINTED_MOST = 5000
"""So many lines are printed at once: a PDF is held in memory until it is complete."""
MOST_WORDS = 1000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Reader = Annotated[Visitor, Depends(Guard(Right.MAKE_PAPERS))]
Line = tuple[IssuedPaper, PaperRecord | None, list[PaperEvent]]


@router.get("/papers/refusals")
def show_refusals(
    request: Request, visitor: Reader, year: str = "", employer_id: str = "", state: str = "", reason_class: str = ""
) -> Response:
    """Those of a year, the newest first or by `sort`; `year` is the newest that has any when it is not given."""
    console = console_of(request)
    orgs, look = visitor.account.orgs, visitor.look
    with reading(console.engine) as connection:
        known = years(connection, orgs, KIND)
        wanted = _wanted(visitor, year, employer_id, state, reason_class, known)
        sort = sorting_of(request, ORDERS, usual="-number")
        lines = _lines(connection, issued(connection, wanted, SHOWN, sort.order))
        rows = [
            (item, why(item, look.language), content_of(record, look.language), became(events, look.language))
            for item, record, events in lines
        ]
        total = count(connection, wanted)
        employers = [row for org in orgs for row in registry.list_employers(connection, org)]
    for org in orgs or (None,):
        note_alone(console, visitor, "refusals.read", org=org, detail={"rows": len(rows), "year": wanted.year})
    pairs = (("employer_id", employer_id), ("state", wanted.state), ("reason_class", wanted.reason_class))
    filters = [(name, value) for name, value in pairs if value]
    return page(
        request,
        "refusals.html",
        visitor,
        rows=rows,
        years=known,
        year=wanted.year,
        total=total,
        sort=sort,
        kept=f"&{urlencode([*sort.pairs, *filters])}" if sort.pairs or filters else "",
        files=urlencode([("year", str(wanted.year)), *filters]),
        filters=filters,
        employers=employers,
        employer_id=employer_id,
        states=STATES,
        state=wanted.state,
        reason_classes=_reason_classes(visitor),
        reason_class=wanted.reason_class,
    )


@router.get("/papers/refusals/export")
def export_refusals(
    request: Request, visitor: Reader, year: str = "", employer_id: str = "", state: str = "", reason_class: str = ""
) -> Response:
    """The wanted ones as XLSX."""
    console, look = console_of(request), visitor.look
    wanted, lines = _all(request, visitor, (year, employer_id, state, reason_class), None)
    title, zone = _head(request, visitor)
    over = band(console.config.generation, look.language)
    name = file_name(console.config.generation, f"refusals-{wanted.year}.xlsx")
    headings = [text(look.language, f"paper.register.{name}") for name in COLUMNS]
    rows = [[value for _, value in cells(*line, look)] for line in lines]
    return Response(
        write_table(headings, rows, over, name=title, title=list(titles([f"{title}, {wanted.year}", zone], over))),
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/papers/refusals/sheet")
def print_refusals(
    request: Request, visitor: Reader, year: str = "", employer_id: str = "", state: str = "", reason_class: str = ""
) -> Response:
    """The wanted ones on A4, as many as one file holds."""
    console, look = console_of(request), visitor.look
    wanted, lines = _all(request, visitor, (year, employer_id, state, reason_class), PRINTED_MOST)
    title, zone = _head(request, visitor)
    with reading(console.engine) as connection:
        names = [row["name"] for org in visitor.account.orgs if (row := registry.get_organisation(connection, org))]
    over = band(console.config.generation, look.language)
    name = file_name(console.config.generation, f"refusals-{wanted.year}.pdf")
    headings = [text(look.language, f"paper.register.{column}") for column in PRINTED]
    rows = ([_printed(value, look.zone) for column, value in cells(*line, look) if column in PRINTED] for line in lines)
    with tempfile.TemporaryDirectory(prefix="dopusk-refusals-") as folder:
        path = Path(folder) / "register.pdf"
        try:
            write_pdf(
                path,
                [f"{title}, {wanted.year}", "; ".join(names), zone],
                headings,
                list(PRINTED.values()),
                rows,
                band=over,
                language=look.language,
            )
        except FontsMissing:
            return Response(text(look.language, "paper.no_fonts"), 500, media_type="text/plain; charset=utf-8")
        content = path.read_bytes()
    return Response(
        content, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


@router.get("/papers/refusals/{paper_id}")
def show_refusal(request: Request, paper_id: str, visitor: Reader) -> Response:
    """One certificate, and what became of it."""
    return _refusal_page(request, visitor, paper_id)


@router.post("/papers/refusals/{paper_id}")
def note_event(
    request: Request,
    paper_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Note that it was handed over, not taken, or answered."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    with reading(console.engine) as connection:
        paper = own_or_404(visitor, papers.find(connection, paper_id))
    kind, words = typed.one("event"), typed.one("words").strip()
    on_day = _day(typed.one("on_day"))
    issued_on, today = day_of(paper.issued_at), day_of(console.clock())
    faults: dict[str, str] = {}
    if kind not in EVENTS:
        faults["event"] = "choose"
    if on_day is None:
        faults["on_day"] = "day"
    elif not issued_on <= on_day <= today:
        faults["on_day"] = "day_outside"
    if kind == "answered" and not words:
        faults["words"] = "needed"
    elif len(words) > MOST_WORDS:
        faults["words"] = "too_long"
    if faults or on_day is None:
        return _refusal_page(request, visitor, paper_id, status=422, typed=typed, faults=faults)
    with writing(console.engine) as connection:
        event = PaperEvent(
            new_id(), paper_id, paper.org, kind, on_day, words, console.clock(), visitor.account.account_id
        )
        paper_records.add_event(connection, event)
        detail = {"kind": paper.kind, "number": paper.number, "year": paper.year, "event": kind}
        note(connection, console, visitor, "paper.event", paper.exam_id, org=paper.org, detail=detail)
    return RedirectResponse(f"/papers/refusals/{paper_id}", status_code=303)


def _refusal_page(
    request: Request,
    visitor: Visitor,
    paper_id: str,
    *,
    status: int = 200,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    console, look = console_of(request), visitor.look
    with reading(console.engine) as connection:
        wanted = Wanted(visitor.account.orgs, KIND, 0, paper_id=paper_id)
        lines = _lines(connection, issued(connection, wanted, 1))
        own_or_404(visitor, papers.find(connection, paper_id) if lines else None)
        (line,) = lines
        item, record, events = line
        known = [accounts.by_id(connection, account_id) for account_id in {one.noted_by for one in events}]
    people = {one.account_id: one.full_name for one in known if one is not None}
    note_alone(console, visitor, "exam.read", item.exam_id, org=_org_of(item))
    return page(
        request,
        "refusal.html",
        visitor,
        status,
        item=item,
        reason=why(item, look.language),
        content=content_of(record, look.language),
        record=record,
        events=events,
        noted_by=lambda one: people.get(one.noted_by, ""),
        kinds=EVENTS,
        typed=typed or Typed({}),
        faults=faults or {},
        today=day_of(console.clock()),
        most=MOST_WORDS,
    )


def _org_of(item: IssuedPaper) -> str:
    return str(json.loads(item.record)["organisation"]["org"])


def _all(
    request: Request, visitor: Visitor, asked: tuple[str, str, str, str], most: int | None
) -> tuple[Wanted, list[Line]]:
    console, orgs = console_of(request), visitor.account.orgs
    with reading(console.engine) as connection:
        wanted = _wanted(visitor, *asked, years(connection, orgs, KIND))
        lines = _lines(connection, issued(connection, wanted, most))
    for org in orgs or (None,):
        detail = {"rows": len(lines), "year": wanted.year}
        note_alone(console, visitor, "refusals.export", org=org, detail=detail)
    return wanted, lines


def _lines(connection: Connection, found: Iterator[IssuedPaper]) -> list[Line]:
    items = list(found)
    records = paper_records.in_force_of(connection, [item.decision_id for item in items], KIND)
    events = paper_records.events_of(connection, [item.paper_id for item in items])
    return [(item, records.get(item.decision_id), events.get(item.paper_id, [])) for item in items]


def _wanted(visitor: Visitor, year: str, employer_id: str, state: str, reason_class: str, known: list[int]) -> Wanted:
    chosen = int(year) if year.isdecimal() and len(year) <= 4 else known[0] if known else 0
    known_class = reason_class if reason_class in _reason_classes(visitor) else ""
    return Wanted(visitor.account.orgs, KIND, chosen, employer_id, state if state in STATES else "", known_class)


def _reason_classes(visitor: Visitor) -> dict[str, str]:
    """Classes of reasons that a certificate may have, code and words; those of before too, as long as the book has them."""
    items = [one for org in visitor.account.orgs for one in book_source.items(PAPER_CHOICES, org).values()]
    return {one.code: one.words(visitor.look.language) for one in choices(items, "reason")}


def _head(request: Request, visitor: Visitor) -> tuple[str, str]:
    look = visitor.look
    zone = text(look.language, "journal.zone", zone=wording.zone_words(look.zone, console_of(request).clock()))
    return text(look.language, "paper.refusals"), zone


def _printed(value: Any, zone: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d.%m.%Y %H:%M}" if hasattr(value, "hour") else f"{value:%d.%m.%Y}"
    return str(value)


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None
