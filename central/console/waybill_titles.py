"""Titles of electronic waybills on the page of an exam: what is offered, what the page said of it, what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from central.console.context import Console, Visitor
from central.deciding.decisions import DecisionConflict
from central.deciding.title_signing import in_force, why_not
from central.deciding.title_to_sign import TitleToSign
from central.partners.title_offers import Offer, Shown, as_shown, offer, waiting_for
from central.store import decisions, medics, waybill_titles
from central.store import exams as exam_store
from central.store.waybill_titles import SignedTitle

FIELDS = ("title_waybill", "title_uuid", "title_made_at", "title_sha256")
"""What the form of a decision carries of the title that stands beside it."""


@dataclass(frozen=True, slots=True)
class TitlesOfExam:
    """What the page shows. `with_decision`: the one that an admission signs in the same act; `later`: each by an act of its own."""

    with_decision: Offer | None
    later: tuple[Offer, ...]
    cannot: str
    """Why those of `later` cannot be signed by this visitor now, as of `title_signing.why_not`; empty when they can."""
    signed: tuple[SignedTitle, ...]


def titles_of_exam(connection: Connection, console: Console, visitor: Visitor, exam_id: str) -> TitlesOfExam:
    """Of an exam that waits: the one waybill that waits for it; of several, none: each needs an act of its own afterwards."""
    signed = tuple(waybill_titles.titles_of_exam(connection, exam_id))
    exam = exam_store.current(connection, exam_id)
    medic_id = visitor.account.medic_id
    entry = medics.find(connection, medic_id) if medic_id else None
    if exam is None or not console.config.waybills.operators:
        return TitlesOfExam(None, (), "", signed)
    examinee, at = exam.payload.get("examinee") or {}, datetime.fromisoformat(exam.payload["finished_at"])
    rows = waiting_for(connection, examinee.get("worker_id"), exam.payload["exam_type"], at)
    if not rows or entry is None:
        return TitlesOfExam(None, (), "", signed)
    now = console.clock()
    offers = tuple(offer(connection, console.config.waybills, row, exam.payload, entry, now) for row in rows)
    if exam.state == "waiting":
        return TitlesOfExam(offers[0] if len(offers) == 1 else None, offers if len(offers) > 1 else (), "first", signed)
    decision = in_force(decisions.of_exam(connection, exam_id), exam)
    if decision is None or decision.outcome != "admitted":
        return TitlesOfExam(None, (), "", signed)
    return TitlesOfExam(None, offers, why_not(decision, medic_id, now) or "", signed)


def title_of(
    connection: Connection, console: Console, visitor: Visitor, exam_id: str, typed: Mapping[str, list[str]]
) -> TitleToSign | None:
    """The title that the form was made with; None for a form without one. Raises `DecisionConflict` (`title`) for another."""
    given = [typed.get(name, [""])[-1].strip() for name in FIELDS]
    if not any(given):
        return None
    exam = exam_store.current(connection, exam_id)
    entry = medics.find(connection, visitor.account.medic_id or "")
    if exam is None or entry is None:
        raise DecisionConflict("unknown", "there is no such exam in your organisations")
    worker_id: Any = (exam.payload.get("examinee") or {}).get("worker_id")
    shown, settings = Shown(*given), console.config.waybills
    found = as_shown(connection, settings, shown, exam.payload, worker_id, entry, console.clock())
    if found is None or found.org not in visitor.account.orgs:
        raise DecisionConflict("title", "the title would be another one now; look at it again")
    return found
