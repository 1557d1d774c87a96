"""The journal: every exam, by any filter, in own columns, on the screen and as a file.

GET /journal and GET /journal/export/csv take the same query, as do the exports in the background (`routes.exports`):
`since`, `until` (days, both included), `employer_id`, `terminal_id`, `exam_type`, `outcome`, `query` (beginning of a name or a
personnel number, sealed by POST /journal; by hand also plain as `person`, and no SNILS), `worker_id` (repeatable), `medic_id`,
`deviation`, `unfinished`, those of `central.console.journal_query`, `sort` (see `central.console.sorting`), `columns`
(repeatable), and for the page `after_moment`, `after_id`, `after_number` (what the row before the page is counted as). POST
/journal takes the same as fields of a form, in `person` what is typed, a SNILS too, and `csrf`: 303 to the address of what is
meant, where a SNILS has become `worker_id`; 422 with the journal when it is nobody's or wrong.
"""

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.datastructures import FormData, QueryParams

from central.console.access_log import note
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.journal_query import FIELDS, facts_asked
from central.console.query import day_of, place_of
from central.console.sorting import sorting_of
from central.console.worker_search import address_pairs, find_worker, words_of
from central.core import book_source
from central.core.ordering import AS_IT_COMES, Order
from central.core.reasons import Reason, reasons
from central.core.rights import Right
from central.jobs.child import WorkFailed
from central.journal import columns as journal_columns
from central.journal.csv_file import csv_lines, grouped
from central.journal.filter_words import filter_words
from central.journal.signature_check import SignatureCheck
from central.journal.title import title_lines
from central.people.worker_query import WorkerQuery
from central.store import column_sets, journal, medics, registry, terminals
from central.store.engine import reading, writing
from central.store.exam_facts import QUANTITIES
from central.store.journal import JournalFilter, JournalRow
from central.store.workers import named_workers
from central.words.no_force import band, file_name
from central.words.table_values import Value
from central.words.texts import codes_of
from central.words.wording import quantity_name, unit
from sync.contract.books import COMPLAINTS

router = APIRouter()

ROWS = 50
COUNT_TO = 10_000
COUNT_FEW_TO = 200
"""How far the rows of several filters together are counted: one by one, in the table."""
PDF_ROWS = 20_000
COUNT_EXPORT_TO = 1_000_000
SORTED_TO = 1_000
"""Rows that a page sorts by another column than the moment, which alone has an index in its order: they are all read for it."""
DIRECT_ROWS = 5_000
"""Rows of a CSV that the serving process makes by itself: some two seconds in which every page is slower."""
COLUMNS_COOKIE = "dopusk_columns"
_FIELDS = frozenset(
    {
        "since",
        "until",
        "employer_id",
        "terminal_id",
        "exam_type",
        "outcome",
        "medic_id",
        "deviation",
        "unfinished",
        "columns",
        "sort",
        *FIELDS,
    }
)
"""What the form puts into the address as it stands."""
_MISLEADING = frozenset({"since", "until", "person", "paper_number", "quantity", "low", "high"})
"""Fields that would show other rows than the wanted ones where they are wrong."""
_PLACE = ("after_moment", "after_id", "after_number")
_MOST_WORKERS = 20
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of a page: filter, columns, and what is wrong with it."""

    wanted: JournalFilter
    columns: tuple[str, ...]
    faults: dict[str, str]
    query: QueryParams
    typed_person: str
    """What stands in the field: also what must not stand in the address."""

    @property
    def is_understood(self) -> bool:
        """Whether the filter says what is wanted. Otherwise nothing is shown: other rows than the wanted would mislead."""
        unclear = {field for field, code in self.faults.items() if code != "needed"}
        return not unclear & _MISLEADING

    @property
    def has_facts(self) -> bool:
        """Whether one of the further filters is set."""
        return any(self.query.get(name) for name in FIELDS)

    def address(self, **changes: str) -> str:
        """The same query with other values, for links."""
        kept = [(name, value) for name, value in self.query.multi_items() if name not in {*changes, *_PLACE}]
        return urlencode([(name, value) for name, value in [*kept, *changes.items()] if value])

    def with_columns(self, columns: Sequence[str]) -> str:
        """The same query with other columns."""
        kept = self.address(columns="")
        chosen = urlencode([("columns", key) for key in columns])
        return f"{kept}&{chosen}" if kept else chosen


@router.get("/journal")
def show_journal(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_JOURNAL))]) -> Response:
    """One page of the journal."""
    return journal_page(request, visitor, asked_of(request, visitor))


@router.post("/journal")
def find_in_journal(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.SEE_JOURNAL))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Take the filter as typed and lead to its address. A form by POST: a SNILS may be typed into it (adr/0075)."""
    typed = str(form.get("person", "")).strip()
    query = find_worker(request, visitor, typed)
    pairs = [(name, str(value)) for name, value in form.multi_items() if name in _FIELDS and value]
    pairs += address_pairs(request, query)
    if not typed:
        # A newly typed person replaces the one before.
        pairs += [("worker_id", str(one)) for one in form.getlist("worker_id")]
    if not query.fault:
        return RedirectResponse(f"/journal?{urlencode(pairs)}", status_code=303)
    asked = _asked(QueryParams(pairs), request, visitor, typed)
    asked.faults["person"] = query.fault
    return journal_page(request, visitor, asked)


def journal_page(
    request: Request,
    visitor: Visitor,
    asked: Asked,
    status: int = 200,
    not_printed: WorkFailed | None = None,
    *,
    period_needed: bool = False,
) -> Response:
    """The page of that query, with 422 and the faults where it has some.

    `not_printed`: why there is no signed print. `period_needed`: the days of the query were not named but are offered.
    """
    console = console_of(request)
    after = place_of(asked.query)
    sort = sorting_of(request, journal_columns.SORTED_BY, path="/journal", usual="-moment", places=_PLACE)
    # Not what the address says: no link carries on what somebody wrote into it by hand.
    kept = tuple(pair for pair in asked.query.multi_items() if pair[0] not in {"sort", *_PLACE})
    sort = replace(sort, kept=kept)
    by_column = sort.order.column not in {"", "moment"} and asked.is_understood
    most = COUNT_TO if journal.is_counted_quickly(asked.wanted) else COUNT_FEW_TO
    # Read outside the transaction of the audit log: a writing transaction holds everybody else up.
    with reading(console.engine) as connection:
        too_many = by_column and journal.count_up_to(connection, asked.wanted, SORTED_TO + 1) > SORTED_TO
        if too_many:
            # The newest first is then the order that they stand in, and the headings say so.
            by_column, sort = False, replace(sort, order=AS_IT_COMES)
        if by_column:
            after, limit = None, SORTED_TO
        else:
            limit = ROWS + 1
        upwards = sort.order == Order("moment")
        rows = journal.page(connection, asked.wanted, after, limit, oldest_first=upwards) if asked.is_understood else []
        total = journal.count_up_to(connection, asked.wanted, most) if asked.is_understood else 0
        choices = {
            "employers": [row for org in visitor.account.orgs for row in registry.list_employers(connection, org)],
            "terminals": terminals.names(connection, visitor.account.orgs),
            "medics": medics.of_organisations(connection, visitor.account.orgs),
            "sets": column_sets.of_account(connection, visitor.account.account_id),
            "meant": named_workers(connection, visitor.account.orgs, asked.wanted.worker_ids),
        }
    with writing(console.engine) as connection:
        note(
            connection,
            console,
            visitor,
            "journal.read",
            asked.wanted.worker_ids[0] if len(asked.wanted.worker_ids) == 1 else "",
            detail={"rows": min(len(rows), ROWS)},
        )
    look = visitor.look
    check = SignatureCheck(console.trust)
    before = _number_before(asked.query) if after or by_column else 0
    prepared = [journal_columns.reading_of(row, look.language, look.zone, check) for row in rows]
    if by_column:
        column = sort.order.column
        prepared = sort.rows(prepared, {column: lambda item: journal_columns.sort_value(item, column)})[before:]
    prepared, more = prepared[:ROWS], len(prepared) > ROWS
    response = page(
        request,
        "journal.html",
        visitor,
        422 if asked.faults else status,
        asked=asked,
        not_printed=not_printed,
        period_needed=period_needed,
        headings=list(zip(asked.columns, journal_columns.headings(asked.columns, look.language), strict=True)),
        rows=[
            (
                number,
                item.row,
                [
                    (key, cell, journal_columns.outside(item, key))
                    for key, cell in zip(asked.columns, journal_columns.cells(item, asked.columns), strict=True)
                ],
            )
            for number, item in enumerate(prepared, start=before + 1)
        ],
        all_columns=list(journal_columns.COLUMNS),
        quantities=[
            (name, f"{quantity_name(name, look.language)}, {unit(name, look.language)}") for name in QUANTITIES
        ],
        reason_classes=codes_of("reason_class", look.language),
        book=_reasons(visitor),
        complaints=_complaints(visitor, look.language),
        means=codes_of("identified_by", look.language),
        next_query=_next_query(asked, prepared[-1].row, before + len(prepared)) if more else "",
        sort=sort,
        too_many_to_sort=SORTED_TO if too_many else 0,
        total=total,
        total_open=total >= most,
        **choices,
    )
    if asked.query.getlist("columns"):
        response.set_cookie(
            COLUMNS_COOKIE,
            ".".join(asked.columns),
            max_age=365 * 24 * 3600,
            path="/journal",
            secure=console.secure,
            httponly=True,
            samesite="lax",
        )
    return response


@router.get("/journal/export/csv")
def export_journal(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.EXPORT_JOURNAL))]) -> Response:
    """The filtered journal as CSV at once, for scripts; 422 for more than `DIRECT_ROWS`, which are for an export in the background.

    Written into the audit log before the first byte leaves.
    """
    console = console_of(request)
    asked = asked_of(request, visitor)
    if asked.faults:
        return journal_page(request, visitor, asked)
    with reading(console.engine) as connection:
        count = journal.count_up_to(connection, asked.wanted, DIRECT_ROWS + 1)
    if count > DIRECT_ROWS:
        asked.faults["until"] = "too_many_at_once"
        return journal_page(request, visitor, asked)
    keys = tuple(journal_columns.COLUMNS) if not asked.query.getlist("columns") else asked.columns
    with writing(console.engine) as connection:
        note(
            connection, console, visitor, "journal.export", detail={"rows": count, "form": "csv", "columns": len(keys)}
        )
    generation, language = console.config.generation, visitor.look.language
    name = file_name(generation, f"journal-{console.clock():%Y%m%d-%H%M}.csv")
    parts = journal_columns.file_keys(keys)
    table = journal_columns.numbered(
        journal_columns.headings(parts, language), values_of(console, visitor, asked.wanted, parts)
    )
    disposition = {"Content-Disposition": f'attachment; filename="{name}"', "X-Rows": str(count)}
    pieces = grouped(csv_lines(*table, band(generation, language), language))
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=disposition)


def values_of(
    console: Console, visitor: Visitor, wanted: JournalFilter, parts: tuple[str, ...]
) -> Iterator[list[Value]]:
    """The values of every row of the filter, read in batches."""
    look, check = visitor.look, SignatureCheck(console.trust)
    with reading(console.engine) as connection:
        for row in journal.every(connection, wanted):
            item = journal_columns.reading_of(row, look.language, look.zone, check)
            yield journal_columns.file_values(item, parts)


def title_of(console: Console, visitor: Visitor, asked: Asked) -> list[str]:
    """The lines over a journal that leaves, see `central.journal.title`."""
    with reading(console.engine) as connection:
        names = [registry.get_organisation(connection, org) for org in visitor.account.orgs]
        narrowed = filter_words(connection, asked.wanted, visitor.look.language)
    since, until = (asked.query.get(name, "") for name in ("since", "until"))
    return title_lines([dict(item) for item in names if item], since, until, visitor.look.language, narrowed)


def with_period(request: Request, visitor: Visitor, asked: Asked) -> Asked:
    """The same with a whole month as its period: that of the day that is named, and else the current one."""
    named = asked.query.get("since") or asked.query.get("until")
    now = console_of(request).clock().astimezone(visitor.look.zone)
    day = date.fromisoformat(named) if named else now.date()
    last = calendar.monthrange(day.year, day.month)[1]
    offered = {"since": day.replace(day=1), "until": day.replace(day=last)}
    whole = {name: asked.query.get(name) or offered[name].isoformat() for name in offered}
    kept = [pair for pair in asked.query.multi_items() if pair[0] not in whole]
    return _asked(QueryParams([*kept, *whole.items()]), request, visitor, asked.typed_person)


def asked_of(request: Request, visitor: Visitor) -> Asked:
    """The query of a request: what is asked for and what is wrong with it."""
    return _asked(request.query_params, request, visitor)


def _asked(query: QueryParams, request: Request, visitor: Visitor, typed: str | None = None) -> Asked:
    faults: dict[str, str] = {}
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    words, fault = words_of(request, query, "person")
    if fault:
        faults["person"] = fault
    if query.get("person") or fault:
        # No link of the page carries on what was written by hand, or what cannot be read.
        kept = [(name, value) for name, value in query.multi_items() if name not in {"person", "sought"}]
        query = QueryParams([*kept, *address_pairs(request, WorkerQuery(words))])
    wanted = JournalFilter(
        orgs=visitor.account.orgs,
        since=since,
        until=until + timedelta(days=1) if until else None,
        employer_id=query.get("employer_id", ""),
        terminal_id=query.get("terminal_id", ""),
        exam_type=query.get("exam_type", ""),
        outcome=query.get("outcome", ""),
        person=words,
        worker_ids=tuple(query.getlist("worker_id")[:_MOST_WORKERS]),
        medic_id=query.get("medic_id", ""),
        deviation=query.get("deviation") == "1",
        unfinished=query.get("unfinished") == "1",
        **facts_asked(query, faults),
    )
    chosen = query.getlist("columns") or request.cookies.get(COLUMNS_COOKIE, "").split(".")
    columns = tuple(key for key in journal_columns.COLUMNS if key in chosen) or journal_columns.ON_SCREEN
    return Asked(wanted, columns, faults, query, wanted.person if typed is None else typed)


def _next_query(asked: Asked, last: JournalRow, number: int) -> str:
    kept = asked.address()
    place = urlencode({"after_moment": last.finished_at.isoformat(), "after_id": last.exam_id, "after_number": number})
    return f"{kept}&{place}" if kept else place


def _number_before(query: QueryParams) -> int:
    """The number of the last row of the page before; 0 when the address says none. It only counts, and finds nothing."""
    given = query.get("after_number", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS else 0


def _reasons(visitor: Visitor) -> Iterable[Reason]:
    """What the filter offers: the reasons of all organisations of the visitor."""
    return {code: one for org in ("", *visitor.account.orgs) for code, one in reasons(org).items()}.values()


def _complaints(visitor: Visitor, language: str) -> dict[str, str]:
    """What the filter offers: the complaints that ship, and those that the organisations added."""
    own = {
        code: item.words(language)
        for org in visitor.account.orgs
        for code, item in book_source.items(COMPLAINTS, org).items()
    }
    return codes_of("complaint", language) | own
