"""The exam page: everything that the decision rests on, on one screen. GET /exams/{exam_id}; its files: `routes.exam_files`."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from cryptography import x509
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from central.console import grounds_view, room_view
from central.console.access_log import covers, note
from central.console.book_check_view import check_lines, point_words
from central.console.charts import charts_of
from central.console.context import Console, Visitor, console_of, own_or_404, page
from central.console.decision_form import REASON_KEYS, key_code, offered_reasons
from central.console.exam_circumstances import circumstances
from central.console.film_view import film_view, people_lines, photos_of
from central.console.guard import Guard
from central.console.history_view import foreign_lines
from central.console.kept_queue import kept_filter
from central.console.queue_filter import QueueFilter
from central.console.reading_lines import reading_lines
from central.console.reference import reference_file
from central.console.typed import Typed
from central.console.waybill_titles import titles_of_exam
from central.core import book_source
from central.core.days import day_of
from central.core.ground_rules import GROUND_RULES, kind_words
from central.core.media_files import MediaFiles
from central.core.reasons import reasons
from central.core.rights import Right
from central.deciding.conclusions import may_find_signs
from central.deciding.decision_record import OUTCOMES, REPEAT_STEPS, VISUAL_FIELDS
from central.deciding.decisions import ground_effects, is_valid
from central.deciding.ground_reasons import holding, shown_effects
from central.deciding.medics import RegisterFault, check_register
from central.deciding.proposed_reasons import proposed
from central.deciding.same_day import LOOK_BACK, SameDay, same_day
from central.papers.breaths import between_limits, interval_words
from central.papers.issuing import has_breath
from central.papers.wording import kinds_for
from central.papers.written import FORM_OF
from central.store import (
    accounts,
    acts,
    book_checks,
    decisions,
    deletions,
    foreign_exams,
    instruments,
    medics,
    paper_records,
    refusals,
    self_readings,
    signed_papers,
    worklist,
)
from central.store import grounds as grounds_store
from central.store import same_day as same_day_store
from central.store.acts import Act
from central.store.decisions import StoredDecision
from central.store.engine import reading, writing
from central.store.workers import get_worker
from central.store.worklist import ListedExam
from central.words import exam_view, wording
from sync.contract.exam import ExamRecord

router = APIRouter()

MOST_EARLIER = 8
"""So many earlier exams stand in the lists; the trend shows more of ours."""
MOST_READINGS = 12
"""So many readings of personal devices stand on the page."""
RELIEVED_AFTER = timedelta(minutes=5)
"""Who has looked at an exam for so long may be relieved of it: he may have left his desk with the page open."""


@router.get("/exams/{exam_id}")
def show_exam(
    request: Request, exam_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_EXAMS))], decided: str = ""
) -> Response:
    """The page; reading it is written into the audit log. `decided`: the exam that was signed just before."""
    return exam_page(request, visitor, exam_id, decided=decided)


def find_exam(connection: Connection, visitor: Visitor, exam_id: str) -> ListedExam:
    """The exam, when it is of the visitor's organisations; 404 otherwise, so that ids of others cannot be probed."""
    return own_or_404(visitor, worklist.one(connection, exam_id))


def exam_page(
    request: Request,
    visitor: Visitor,
    exam_id: str,
    *,
    status: int = 200,
    typed: dict[str, list[str]] | None = None,
    faults: dict[str, str] | None = None,
    notice: str = "",
    notice_code: str = "",
    decided: str = "",
) -> Response:
    """Render the page, with what was typed and what is wrong with it."""
    console = console_of(request)
    look, now = visitor.look, console.clock()
    restored = False
    # Read apart from the note in the audit log: whoever may write holds everybody else up.
    with reading(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
        given = decisions.of_exam(connection, exam_id)
        claim = decisions.claim_of(connection, exam_id, now)
        before = worklist.earlier(connection, item.worker_id, item.finished_at) if item.worker_id else []
        worker = get_worker(connection, item.worker_id) if item.worker_id else None
        verified = instruments.verified_until(connection, item.org)
        grounds = grounds_store.latest(grounds_store.of_worker(connection, item.worker_id)) if item.worker_id else []
        foreign = foreign_exams.of_worker(connection, item.worker_id, MOST_EARLIER) if item.worker_id else []
        others = _others(connection, visitor, item)
        titles = titles_of_exam(connection, console, visitor, exam_id)
        draft = accounts.get_draft(connection, visitor.session.session_id)
        if typed is None and draft is not None and draft["path"] == f"/exams/{exam_id}/decision":
            typed, restored = draft["fields"], True
        refused = {one.decision_id: one for one in refusals.refusals(connection, [item.org])}
        message_id = worklist.message_id_of(connection, exam_id)
        signer = _signer(connection, console, visitor, now)
        effects = ground_effects(connection, item.org, item.payload, now)
        around = circumstances(connection, item, message_id, now)
        examiner = examiner_of(connection, item.payload)
        written = paper_records.kinds_of(connection, item.decision_id) if item.decision_id else frozenset()
        signed_beside = signed_papers.beside(connection, item.decision_id) if item.decision_id else {}
        destroyed = _destroyed(connection, exam_id)
        checked = book_checks.of_exam(connection, exam_id)
        readings = self_readings.of_worker(connection, item.worker_id, MOST_READINGS) if item.worker_id else []
        book_check = check_lines(connection, [checked])[0] if checked is not None else None
    with writing(console.engine) as connection:
        if restored:
            accounts.set_draft(connection, visitor.session.session_id, None)
        note(connection, console, visitor, "exam.read", exam_id, org=item.org)
        covers(console, visitor, exam_id)
    payload = exam_view.filled(item.payload)
    record = ExamRecord.model_validate(payload)
    known = dict(worker) if worker else None
    toxicology_days = console.config.grounds.toxicology_valid_days
    waiting = _waiting_ids(console, visitor, kept_filter(request, visitor))
    blocks = grounds_view.remote_blocks(grounds, known, day_of(now), toxicology_days)
    photos = [_medium(console, entry) for entry in photos_of(payload["media"])]
    film = film_view(record, lambda sha256: _has_arrived(console, sha256), look.language, look.zone)
    book = reasons(item.org)
    mine = claim is not None and claim.account_id == visitor.account.account_id
    shown = shown_effects(effects, item.payload)
    return page(
        request,
        "exam.html",
        visitor,
        status,
        exam=item,
        payload=payload,
        worker=worker,
        age=_age(worker["birth_date"], day_of(now)) if worker and worker["birth_date"] else None,
        steps=exam_view.steps(payload, look.language, look.zone),
        verified=verified,
        exam_day=day_of(item.started_at),
        summary=exam_view.summary(payload, look.language),
        limits=exam_view.limit_lines(payload, look.language),
        grounds=grounds_view.lines(grounds, known, day_of(now), toxicology_days),
        blocks=grounds_view.unsaid_by_rules(blocks, (span for span, _ in shown)),
        doubled=grounds_view.doubles(grounds),
        book_check=book_check,
        point_words=lambda point: point_words(point, look.language),
        effects=shown,
        sources={row.ground_id: row.source for row in grounds},
        rules_version=effects.version,
        rule_words=lambda code, version: _rule_words(code, version, item.org, look.language),
        held_back=bool(holding(effects, item.payload)),
        kind_words=lambda kind: kind_words(kind, look.language, item.org),
        findings=exam_view.finding_lines(payload, look.language),
        document=room_view.document_words(payload, look.language),
        examined_by=examiner,
        room_lines=room_view.room_lines(payload, look.language),
        may_go_on=item.outcome == "repeat" and visitor.may(Right.EXAMINE),
        complaints=exam_view.complaint_lines(payload, look.language),
        urgent=exam_view.urgent_complaints(payload, look.language),
        reference=reference_file(console, worker) is not None,
        photos=photos,
        destroyed=destroyed,
        film=film,
        to_look_at=any(photo["arrived"] for photo in photos) or film.has_arrived,
        people=people_lines(record, look.language),
        charts=charts_of([other.payload for other in reversed(before)], item.payload, look.language, look.zone),
        earlier=[(other, exam_view.summary(other.payload, look.language)) for other in before[:MOST_EARLIER]],
        foreign=foreign_lines(foreign, look.language),
        readings=reading_lines(readings, look.language),
        others=others,
        lately=lambda at: wording.lately(at, now, look.zone, look.language),
        reason_words=lambda code: book[code].text(look.language) if code in book else code,
        decisions=[_shown(console, entry, given) for entry in reversed(given)],
        refused=refused,
        in_force=_in_force(item, given),
        paper_kinds=_paper_kinds(visitor, item, payload),
        signed_beside=signed_beside,
        forms=FORM_OF,
        written=written,
        two_limits=between_limits(payload, console.config.decisions.breath_examination_mg_per_l, look.language),
        second_breath=interval_words(payload, look.language),
        around=around,
        titles=titles,
        decided=decided,
        claim=claim,
        claimed_by_other=claim is not None and not mine,
        may_relieve=claim is not None and now - claim.claimed_at >= RELIEVED_AFTER,
        claimed_at=wording.clock_time(claim.claimed_at, look.zone) if claim else "",
        signer=signer,
        message_id=message_id,
        reasons=offered_reasons(
            list(book.values()), proposed(payload, speaks_against_remote=bool(blocks)), look.language
        ),
        outcomes=OUTCOMES,
        repeat_steps=[(step, key, key_code(key)) for step, key in zip(REPEAT_STEPS, REASON_KEYS, strict=False)],
        visual_fields=VISUAL_FIELDS,
        typed=Typed(typed or {}),
        restored=restored,
        faults=faults or {},
        notice=notice,
        notice_code=notice_code,
        next_id=_neighbour(waiting, exam_id, 1),
        previous_id=_neighbour(waiting, exam_id, -1),
        parse=wording.parse,
        seconds=(item.finished_at - item.started_at).total_seconds(),
    )


def _rule_words(code: str, version: str, org: str, language: str) -> str:
    """The name of a rule as of the version that a record names."""
    known = book_source.items(GROUND_RULES, org, version=version)
    return known[code].words(language) if code in known else code


def _signer(connection: Connection, console: Console, visitor: Visitor, now: datetime) -> dict[str, Any] | None:
    """Who would sign, and what forbids it; None for those who decide nothing."""
    if not visitor.may(Right.DECIDE):
        return None
    try:
        days, mid_level_may = console.frmr_valid_days, console.config.decisions.mid_level_finds_signs
        entry = check_register(connection, visitor.account.medic_id, now, frmr_valid_days=days)
    except RegisterFault as error:
        return {"faults": error.faults, "finds_signs": True, "name": visitor.account.full_name, "serial": ""}
    certificate = x509.load_pem_x509_certificate(entry.certificate_pem)
    finds_signs = may_find_signs(entry, mid_level_may=mid_level_may)
    return {
        "faults": [],
        "finds_signs": finds_signs,
        "name": entry.full_name,
        "serial": f"{certificate.serial_number:x}"[:16] + "…",
    }


def _others(connection: Connection, visitor: Visitor, item: ListedExam) -> tuple[SameDay, ...]:
    """What else happened to this person on that day; nothing is known of somebody who was not identified."""
    if item.worker_id is None:
        return ()
    since = item.finished_at - LOOK_BACK
    found = same_day_store.exams_of_people(connection, [item.worker_id], visitor.account.orgs, since)
    return same_day(item.exam_id, item.exam_type, item.finished_at, found.get(item.worker_id, []))


def examiner_of(connection: Connection, payload: Mapping[str, Any]) -> str:
    """Name and position of the medic who examined in a room; empty for an exam at a terminal."""
    examined_by = (payload.get("room") or {}).get("examined_by")
    entry = medics.find(connection, examined_by) if examined_by else None
    return f"{entry.full_name}, {entry.position}" if entry is not None else ""


def _medium(console: Console, entry: Any) -> dict[str, Any]:
    return {"sha256": entry["sha256"], "arrived": _has_arrived(console, entry["sha256"])}


def _has_arrived(console: Console, sha256: str) -> bool:
    return MediaFiles(console.config.media_dir).path(sha256).is_file()


def _shown(console: Console, item: StoredDecision, all_: list[StoredDecision]) -> dict[str, Any]:
    record = json.loads(item.record)
    return {
        "item": item,
        "decision": record["decision"],
        "medic": record["medic"],
        "valid": is_valid(item, console.trust),
        "stamp": console.stamping.shown(item.cms, item.trail.get("timestamp", {})),
        "corrected": any(other.corrects == item.decision_id for other in all_),
        "corrects": next((other for other in all_ if other.decision_id == item.corrects), None),
    }


def _in_force(item: ListedExam, given: list[StoredDecision]) -> StoredDecision | None:
    return next((entry for entry in given if entry.decision_id == item.decision_id), None)


def _paper_kinds(visitor: Visitor, item: ListedExam, payload: dict[str, Any]) -> tuple[str, ...]:
    if item.state != "decided" or item.outcome in {None, "repeat"} or not visitor.may(Right.MAKE_PAPERS):
        return ()
    return kinds_for(item.outcome or "", has_breath(payload))


def _waiting_ids(console: Console, visitor: Visitor, wanted: QueueFilter) -> list[str]:
    """As the medic's queue lists them."""
    if not visitor.may(Right.SEE_QUEUE):
        return []
    with reading(console.engine) as connection:
        waiting = worklist.waiting(connection, visitor.account.orgs)
    return [item.exam_id for item in wanted.arranged(waiting, lambda item: item)]


def _neighbour(waiting: list[str], exam_id: str, step: int) -> str | None:
    if exam_id not in waiting:
        return waiting[0] if waiting and step > 0 else None
    place = waiting.index(exam_id) + step
    return waiting[place] if 0 <= place < len(waiting) else None


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def _destroyed(connection: Connection, exam_id: str) -> list[tuple[Act, int]]:
    """Acts that destroyed files of the exam, each with how many."""
    gone = list(deletions.acts_of_exam(connection, exam_id).values())
    found = [(acts.find(connection, act_id), gone.count(act_id)) for act_id in sorted(set(gone))]
    return [(act, count) for act, count in found if act is not None]
