"""A worker's own pages: the state today and the exams. All by GET; every question to the store names the person.

GET /me: what holds today, and the newest exams. GET /me/exams: all of them. GET /me/exams/{exam_id}: one, with values, limits, the
decision and the device. 404 for any exam that is not the visitor's own. GET /me/trend: values over time.
GET /me/offline, GET /me/worker.js: what a browser shows without a network; open, for nothing of anybody is in them.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from central.console.access_log import note_alone, note_seldom
from central.console.charts import charts_of
from central.console.context import console_of, page, static_folder
from central.console.guard import Public
from central.console.kept_summary import session_key, summary_of
from central.console.own_pages import MOST_EXAMS, Owner, own_exam, person_of
from central.console.reading_lines import reading_lines
from central.core.reasons import reasons
from central.personal.appeals import may_appeal
from central.personal.own_state import own_states
from central.store import decisions, employments, self_readings, worklist
from central.store.engine import reading
from central.words import exam_view
from sync.contract.decision import DecisionRecord

router = APIRouter()
_ON_FIRST_PAGE = 3
_CHARTED = 30


@router.get("/me")
def show_own_state(request: Request, visitor: Owner) -> Response:
    """What holds today at each employer, and the newest exams."""
    console = console_of(request)
    person_id = person_of(visitor)
    with reading(console.engine) as connection:
        states = own_states(connection, person_id, console.clock())
        jobs = employments.own(connection, person_id)
        newest = worklist.of_person(connection, person_id, _ON_FIRST_PAGE)
    note_seldom(request, visitor, "own.read", person_id)
    return page(
        request,
        "me.html",
        visitor,
        states=states,
        jobs=jobs,
        exams=newest,
        key=session_key(console, visitor),
        summary=summary_of(states, console.clock(), visitor.look),
        tab="today",
    )


@router.get("/me/offline")
def show_offline(request: Request, _door: Annotated[None, Depends(Public())]) -> Response:
    """The page that stands in for all of these where there is no network. It holds nothing of anybody."""
    return page(request, "me_offline.html", None)


@router.get("/me/worker.js")
def send_worker(_door: Annotated[None, Depends(Public())]) -> Response:
    """The script by which a browser shows that page; it may stand in for `/me` and what is below."""
    headers = {"Service-Worker-Allowed": "/me"}
    return FileResponse(static_folder() / "me_worker.js", media_type="text/javascript", headers=headers)


@router.get("/me/exams")
def list_own_exams(request: Request, visitor: Owner) -> Response:
    """All exams, the newest first."""
    console = console_of(request)
    person_id = person_of(visitor)
    with reading(console.engine) as connection:
        found = worklist.of_person(connection, person_id, MOST_EXAMS)
    note_seldom(request, visitor, "own.list", person_id)
    shown = [(one, exam_view.summary(one.payload, visitor.look.language)) for one in found]
    return page(request, "me_exams.html", visitor, exams=shown, most=MOST_EXAMS, tab="exams")


@router.get("/me/exams/{exam_id}")
def show_own_exam(request: Request, exam_id: str, visitor: Owner) -> Response:
    """One exam."""
    console, look = console_of(request), visitor.look
    with reading(console.engine) as connection:
        exam = own_exam(connection, visitor, exam_id)
        given = decisions.of_exam(connection, exam_id)
    note_alone(console, visitor, "own.exam", exam_id, org=exam.org)
    book = reasons(exam.org)
    return page(
        request,
        "me_exam.html",
        visitor,
        exam=exam,
        steps=[
            one for one in exam_view.steps(exam_view.filled(exam.payload), look.language, look.zone) if one.attempts
        ],
        complaints=exam_view.complaint_lines(exam.payload, look.language),
        decisions=[(one, DecisionRecord.model_validate_json(one.record)) for one in reversed(given)],
        reason_words=lambda code: book[code].text(look.language) if code in book else code,
        now=console.clock(),
        may_appeal=may_appeal(exam, console.clock(), console.config.personal.appeal_days),
        tab="exams",
    )


@router.get("/me/trend")
def show_own_trend(request: Request, visitor: Owner) -> Response:
    """Values over time with the own corridor."""
    console, look = console_of(request), visitor.look
    person_id = person_of(visitor)
    with reading(console.engine) as connection:
        found = worklist.of_person(connection, person_id, _CHARTED)
        readings = self_readings.of_person(connection, person_id, _CHARTED)
    note_seldom(request, visitor, "own.list", person_id)
    payloads = [one.payload for one in reversed(found)]
    charts = charts_of(payloads[:-1], payloads[-1], look.language, look.zone) if payloads else []
    shown = reading_lines(readings, look.language)
    return page(request, "me_trend.html", visitor, charts=charts, readings=shown, tab="trend")
