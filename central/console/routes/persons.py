"""A person with all employments, and likely doubles.

GET /persons/{person_id}; POST /persons/{person_id}/contacts `phone`, `email`, `csrf` (303 to the person; 422 with the page and a
fault at each field; 404 where another organisation has the person too and the person has not agreed). GET
/registers/persons/twins; POST the same address `person_id`, `other_id`, `verdict` (joined | apart), `reason`, `csrf`; POST
/registers/persons/twins/undo `verdict_id`, `reason`, `csrf`: 303 to the list, 422 with it and what is wrong.

A visitor sees the employments with the visitor's own organisations, and those with others only while the person's consent to it
(`whole_record`), given to one of the visitor's organisations, is in force.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import covers, note
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.history_view import MOST_SHOWN, foreign_lines
from central.console.routes.me_access import DOCUMENTS
from central.core.days import day_of
from central.core.ground_rules import kind_words
from central.core.rights import Right
from central.deciding.decision_record import Employed
from central.people import contacts, doubles
from central.people.contacts import Contacts
from central.store import account_links, accounts, consents, employments, foreign_exams, grounds, worker_limits
from central.store.engine import hold_registers, writing
from central.store.register_changes import Author

router = APIRouter()
Form = Annotated[FormData, Depends(form_of)]
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]
Keeper = Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))]
Judge = Annotated[Visitor, Depends(Guard(Right.JOIN_PERSONS))]

MOST_EXAMS = 50
MOST_DOUBLES = 100


@router.get("/persons/{person_id}")
def show_person(request: Request, person_id: str, visitor: Reader) -> Response:
    """The person: employments, exams, consents, limits, grounds."""
    return _person_page(request, visitor, person_id)


@router.post("/persons/{person_id}/contacts")
def change_contacts(request: Request, person_id: str, visitor: Keeper, form: Form) -> Response:
    """Telephone and e-mail of the person."""
    console = console_of(request)
    typed = Contacts(str(form.get("phone", "")).strip(), str(form.get("email", "")).strip())
    faults = contacts.faults_of(typed)
    with writing(console.engine) as connection:
        own = employments.of_person(connection, person_id, visitor.account.orgs)
        if not own or not contacts.may_see(connection, person_id, visitor.account.orgs):
            raise HTTPException(404)
        entry_id, org = own[0]["worker_id"], own[0]["org"]
        if not faults:
            hold_registers(connection, org)
            author = Author(visitor.account.account_id, console.clock())
            contacts.change(connection, console.registry, person_id, typed, author, entry_id=entry_id, org=org)
        note(connection, console, visitor, "person.contacts", entry_id, org=org)
    if faults:
        return _person_page(request, visitor, person_id, 422, typed=typed, faults=faults)
    return RedirectResponse(f"/persons/{person_id}?saved=1", status_code=303)


def _person_page(
    request: Request,
    visitor: Visitor,
    person_id: str,
    status: int = 200,
    *,
    typed: Contacts | None = None,
    faults: Mapping[str, str] | None = None,
) -> Response:
    console = console_of(request)
    with writing(console.engine) as connection:
        own = employments.of_person(connection, person_id, visitor.account.orgs)
        if not own:
            raise HTTPException(404)
        others = _of_others(connection, visitor, person_id)
        rows = [*own, *others]
        note(connection, console, visitor, "person.read", own[0]["worker_id"], org=own[0]["org"])
        for row in own:
            covers(console, visitor, row["worker_id"])
        today = day_of(console.clock())
        # One organisation's consents, limits and grounds are found by any of its entries.
        by_org = {row["org"]: row["worker_id"] for row in own}
        may_see_exams = visitor.may(Right.SEE_EXAMS)
        ids = [row["worker_id"] for row in rows]
        keeps = visitor.may(Right.CHANGE_REGISTERS) and contacts.may_see(connection, person_id, visitor.account.orgs)
        values: dict[str, Any] = {
            "contacts": (typed or contacts.read(connection, console.registry, person_id)) if keeps else None,
            "exams": employments.last_exams(connection, ids, MOST_EXAMS) if may_see_exams else [],
            "consents": [one for key in by_org.values() for one in consents.of_worker(connection, key)],
            "access": account_links.account_of(connection, person_id) if visitor.may(Right.GIVE_ACCESS) else None,
            "foreign": foreign_lines(
                [
                    one
                    for key in (by_org.values() if may_see_exams else ())
                    for one in foreign_exams.of_worker(connection, key, MOST_SHOWN)
                ],
                visitor.look.language,
            ),
            "limits": [one for key in by_org.values() for one in worker_limits.worker_limits(connection, key)]
            if visitor.may(Right.SEE_LIMITS)
            else [],
            "kind_words": lambda kind: kind_words(kind, visitor.look.language, next(iter(by_org), "")),
            "grounds": [one for key in by_org.values() for one in grounds.of_worker(connection, key)]
            if may_see_exams
            else [],
        }
    return page(
        request,
        "person.html",
        visitor,
        status,
        faults=faults or {},
        saved=request.query_params.get("saved") == "1",
        person=own[0],
        rows=rows,
        named={row["worker_id"]: row for row in rows},
        holds={
            row["worker_id"]: Employed(row["since"], row["until"], row["archived_at"] is not None).holds_on(today)
            for row in rows
        },
        may_see_exams=may_see_exams,
        today=today,
        documents=DOCUMENTS,
        **values,
    )


@router.get("/registers/persons/twins")
def show_doubles(request: Request, visitor: Reader) -> Response:
    """Who may be one person, and what was judged."""
    return _doubles_page(request, visitor)


@router.post("/registers/persons/twins")
def judge(request: Request, visitor: Judge, sent: Form) -> Response:
    """Join two, or keep them apart."""
    console = console_of(request)
    typed = {name: str(sent.get(name, "")) for name in ("person_id", "other_id", "verdict", "reason")}
    with writing(console.engine) as connection:
        pair = next(
            (
                one
                for one in doubles.doubles(connection, visitor.account.orgs)
                if (one.person_id, one.other_id) == (typed["person_id"], typed["other_id"])
            ),
            None,
        )
        if pair is None:
            raise HTTPException(404)
        faults = doubles.judge(
            connection, console.registry, pair, typed["verdict"], typed["reason"], _author(console, visitor)
        )
        if not faults:
            detail = {"verdict": typed["verdict"], "person": pair.person_id, "other": pair.other_id}
            subject = pair.entries[0]["worker_id"]
            note(connection, console, visitor, "person.judge", subject, org=pair.org, detail=detail)
    if faults:
        return _doubles_page(request, visitor, 422, typed=typed, faults=faults)
    console.wake()
    return RedirectResponse("/registers/persons/twins?saved=1", status_code=303)


@router.post("/registers/persons/twins/undo")
def undo(request: Request, visitor: Judge, sent: Form) -> Response:
    """Take a verdict back."""
    console = console_of(request)
    typed = {name: str(sent.get(name, "")) for name in ("verdict_id", "reason")}
    with writing(console.engine) as connection:
        standing = doubles.standing(connection, visitor.account.orgs)
        one = next((item for item in standing if item.verdict_id == typed["verdict_id"]), None)
        if one is None:
            raise HTTPException(404)
        faults = doubles.undo(connection, console.registry, one, typed["reason"], _author(console, visitor))
        if not faults:
            detail = {"verdict": "undone", "person": one.person_id, "other": one.other_id}
            note(connection, console, visitor, "person.judge", one.person_id, org=one.org, detail=detail)
    if faults:
        return _doubles_page(request, visitor, 422, typed=typed, faults=faults)
    console.wake()
    return RedirectResponse("/registers/persons/twins?saved=1", status_code=303)


def _author(console: Console, visitor: Visitor) -> Author:
    return Author(visitor.account.account_id, console.clock())


def _of_others(connection: Connection, visitor: Visitor, person_id: str) -> list[dict[str, Any]]:
    """Entries of other organisations: none, unless the person has agreed to it towards one of the visitor's."""
    if not consents.whole_record_in_force(connection, person_id, visitor.account.orgs):
        return []
    others = employments.orgs_of(connection, person_id) - set(visitor.account.orgs)
    return employments.of_person(connection, person_id, sorted(others))


def _doubles_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    console = console_of(request)
    orgs = visitor.account.orgs
    with writing(console.engine) as connection:
        found = doubles.doubles(connection, orgs)
        standing = doubles.standing(connection, orgs)
        people = {
            person_id: employments.of_person(connection, person_id, (one.org,))
            for one in standing
            for person_id in (one.person_id, one.other_id)
        }
        names = {one.account_id: one.full_name for one in accounts.all_accounts(connection)}
        note(connection, console, visitor, "person.doubles", detail={"rows": len(found)})
    return page(
        request,
        "twins.html",
        visitor,
        status,
        doubles=found[:MOST_DOUBLES],
        hidden=max(0, len(found) - MOST_DOUBLES),
        standing=standing,
        people=people,
        names=names,
        typed=typed or {},
        faults=faults or {},
        may_judge=visitor.may(Right.JOIN_PERSONS),
        saved=request.query_params.get("saved") == "1",
    )
