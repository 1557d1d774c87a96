"""Examinations and documents of an employer's workers that are due, as dates: what is over, what ends soon, what holds.

GET /employer/due takes `employer` (one of the account's), `state` (over | soon) and `page`; a page is a hundred workers by
name. It says what a document is called in public and its last day; neither a finding nor what keeps somebody from work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection, RowMapping

from central.console.access_log import note_seldom
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import scope_of
from central.console.guard import Guard
from central.console.paging import page_number, paging_of
from central.core.days import day_of
from central.core.rights import Right
from central.store import ground_effects, workforce
from central.store.engine import reading
from central.store.ground_effects import UNNAMED

router = APIRouter()
Hr = Annotated[Visitor, Depends(Guard(Right.KEEP_WORKFORCE))]
ON_A_PAGE = 100
STATES = ("over", "soon")


@dataclass(frozen=True, slots=True)
class DueDocument:
    """One document of one worker. `state`: over, soon or holds."""

    name: str
    until: date
    state: str


@router.get("/employer/due")
def show_due(request: Request, visitor: Hr) -> Response:
    """The workers of a page with what ends when."""
    console, chosen = console_of(request), request.query_params.get("state", "")
    today = day_of(console.clock())
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        rows, found = workforce.page(
            connection,
            visitor.account.orgs,
            scope.ids,
            today,
            limit=ON_A_PAGE,
            offset=(page_number(request) - 1) * ON_A_PAGE,
        )
        due = _due(connection, rows, today)
    note_seldom(request, visitor, "due.read")
    shown = [
        (row, [one for one in due.get(row["worker_id"], ()) if chosen not in STATES or one.state == chosen])
        for row in rows
    ]
    return page(
        request,
        "employer_due.html",
        visitor,
        scope=scope,
        rows=[line for line in shown if line[1] or chosen not in STATES],
        chosen=chosen if chosen in STATES else "",
        states=STATES,
        paging=paging_of(request, found, ON_A_PAGE, "/employer/due"),
    )


def _due(connection: Connection, rows: Sequence[RowMapping], today: date) -> dict[str, list[DueDocument]]:
    found: dict[str, list[DueDocument]] = {}
    for org in {row["org"] for row in rows}:
        names = ground_effects.public_names(connection, org, today)
        ids = [row["worker_id"] for row in rows if row["org"] == org]
        for worker_id, judged in ground_effects.judged(connection, org, ids, today).items():
            known = {
                (names.get(term.kind, "") or UNNAMED, term.until, term.until < today, term.warn_from <= today)
                for term in judged.terms
            }
            found[worker_id] = [
                DueDocument(name, until, "over" if is_over else "soon" if is_soon else "holds")
                for name, until, is_over, is_soon in sorted(known, key=lambda one: (one[1], one[0]))
            ]
    return found
