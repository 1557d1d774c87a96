"""The exam in the medical room: whom, and then one page from the document that was shown to the record.

GET /room takes `sought` (sealed) or `worker_id` (repeatable) and `employer_id`. POST /room/find takes `q`, `employer_id`: 303
to the address of who is meant; 422 with the page when it is nobody's or wrong. POST /room/begin takes `worker_id`, `room_id`,
`exam_type`: 303 to the page of the exam, also of one that is being entered already. POST /room/again takes `exam_id` of an exam
of a room that a medic wants repeated.
GET /room/{draft_id}; POST to it takes the fields of the page, `version` (of what the page shows) and `do`: `keep`, `record`,
`end`, `call_off`, `enter:<step>` or `order:<step>`. Answers: 303 to the page, or to the recorded exam; 409 with the page when
somebody has changed it meanwhile; 422 with what is at fault. POST /room/{draft_id}/keep takes the same fields from the page's
own script: JSON with `version` and `kept_at`, 409 when the page is behind.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console import grounds_view, room_view
from central.console.access_log import note, note_seldom
from central.console.context import Console, Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.exam import find_exam
from central.console.sorting import sorting_of
from central.console.worker_search import address_pairs, find_worker, words_of
from central.core.days import day_of
from central.core.rights import Right
from central.examining.answers import DOCUMENTS, DRUG_KINDS, DRUG_RESULTS, exam_types, read_answers
from central.examining.content import content_of, kept_fields
from central.examining.orders import STEPS, newest
from central.examining.recording import Outcome, RoomConflict, RoomExams
from central.examining.typed_values import FIELDS, Faults, is_typed
from central.store import grounds as grounds_store
from central.store import registry, room_orders, rooms, workers, worklist
from central.store.engine import reading, writing
from central.store.rooms import RoomDraft
from central.words import exam_view, wording
from sync.contract.books import COMPLAINTS
from sync.contract.room import EYE_FINDINGS

router = APIRouter()

FOUND = 20
"""So many workers are shown of those whom words mean."""
ORDERS: Mapping[str, Callable[[Any], Any]] = {
    name: itemgetter(name) for name in ("worker_name", "employer_name", "room_name", "started_at", "ends_at")
}
Examiner = Annotated[Visitor, Depends(Guard(Right.EXAMINE))]
Form = Annotated[FormData, Depends(form_of)]


def rooms_of(console: Console) -> RoomExams:
    """The exams of medical rooms, by the rules of this centre."""
    return RoomExams(console.outgoing, console.config.room, console.config.generation)


@router.get("/room")
def show_room(request: Request, visitor: Examiner, employer_id: str = "", notice: str = "") -> Response:
    """Whom to examine, and who is being examined."""
    words, fault = words_of(request, request.query_params, "q")
    ids = tuple(request.query_params.getlist("worker_id"))[:FOUND]
    known = notice if notice in {"expired", "ended", "recorded"} else ""
    return _start_page(
        request,
        visitor,
        422 if fault else 200,
        words=words,
        worker_ids=ids,
        employer_id=employer_id,
        fault=fault,
        notice=known,
    )


@router.post("/room/find")
def find_in_room(request: Request, visitor: Examiner, form: Form) -> Response:
    """Lead to the address of who is meant. A form by POST: what is typed names a person (adr/0075)."""
    typed, employer_id = str(form.get("q", "")).strip(), str(form.get("employer_id", ""))
    if not typed:
        return _start_page(request, visitor, 422, employer_id=employer_id, fault="room_whom")
    query = find_worker(request, visitor, typed)
    if query.fault:
        return _start_page(request, visitor, 422, words=typed, employer_id=employer_id, fault=query.fault)
    pairs = address_pairs(request, query) + ([("employer_id", employer_id)] if employer_id else [])
    return RedirectResponse(f"/room?{urlencode(pairs)}", status_code=303)


@router.post("/room/begin")
def begin(request: Request, visitor: Examiner, form: Form) -> Response:
    """Begin the exam of a worker in a room."""
    console = console_of(request)
    worker_id, room_id, exam_type = (str(form.get(name, "")) for name in ("worker_id", "room_id", "exam_type"))
    with reading(console.engine) as connection:
        worker = own_or_404(visitor, workers.get_worker(connection, worker_id))
    if exam_type not in exam_types() or not room_id:
        return _start_page(request, visitor, 422, worker_ids=(worker_id,), fault="room_choose")
    try:
        with writing(console.engine) as connection:
            draft = rooms_of(console).begin(connection, dict(worker), room_id, exam_type, _by(visitor), console.clock())
            note(connection, console, visitor, "room.begin", draft.exam_id, org=draft.org)
    except RoomConflict as conflict:
        return _start_page(request, visitor, 409, worker_ids=(worker_id,), conflict=conflict)
    return RedirectResponse(f"/room/{draft.draft_id}", status_code=303)


@router.post("/room/again")
def go_on(request: Request, visitor: Examiner, form: Form) -> Response:
    """Go on with an exam of a room that a medic wants repeated: its measurements stay, and more can be entered."""
    console = console_of(request)
    exam_id = str(form.get("exam_id", ""))
    with reading(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
    try:
        if item.outcome != "repeat":
            raise RoomConflict("not_repeated")
        with writing(console.engine) as connection:
            draft = rooms_of(console).go_on(connection, exam_id, _by(visitor), console.clock())
            note(connection, console, visitor, "room.begin", draft.exam_id, org=draft.org)
    except RoomConflict as conflict:
        return _start_page(request, visitor, 409, conflict=conflict)
    return RedirectResponse(f"/room/{draft.draft_id}", status_code=303)


@router.get("/room/{draft_id}")
def show_draft(request: Request, draft_id: str, visitor: Examiner) -> Response:
    """The page of one exam."""
    console = console_of(request)
    with reading(console.engine) as connection:
        draft = own_or_404(visitor, rooms.find_draft(connection, draft_id))
    with (
        writing(console.engine) as connection,
        contextlib.suppress(RoomConflict),
    ):  # somebody was quicker, and has taken it
        draft = rooms_of(console).take_answers(connection, draft, console.clock())
    return _exam_page(request, visitor, draft)


@router.post("/room/{draft_id}")
def change_draft(request: Request, draft_id: str, visitor: Examiner, form: Form) -> Response:
    """Keep, enter a result, record, or end."""
    console = console_of(request)
    typed, do = typed_fields(form), str(form.get("do", "keep"))
    with reading(console.engine) as connection:
        draft = own_or_404(visitor, rooms.find_draft(connection, draft_id))
    try:
        outcome = _done(console, visitor, _as_seen(draft, form), typed, do)
    except RoomConflict as conflict:
        with reading(console.engine) as connection:
            now_there = rooms.find_draft(connection, draft_id)
        if now_there is None:
            return _start_page(request, visitor, 409, conflict=RoomConflict("gone"))
        return _exam_page(request, visitor, now_there, 409, conflict=conflict)
    console.wake()
    if outcome.draft is None:
        if do == "record":
            return RedirectResponse(f"/exams/{outcome.exam_id}", status_code=303)
        return RedirectResponse("/room?notice=ended", status_code=303)
    if outcome.faults:
        return _exam_page(request, visitor, outcome.draft, 422, faults=outcome.faults)
    return RedirectResponse(f"/room/{draft_id}{_anchor(do)}", status_code=303)


@router.post("/room/{draft_id}/keep")
def keep_by_itself(
    request: Request,
    draft_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.EXAMINE, by_itself=True))],
    form: Form,
) -> Response:
    """Keep what stands in the open page, for its own script. It keeps no session alive."""
    console, now = console_of(request), console_of(request).clock()
    with reading(console.engine) as connection:
        draft = own_or_404(visitor, rooms.find_draft(connection, draft_id))
    try:
        with writing(console.engine) as connection:
            fields = kept_fields(typed_fields(form))
            kept = rooms_of(console).keep(connection, _as_seen(draft, form), fields, _by(visitor), now)
    except RoomConflict:
        return JSONResponse({"code": "changed"}, status_code=409)
    return JSONResponse({"version": kept.version, "kept_at": wording.clock_time(now, visitor.look.zone)})


@router.get("/room/{draft_id}/orders.json")
def show_orders(
    request: Request, draft_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.EXAMINE, by_itself=True))]
) -> Response:
    """How many prepared measurements wait for the terminal, for the page's own script. It keeps no session alive."""
    console = console_of(request)
    with reading(console.engine) as connection:
        draft = own_or_404(visitor, rooms.find_draft(connection, draft_id))
        found = newest(connection, draft, console.clock())
    return JSONResponse({"waits": sum(one.state == "waits" for one in found.values())})


def _done(console: Console, visitor: Visitor, draft: RoomDraft, form: Mapping[str, list[str]], do: str) -> Outcome:
    """Do what a button of the page asks for, in one transaction."""
    exams, by, now, typed = rooms_of(console), _by(visitor), console.clock(), kept_fields(form)
    kind, _, step = do.partition(":")
    with writing(console.engine) as connection:
        if kind == "enter" and step in FIELDS:
            outcome = exams.enter(connection, draft, typed, (step,), by, now)
            if not outcome.faults:
                note(connection, console, visitor, "room.enter", draft.exam_id, org=draft.org, detail={"step": step})
            return outcome
        if kind == "order" and step in STEPS:
            outcome = exams.prepare(connection, draft, typed, step, by, now)
            if not outcome.faults:
                note(connection, console, visitor, "room.order", draft.exam_id, org=draft.org, detail={"step": step})
            return outcome
        if kind == "call_off":
            note(connection, console, visitor, "room.call_off", draft.exam_id, org=draft.org)
            return Outcome(exams.call_off(connection, draft, typed, by, now), {})
        if kind == "record":
            outcome = exams.record(connection, draft, typed, by, now)
            if outcome.exam_id:
                note(connection, console, visitor, "room.record", draft.exam_id, org=draft.org)
            return outcome
        if kind == "end":
            exam_id = exams.end(connection, draft, "interrupted", now)
            note(connection, console, visitor, "room.end", draft.exam_id, org=draft.org)
            return Outcome(None, {}, exam_id)
        return Outcome(exams.keep(connection, draft, typed, by, now), {})


def _as_seen(draft: RoomDraft, form: FormData) -> RoomDraft:
    """The draft with the version that the page was made of: who has an older one changes nothing."""
    text = str(form.get("version", ""))
    return replace(draft, version=int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0)


def _anchor(do: str) -> str:
    kind, _, step = do.partition(":")
    return f"#step-{step}" if kind in {"enter", "order"} and step in FIELDS else ""


def _by(visitor: Visitor) -> tuple[str, str]:
    """Account and medic. Raises `RoomConflict` for an account that is no medic of the register."""
    if not visitor.account.medic_id:
        raise RoomConflict("no_medic")
    return visitor.account.account_id, visitor.account.medic_id


def _start_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    words: str = "",
    worker_ids: tuple[str, ...] = (),
    employer_id: str = "",
    fault: str = "",
    notice: str = "",
    conflict: RoomConflict | None = None,
) -> Response:
    console, orgs = console_of(request), visitor.account.orgs
    note_seldom(request, visitor, "room.list")
    found: list[dict[str, Any]] = []
    hidden = 0
    with reading(console.engine) as connection:
        employers = {row["employer_id"]: row for org in orgs for row in registry.list_employers(connection, org)}
        if worker_ids:
            rows = workers.named_workers(connection, orgs, worker_ids)
        elif words and not fault:
            rows, hidden = workers.search_workers(connection, orgs, words, FOUND)
        else:
            rows = ()
        if employer_id:
            rows = [row for row in rows if row["employer_id"] == employer_id]
        entered = {row["worker_id"]: row for row in rooms.drafts(connection, orgs)}
        for row in rows:
            last = worklist.earlier(connection, row["worker_id"], console.clock(), 1)
            found.append({"worker": row, "last": last[0] if last else None, "draft": entered.get(row["worker_id"])})
        open_rooms = rooms.rooms(connection, orgs)
    sort = sorting_of(request, ORDERS, path="/room", usual="started_at")
    if found:
        with writing(console.engine) as connection:
            note(connection, console, visitor, "workers.read", detail={"rows": len(found)})
    return page(
        request,
        "room.html",
        visitor,
        status,
        words=words,
        asked=bool(words or worker_ids) and not fault,
        employer_id=employer_id,
        employers=employers,
        fault=fault,
        notice=notice,
        conflict=conflict.code if conflict is not None else "",
        found=found,
        hidden=hidden,
        rooms=open_rooms,
        drafts=sort.rows(list(entered.values()), ORDERS),
        sort=sort,
        exam_types=exam_types(),
        today=day_of(console.clock()),
        is_medic=bool(visitor.account.medic_id),
    )


def _exam_page(
    request: Request,
    visitor: Visitor,
    draft: RoomDraft,
    status: int = 200,
    *,
    faults: Faults | None = None,
    conflict: RoomConflict | None = None,
) -> Response:
    console, look, now = console_of(request), visitor.look, console_of(request).clock()
    exams, today = rooms_of(console), day_of(console_of(request).clock())
    content = content_of(draft.content)
    with writing(console.engine) as connection:
        note(connection, console, visitor, "room.read", draft.exam_id, org=draft.org)
    with reading(console.engine) as connection:
        shown = exams.shown(connection, draft, now)
        room = rooms.find_room(connection, draft.room_id)
        employer = registry.get_employer(connection, shown.worker["employer_id"])
        blocks = _blocks(connection, console, shown.worker, today)
        before = worklist.earlier(connection, draft.worker_id, now, 3)
        ordered = newest(connection, draft, now)
        terminal = room_orders.terminal_in(connection, draft.room_id)
    answers, _ = read_answers(content, shown.items(COMPLAINTS), shown.items(EYE_FINDINGS), now, today)
    verdict = exams.verdict(content, answers, shown)
    payload = {
        "rule_verdict": verdict.model_dump(mode="json"),
        "complaints": answers.complaints.model_dump(mode="json") if answers.complaints else None,
        "org": draft.org,
        "books": {name: one.version for name, one in shown.books.items()},
    }
    said = room_view.faults_in_words(faults or {}, look.language)
    return page(
        request,
        "room_exam.html",
        visitor,
        status,
        draft=draft,
        typed=room_view.typed_of(content),
        worker=shown.worker,
        employer=employer,
        room=room,
        terminal=terminal,
        ordered=ordered,
        orderable=STEPS,
        blocks=blocks,
        before=before,
        cards=room_view.step_cards(exams, content, shown, today, now, look.language, look.zone),
        eyes=room_view.eye_fields(shown, content, now, look.language),
        complaints=room_view.complaint_choices(shown, content, now, look.language),
        exam_types=exam_types(),
        documents=DOCUMENTS,
        drug_kinds=DRUG_KINDS,
        drug_results=DRUG_RESULTS,
        verdict=verdict,
        findings=exam_view.finding_lines(payload, look.language),
        faults=said,
        fault_list=[(name, room_view.field_label(name, look.language), words) for name, words in said.items()],
        conflict=conflict.code if conflict is not None else "",
        left_typed=[step for step in FIELDS if is_typed(step, content)],
        drafted_at=wording.clock_time(draft.updated_at, look.zone),
        ends_at=wording.moment(draft.ends_at, look.zone),
    )


def _blocks(connection: Connection, console: Console, worker: Mapping[str, Any], today: Any) -> Any:
    """What speaks against an exam at a terminal, as the page of an exam shows it: the reason why somebody comes in person."""
    found = grounds_store.latest(grounds_store.of_worker(connection, worker["worker_id"]))
    return grounds_view.remote_blocks(found, dict(worker), today, console.config.grounds.toxicology_valid_days)
