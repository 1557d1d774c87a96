"""Examinations and documents of an employer's workers that are due, as dates: what is over, ends soon, is not on record, holds.

GET /employer/due takes `employer` (one of the account's), `state` (over | soon | absent) and `page`; a page is a hundred workers by
name, of all that are in the state. It says what a document is called in public and its last day, and the harm factors that rules go
by; neither a finding nor what keeps somebody from work.
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
from central.store import ground_effects, posts, worker_terms, workforce
from central.store.engine import reading
from central.store.ground_effects import UNNAMED
from central.store.worker_terms import STATES

router = APIRouter()
Hr = Annotated[Visitor, Depends(Guard(Right.KEEP_WORKFORCE))]
ON_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class DueDocument:
    """One document of one worker. `state`: over, soon, absent or holds; `until` None where none is on record."""

    name: str
    until: date | None
    state: str


@router.get("/employer/due")
def show_due(request: Request, visitor: Hr) -> Response:
    """The workers of a page with what ends when."""
    console, asked = console_of(request), request.query_params.get("state", "")
    chosen, today = asked if asked in STATES else "", day_of(console_of(request).clock())
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        rows, found = workforce.page(
            connection,
            visitor.account.orgs,
            scope.ids,
            today,
            also=[worker_terms.in_state(chosen, today)] if chosen else (),
            limit=ON_A_PAGE,
            offset=(page_number(request) - 1) * ON_A_PAGE,
        )
        due = _due(connection, rows, today)
        factors = posts.factors_of(connection, [row["worker_id"] for row in rows])
    note_seldom(request, visitor, "due.read")
    shown = [
        (
            row,
            [one for one in due[row["worker_id"]] if not chosen or one.state == chosen],
            factors.get(row["worker_id"], []),
        )
        for row in rows
    ]
    return page(
        request,
        "employer_due.html",
        visitor,
        scope=scope,
        rows=shown,
        chosen=chosen,
        states=STATES,
        paging=paging_of(request, found, ON_A_PAGE, "/employer/due"),
    )


def _due(connection: Connection, rows: Sequence[RowMapping], today: date) -> dict[str, list[DueDocument]]:
    names = {org: ground_effects.public_names(connection, org, today) for org in {row["org"] for row in rows}}
    terms = worker_terms.of_workers(connection, [row["worker_id"] for row in rows])
    found: dict[str, list[DueDocument]] = {}
    for row in rows:
        known = {
            (names[row["org"]].get(one.kind, "") or UNNAMED, one.until, _state(one.until, one.warn_from, today))
            for one in terms.get(row["worker_id"], ())
        }
        found[row["worker_id"]] = [
            DueDocument(*one) for one in sorted(known, key=lambda one: (one[1] or date.max, one[0]))
        ]
    return found


def _state(until: date | None, warn_from: date | None, today: date) -> str:
    if until is None:
        return "absent"
    return "over" if until < today else "soon" if warn_from is not None and warn_from <= today else "holds"
