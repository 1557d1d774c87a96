"""Limits: the present ones with their owners, the history, and the effect on the last month before one is set.

Form fields of POST /limits: `scope` (organisation | employer:<id> | worker), `personnel_number` and `employer` (id; both of
scope worker), `parameter`, `low`, `high`, `basis`, `valid_until`, `action` (preview | save), `previewed` (what the page says
was looked at), `csrf`. 409 with the preview when something else is to be set than was looked at.
"""

import math
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.limits_view import KEYS, default_rows, personal_row, stored_row
from central.console.sorting import sorting_of
from central.console.typed import Typed
from central.core.days import day_of, parse_day
from central.core.rights import Right
from central.people.limits import (
    POSSIBLE,
    Changed,
    LimitDraft,
    Preview,
    default_entries,
    limit_faults,
    preview,
    set_limit,
)
from central.store import accounts, limits, registry
from central.store.engine import reading, writing
from central.store.workers import workers_with_number
from central.words import wording

router = APIRouter()


@router.get("/limits")
def show_limits(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_LIMITS))]) -> Response:
    """What holds now."""
    return _page(request, visitor)


@router.post("/limits")
def change_limits(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_LIMITS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Preview or set one limit."""
    console = console_of(request)
    now = console.clock()
    typed = Typed(typed_fields(form))
    faults: dict[str, str] = {}
    with reading(console.engine) as connection:
        draft = _draft(connection, visitor, typed, faults)
    faults = limit_faults(draft, day_of(now)) | faults
    if faults:
        return _page(request, visitor, 422, typed, faults)
    if typed.one("action") != "save":
        return _page(request, visitor, 200, typed, seen=_previewed(request, visitor, draft, now), mark=_mark(draft))
    if typed.one("previewed") != _mark(draft):
        seen = _previewed(request, visitor, draft, now)
        return _page(request, visitor, 409, typed, seen=seen, mark=_mark(draft), changed=True)
    with writing(console.engine) as connection:
        version = set_limit(connection, console.registry, console.outgoing, draft, visitor.account.account_id, now)
        note(
            connection,
            console,
            visitor,
            "limit.set",
            draft.subject or draft.org,
            org=draft.org,
            detail={"parameter": draft.parameter, "source": draft.source, "version": version},
        )
    console.wake()
    return RedirectResponse("/limits", status_code=303)


def _mark(draft: LimitDraft) -> str:
    """What a preview was of: what is set is what was looked at."""
    return "|".join(str(part) for part in (draft.source, draft.subject, draft.parameter, draft.low, draft.high))


def _previewed(request: Request, visitor: Visitor, draft: LimitDraft, now: datetime) -> Preview:
    """What would have changed. It is read from the measurements of a month, and written down as such."""
    console = console_of(request)
    with reading(console.engine) as connection:
        seen = preview(connection, draft, now)
    with writing(console.engine) as connection:
        note(
            connection,
            console,
            visitor,
            "limit.preview",
            draft.subject or draft.org,
            org=draft.org,
            detail={"parameter": draft.parameter, "source": draft.source, "rows": seen.exams},
        )
    return seen


def _draft(connection: Connection, visitor: Visitor, typed: Typed, faults: dict[str, str]) -> LimitDraft:
    source, _, subject = typed.one("scope").partition(":")
    owner = registry.get_employer(connection, subject) if source == "employer" else None
    chosen = typed.one("of_org") or (str(owner["org"]) if owner is not None and visitor.owns(owner["org"]) else "")
    org = visitor.org_of(chosen) or ""
    if not org and visitor.account.orgs:
        faults["of_org"] = "choose"
    if source == "worker":
        subject = _worker(connection, org, typed, faults)
    elif source == "employer" and (owner is None or owner["org"] != org):
        faults["subject"] = "choose"
    return LimitDraft(
        org=org,
        source=source,
        subject=subject,
        parameter=typed.one("parameter"),
        low=_number(typed, "low", faults),
        high=_number(typed, "high", faults),
        basis=typed.one("basis").strip(),
        valid_until=_day(typed, faults),
    )


def _worker(connection: Connection, org: str, typed: Typed, faults: dict[str, str]) -> str:
    """Who has the number, with the employer that was said, or with the only one that uses it."""
    found = workers_with_number(connection, org, typed.one("personnel_number").strip())
    if typed.one("employer"):
        found = [row for row in found if row["employer_id"] == typed.one("employer")]
    if len(found) == 1:
        return str(found[0]["worker_id"])
    if found:
        faults["employer"] = "which_employer"
    else:
        faults["personnel_number"] = "unknown_worker"
    return ""


def _number(typed: Typed, name: str, faults: dict[str, str]) -> float | None:
    words = typed.one(name).strip().replace(",", ".")
    if not words:
        return None
    try:
        value = float(words)
    except ValueError:
        faults[name] = "not_a_number"
        return None
    if not math.isfinite(value):
        faults[name] = "not_a_number"
        return None
    return value


def _day(typed: Typed, faults: dict[str, str]) -> date | None:
    if not typed.one("valid_until"):
        return None
    day = parse_day(typed.one("valid_until"))
    if day is None:
        faults["valid_until"] = "not_a_day"
    return day


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
    seen: Preview | None = None,
    mark: str = "",
    *,
    changed: bool = False,
) -> Response:
    """The page. `mark`: what `seen` is a preview of; `changed`: something else was to be set than had been looked at."""
    console, orgs = console_of(request), visitor.account.orgs
    with reading(console.engine) as connection:
        entries = [item for org in orgs for item in limits.of_organisation(connection, org)]
        personal = [item for org in orgs for item in limits.personal(connection, org)]
        employers = {
            row["employer_id"]: row["name"] for org in orgs for row in registry.list_employers(connection, org)
        }
        names = {one.account_id: one.full_name for one in accounts.all_accounts(connection)}
    language = visitor.look.language
    rows = [personal_row(item, names, language) for item in personal]
    rows += [stored_row(item, employers, names, language) for item in entries]
    defaults = default_rows(default_entries(), language)
    sort = sorting_of(request, KEYS, path="/limits")
    sort_history = sorting_of(request, KEYS, table="history", path="/limits")
    with writing(console.engine) as connection:
        # Somebody's own corridor tells of an illness.
        note(connection, console, visitor, "limits.read", detail={"rows": len(personal)})
    return page(
        request,
        "limits.html",
        visitor,
        status,
        in_force=sort.rows([row for row in rows if row.withdrawn_at is None] + defaults, KEYS),
        withdrawn=sort_history.rows([row for row in rows if row.withdrawn_at is not None], KEYS),
        sort=sort,
        sort_history=sort_history,
        employers=employers,
        parameters=list(POSSIBLE),
        typed=typed or Typed({}),
        faults=faults or {},
        seen=seen,
        mark=mark,
        changed=changed,
        examples=_examples(visitor, typed, seen),
        today=day_of(console.clock()),
    )


def _examples(visitor: Visitor, typed: Typed | None, seen: Preview | None) -> list[tuple[Changed, str]]:
    """Exams that would have been judged otherwise, each with its value in words."""
    if typed is None or seen is None:
        return []
    name, language = typed.one("parameter"), visitor.look.language
    return [
        (item, f"{wording.quantity(name, item.value, language)} {wording.unit(name, language)}".strip())
        for item in seen.examples
    ]
