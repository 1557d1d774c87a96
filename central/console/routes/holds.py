"""Holds: what must not be deleted, because of an accident, a dispute or an inspection; at the centre and at the terminals.

GET /conclusions/holds lists them, with the terminals that have the list. POST places one: `about` (exam | worker | terminal),
`exam_id`, `worker_id`, `terminal_id` (the one that it is about), `since_day`, `until_day`, `reason`, `basis`, `csrf`: 303, 422
with what is at fault. POST /conclusions/holds/{hold_id}/release `basis`, `csrf`: 303, 409 when it is over already, 422 without
a basis.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.typed import Typed
from central.core.days import parse_day
from central.core.rights import Right
from central.core.text_cleaning import clean_line
from central.store import accounts, exams, holds, registry, terminals
from central.store.engine import reading, writing
from central.store.holds import ABOUT, REASONS, Hold, HoldRelease, ReleasedAlready, SentList
from central.store.workers import get_worker
from sync.contract.canonical import new_id

router = APIRouter()
SHOWN = 300
MOST_BASIS_CHARS = 300
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONCLUSIONS))]
Form = Annotated[FormData, Depends(form_of)]


@dataclass(frozen=True, slots=True)
class ShownHold:
    """One hold with its end and with what it is about in words. The properties are what the list sorts by."""

    item: Hold
    release: HoldRelease | None
    name: str
    """Number and employer of the worker, name of the terminal, id of the exam."""
    placed_by: str
    released_by: str

    @property
    def state(self) -> str:
        return "over" if self.release is not None else "in_force"

    @property
    def since(self) -> date:
        return self.item.since_day or date.min


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one terminal knows of the holds. `sent` None: it was sent no list yet."""

    name: str
    sent: SentList | None

    @property
    def state(self) -> str:
        """`arrived`, `travels`, `none`."""
        return "none" if self.sent is None else "travels" if self.sent.arrived_at is None else "arrived"


@router.get("/conclusions/holds")
def show_holds(request: Request, visitor: Keeper, exam_id: str = "", worker_id: str = "") -> Response:
    """All holds; with an exam or worker in the address, the form is filled in for it."""
    about = "exam" if exam_id else "worker" if worker_id else ""
    fields = {"about": [about], "exam_id": [exam_id], "worker_id": [worker_id]}
    return holds_page(request, visitor, typed=Typed(fields))


@router.post("/conclusions/holds")
def place(request: Request, visitor: Keeper, form: Form) -> Response:
    """Place a hold. From the commit on nothing that it is about is deleted."""
    console, typed = console_of(request), Typed(typed_fields(form))
    with writing(console.engine) as connection:
        item, faults = _read(connection, visitor, typed, console.clock())
        if item is not None:
            holds.add(connection, item)
            detail = {"about": item.about, "reason": item.reason}
            note(connection, console, visitor, "hold.place", item.hold_id, org=item.org, detail=detail)
    if item is None:
        return holds_page(request, visitor, 422, typed=typed, faults=faults)
    console.wake()
    return RedirectResponse("/conclusions/holds", status_code=303)


@router.post("/conclusions/holds/{hold_id}/release")
def release(request: Request, hold_id: str, visitor: Keeper, form: Form) -> Response:
    """End a hold."""
    console, basis = console_of(request), clean_line(str(form.get("basis", "")))
    with reading(console.engine) as connection:
        item = own_or_404(visitor, holds.find(connection, hold_id))
    if not basis or len(basis) > MOST_BASIS_CHARS:
        faults = {f"release-{hold_id}": "needed" if not basis else "too_long"}
        return holds_page(request, visitor, 422, faults=faults)
    try:
        with writing(console.engine) as connection:
            ended = HoldRelease(hold_id, item.org, basis, console.clock(), visitor.account.account_id)
            holds.release(connection, ended)
            note(connection, console, visitor, "hold.release", hold_id, org=item.org)
    except ReleasedAlready as error:
        raise HTTPException(409) from error
    console.wake()
    return RedirectResponse("/conclusions/holds", status_code=303)


def _read(connection: Connection, visitor: Visitor, typed: Typed, now: datetime) -> tuple[Hold | None, dict[str, str]]:
    """The hold that was typed, or what is at fault."""
    about, reason, basis = typed.one("about"), typed.one("reason"), clean_line(typed.one("basis"))
    faults: dict[str, str] = {}
    if about not in ABOUT:
        return None, {"about": "choose"}
    if reason not in REASONS:
        faults["reason"] = "choose"
    if not basis or len(basis) > MOST_BASIS_CHARS:
        faults["basis"] = "needed" if not basis else "too_long"
    days = {name: parse_day(typed.one(name)) for name in ("since_day", "until_day")}
    faults |= {name: "not_a_day" for name, found in days.items() if typed.one(name) and found is None}
    since, until = (days[name] if about != "exam" else None for name in ("since_day", "until_day"))
    if about != "exam" and since is None:
        faults.setdefault("since_day", "needed")
    if since is not None and until is not None and until < since:
        faults["until_day"] = "before_since"
    name = f"{about}_id"
    subject = clean_line(typed.one(name))
    org = _org_of(connection, about, subject)
    if not visitor.owns(org):
        faults[name] = "needed" if not subject else "unknown"
    if faults or org is None:
        return None, faults
    ids = {one: subject if one == about else "" for one in ABOUT}
    return (
        Hold(
            hold_id=new_id(),
            org=org,
            about=about,
            exam_id=ids["exam"],
            worker_id=ids["worker"],
            terminal_id=ids["terminal"],
            since_day=since,
            until_day=until,
            reason=reason,
            basis=basis,
            placed_at=now,
            placed_by=visitor.account.account_id,
        ),
        {},
    )


def _org_of(connection: Connection, about: str, subject: str) -> str | None:
    """Whose the exam, worker or terminal is; None where there is none."""
    match about:
        case "exam":
            found = exams.get(connection, subject)
        case "worker":
            found = get_worker(connection, subject)
        case _:
            found = terminals.get_terminal(connection, subject)
    return None if found is None else str(found["org"])


def holds_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    """The list, and the form of a new hold."""
    console, orgs = console_of(request), visitor.account.orgs
    with reading(console.engine) as connection:
        found = holds.listed(connection, orgs, SHOWN)
        places = {row["terminal_id"]: row["name"] for row in terminals.names(connection, orgs)}
        lists = holds.last_lists(connection, orgs)
        served = {
            row["terminal_id"]
            for org in orgs
            for row in terminals.list_terminals(connection, org)
            if row["state"] == "enrolled"
        }
        ids = {item.placed_by for item, _ in found} | {ended.released_by for _, ended in found if ended is not None}
        people = {one: who.full_name for one in ids if (who := accounts.by_id(connection, one)) is not None}
        shown = []
        for item, ended in found:
            worker = get_worker(connection, item.worker_id) if item.worker_id else None
            employer = registry.get_employer(connection, worker["employer_id"]) if worker is not None else None
            number = (
                f"{worker['personnel_number']}, {employer['name'] if employer else '—'}" if worker is not None else ""
            )
            name = number or places.get(item.terminal_id, item.terminal_id) or item.exam_id
            released_by = people.get(ended.released_by, "—") if ended is not None else ""
            shown.append(ShownHold(item, ended, name, people.get(item.placed_by, "—"), released_by))
    for org in orgs or (None,):
        note_alone(console, visitor, "holds.read", org=org, detail={"rows": len(shown)})
    return page(
        request,
        "holds.html",
        visitor,
        status,
        holds=shown,
        places=places,
        arrivals=[Arrival(name, lists.get(one)) for one, name in places.items() if one in served],
        abouts=ABOUT,
        reasons=REASONS,
        typed=typed or Typed({}),
        faults=faults or {},
        most=MOST_BASIS_CHARS,
    )
