"""What a worker asks for: copies of papers, and an exam in person against a refusal; and the senior medic's answers.

GET /me/requests. POST /me/requests `worker_id` (of an own employment), `kind`, `since`, `until`, `csrf`: a request for copies, as a
patient makes it who is known. POST /me/appeals `exam_id`, `words`, `csrf`. Both 303 to the page, 422 with the fault at its
field, 404 for ids of somebody else, 409 for a second appeal. GET /appeals: all of the senior medic's organisations; POST
/appeals/{appeal_id} `outcome` (invited | kept), `words`, `csrf`: 303, 422 with the fault, 409 when it was answered meanwhile.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.conclusions.requests import Asked, Hand, take
from central.console.access_log import note, note_alone, note_seldom
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.own_pages import MOST_EXAMS, Owner, own_exam, person_of
from central.console.typed import Typed
from central.core.days import day_of, parse_day
from central.core.rights import Right
from central.personal.appeals import MOST_CHARS, answer, ask, may_appeal
from central.store import accounts, appeals, copy_requests, employments, worklist
from central.store.appeals import OUTCOMES, Appeal, AppealTaken
from central.store.copy_requests import CopyRequest
from central.store.engine import reading, writing
from central.store.kept_papers import KEPT_KINDS

router = APIRouter()
Form = Annotated[FormData, Depends(form_of)]
Judge = Annotated[Visitor, Depends(Guard(Right.ANSWER_APPEALS))]
MOST_APPEALS = 300


@router.get("/me/requests")
def list_own_requests(request: Request, visitor: Owner, exam: str = "") -> Response:
    """What was asked for, and the forms. `exam`: the one against which the worker wants to ask."""
    return _page(request, visitor, typed=Typed({"exam_id": [exam]}))


@router.post("/me/requests")
def ask_for_copies(request: Request, visitor: Owner, form: Form) -> Response:
    """A request for copies: it stands among the others of the organisation at once, with its term."""
    console, typed = console_of(request), Typed(typed_fields(form))
    today = day_of(console.clock())
    faults: dict[str, str] = {}
    days = {name: parse_day(typed.one(name)) if typed.one(name) else None for name in ("since", "until")}
    faults |= {name: "not_a_day" for name, found in days.items() if typed.one(name) and found is None}
    with writing(console.engine) as connection:
        own = {row["worker_id"]: row for row in employments.own(connection, person_of(visitor))}
        if typed.one("worker_id") not in own:
            raise HTTPException(404)
        row: Any = own[typed.one("worker_id")]
        asked = Asked("patient", True, typed.one("kind"), days["since"], days["until"], today)
        hand = Hand(visitor.account.account_id, console.clock(), today)
        done = faults or take(connection, row, asked, hand)
        if isinstance(done, CopyRequest):
            detail = {"number": done.number, "year": done.year}
            note(connection, console, visitor, "request.take", done.request_id, org=done.org, detail=detail)
    if isinstance(done, dict):
        return _page(request, visitor, 422, typed=typed, faults=done)
    return RedirectResponse("/me/requests?done=copies", status_code=303)


@router.post("/me/appeals")
def appeal(request: Request, visitor: Owner, form: Form) -> Response:
    """Ask for an exam in person against a refusal."""
    console, typed = console_of(request), Typed(typed_fields(form))
    try:
        with writing(console.engine) as connection:
            exam = own_exam(connection, visitor, typed.one("exam_id"))
            done = ask(
                connection,
                exam,
                person_of(visitor),
                typed.one("words"),
                visitor.account.account_id,
                console.clock(),
                console.config.personal.appeal_days,
            )
            if isinstance(done, Appeal):
                note(connection, console, visitor, "appeal.ask", exam.exam_id, org=exam.org)
    except AppealTaken:
        return _page(request, visitor, 409, typed=typed, faults={"exam": "appealed"})
    if isinstance(done, dict):
        return _page(request, visitor, 422, typed=typed, faults=done)
    return RedirectResponse("/me/requests?done=appeal", status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Typed,
    faults: dict[str, str] | None = None,
) -> Response:
    console = console_of(request)
    person_id, now = person_of(visitor), console.clock()
    with reading(console.engine) as connection:
        jobs = employments.own(connection, person_id)
        copies = copy_requests.of_person(connection, person_id)
        asked = appeals.of_person(connection, person_id)
        exams = worklist.of_person(connection, person_id, MOST_EXAMS)
    against = {one.item.decision_id for one in asked}
    days = console.config.personal.appeal_days
    note_seldom(request, visitor, "own.list", person_id)
    return page(
        request,
        "me_requests.html",
        visitor,
        status,
        jobs=jobs,
        kinds=KEPT_KINDS,
        copies=copies,
        appeals=asked,
        refusals=[one for one in exams if may_appeal(one, now, days) and one.decision_id not in against],
        days=days,
        most=MOST_CHARS,
        typed=typed,
        faults=faults or {},
        done=request.query_params.get("done", ""),
        tab="requests",
    )


@router.get("/appeals")
def list_appeals(request: Request, visitor: Judge) -> Response:
    """Requests of workers for an exam in person: those without an answer first."""
    return _appeals_page(request, visitor)


@router.post("/appeals/{appeal_id}")
def answer_appeal(request: Request, appeal_id: str, visitor: Judge, form: Form) -> Response:
    """Answer one. The decision stays as it is: an exam in person brings a new one."""
    console, typed = console_of(request), Typed(typed_fields(form))
    try:
        with writing(console.engine) as connection:
            known = appeals.find(connection, appeal_id)
            if known is None or not visitor.owns(known.item.org):
                raise HTTPException(404)
            faults = answer(
                connection, known, typed.one("outcome"), typed.one("words"), visitor.account.account_id, console.clock()
            )
            if not faults:
                detail = {"outcome": typed.one("outcome")}
                note(
                    connection, console, visitor, "appeal.answer", known.item.exam_id, org=known.item.org, detail=detail
                )
    except AppealTaken:
        return _appeals_page(request, visitor, 409, taken=True)
    if faults:
        return _appeals_page(request, visitor, 422, about=appeal_id, typed=typed, faults=faults)
    return RedirectResponse("/appeals", status_code=303)


def _appeals_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    about: str = "",
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
    taken: bool = False,
) -> Response:
    console, orgs = console_of(request), visitor.account.orgs
    with reading(console.engine) as connection:
        found = appeals.of_organisations(connection, orgs, MOST_APPEALS)
        names = {one.account_id: one.called for one in accounts.all_accounts(connection)}
    for org in orgs or (None,):
        note_alone(console, visitor, "appeal.list", org=org, detail={"rows": len(found)})
    return page(
        request,
        "appeals.html",
        visitor,
        status,
        rows=found,
        names=names,
        outcomes=OUTCOMES,
        about=about,
        typed=typed or Typed({}),
        faults=faults or {},
        taken=taken,
        most=MOST_CHARS,
    )
