"""Issuing papers: only of a decision in force whose signature holds, each with a number and a public check code."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from cryptography import x509
from sqlalchemy import Connection

from central.core.days import zone_name, zone_of
from central.core.trust import Trust
from central.deciding.decisions import is_valid, signed_by
from central.deciding.paper_signing import signed_by as written_by
from central.papers import drawing
from central.papers.breaths import breath_of, interval_words
from central.papers.content_lines import breath_words, certificate_lines, protocol_lines
from central.papers.drawing import Sheet
from central.papers.wording import KINDS, NoSuchPaper, PaperTexts, headline, kinds_for, lower_band, mark_text
from central.papers.written import KINDS_WRITTEN
from central.store import decisions, paper_records, papers, registry, worklist
from central.store.decisions import StoredDecision
from central.store.engine import hold
from central.store.paper_records import PaperRecord
from central.store.papers import Paper
from central.store.workers import get_worker
from central.store.worklist import ListedExam
from central.words import exam_view, wording
from sync.contract.canonical import new_id

NO_FORCE = "НЕ ИМЕЕТ СИЛЫ: УЧЕБНЫЕ ДАННЫЕ"
LANGUAGE = "ru"
"""Papers are for Russian readers whatever the language of the console is."""


class SignatureBroken(Exception):
    """The decision's signature does not hold: nothing may be printed of it."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The issuing account, the moment, and the address of the public check."""

    account_id: str
    at: datetime
    zone: tzinfo
    public_url: str
    generation: str
    examination_mg_per_l: float
    """What counts at a medical examination for intoxication."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A paper that may be issued: of this decision, whose signature was verified just now.

    `written`: what a medic has written on it, verified too; `certificate`: of whoever signs the paper.
    """

    kind: str
    given: StoredDecision
    certificate: x509.Certificate
    written: PaperRecord | None = None


def grant(connection: Connection, exam: ListedExam, kind: str, trust: Trust) -> Granted:
    """Whether this paper may be issued. Call it before the write transaction: it verifies a signature.

    Raises `NoSuchPaper` (`kind`, `outcome`, `no_breath`, `unwritten`) and `SignatureBroken`.
    """
    if kind not in KINDS:
        raise NoSuchPaper("kind")
    given = decisions.find(connection, exam.decision_id) if exam.decision_id and exam.state == "decided" else None
    if given is None:
        raise NoSuchPaper("outcome")
    if kind not in kinds_for(given.outcome, has_breath(exam.payload)):
        raise NoSuchPaper("no_breath" if kind == "sobriety" else "outcome")
    signature = signed_by(given, trust)
    if signature is None:
        raise SignatureBroken(given.decision_id)
    if kind not in KINDS_WRITTEN:
        return Granted(kind, given, signature.certificate)
    written = paper_records.in_force(connection, given.decision_id, kind)
    if written is None:
        raise NoSuchPaper("unwritten")
    hand = written_by(written, trust)
    if hand is None:
        raise SignatureBroken(written.record_id)
    return Granted(kind, given, hand.certificate, written)


def issue(connection: Connection, exam: ListedExam, granted: Granted, issuer: Issuer) -> tuple[Paper, Sheet]:
    """Issue or print again: the register entry, and what is to be drawn (`draw`) after the transaction.

    Call inside a write transaction, with the exam as it stands there. Raises `NoSuchPaper` (`outcome`) when another decision
    is in force by now.
    """
    given, kind = granted.given, granted.kind
    if exam.decision_id != given.decision_id:
        raise NoSuchPaper("outcome")
    if granted.written is not None and paper_records.in_force(connection, given.decision_id, kind) != granted.written:
        raise NoSuchPaper("unwritten")
    hold(connection, f"papers of {given.org}")
    entry = papers.of_decision(connection, given.decision_id, kind) or _register(connection, given, kind, issuer)
    papers.count_print(connection, entry.paper_id)
    return entry, sheet_of(connection, exam, granted, entry, issuer)


def draw(kind: str, sheet: Sheet) -> bytes:
    """The PDF. A paper whose drawing failed is printed again under its number."""
    return drawing.sticker(sheet) if kind == "mark" else drawing.document(sheet)


def has_breath(payload: Mapping[str, Any]) -> bool:
    """Whether any breath test gave a result."""
    return any(item["step"] == "breath" for item in payload.get("measurements", ()))


def _register(connection: Connection, given: StoredDecision, kind: str, issuer: Issuer) -> Paper:
    year = issuer.at.astimezone(issuer.zone).year
    entry = Paper(
        paper_id=new_id(),
        org=given.org,
        kind=kind,
        year=year,
        number=papers.next_number(connection, given.org, kind, year),
        exam_id=given.exam_id,
        decision_id=given.decision_id,
        code=secrets.token_urlsafe(16),
        issued_at=issuer.at,
        issued_by=issuer.account_id,
        prints=0,
        zone=zone_name(issuer.zone, issuer.at),
    )
    papers.add(connection, entry)
    return entry


def sheet_of(connection: Connection, exam: ListedExam, granted: Granted, entry: Paper, issuer: Issuer) -> Sheet:
    """What stands on a registered paper."""
    given, certificate = granted.given, granted.certificate
    record = json.loads(given.record)
    decision = record["decision"]
    paper = json.loads(granted.written.record) if granted.written is not None else record
    organisation, medic = paper["organisation"], paper["medic"]
    worker = get_worker(connection, exam.worker_id) if exam.worker_id else None
    moment = wording.moment_with_offset(exam.finished_at, issuer.zone)
    is_mark = entry.kind == "mark"
    texts = PaperTexts(entry.org, entry.issued_at)
    place = exam.terminal_place or exam.terminal_id
    lines: list[tuple[str, str]] = []
    if entry.kind != "sobriety":
        lines.append(("" if is_mark else "Работник", exam.worker_name or "личность не подтверждена"))
    if not is_mark and entry.kind != "sobriety":
        lines += _person_lines(exam, worker)
    if entry.kind != "sobriety":
        lines.append(("", moment) if is_mark else ("Осмотр", f"{moment}, {place}"))
    if entry.kind == "refusal":
        lines.append(("Причина отказа", "; ".join(decision["reasons"]) or decision["comment"]))
        lines += certificate_lines(paper["paper"]["content"], exam.payload, issuer.zone)
    if entry.kind == "conclusion" and decision["comment"]:
        lines.append(("Примечание", decision["comment"]))
    if entry.kind == "sobriety":
        breath = breath_of(exam.payload, issuer.examination_mg_per_l)
        lines += protocol_lines(
            paper["paper"]["content"],
            exam.payload,
            "; ".join([exam.worker_name or "личность не подтверждена", *(v for _, v in _person_lines(exam, worker))]),
            f"{medic['position']} {medic['full_name']}; {moment}; {place}",
            breath_words(interval_words(exam.payload, LANGUAGE), breath.admission, breath.examination),
            issuer.zone,
        )
    if not is_mark:
        lines.append(("Основание", texts.act))
    statement = (
        mark_text(exam.exam_type, given.outcome) if is_mark else texts.body(entry.kind, exam.exam_type, given.outcome)
    )
    signed_at = granted.written.written_at if granted.written is not None else given.decided_at
    serial = granted.written.certificate_serial if granted.written is not None else given.certificate_serial
    contact = ", ".join(filter(None, (organisation.get("address"), organisation.get("phone"))))
    return Sheet(
        title=texts.title(entry.kind),
        number=f"№ {entry.number}/{entry.year}",
        organisation=organisation["name"],
        licence="; ".join(filter(None, (f"Лицензия {organisation['licence']}", contact))),
        statement=statement,
        lines=tuple(lines),
        table=_breath_table(exam.payload, issuer.zone) if entry.kind == "sobriety" else (),
        signature=(
            f"{medic['position']} {medic['full_name']}",
            f"Подписано электронно {wording.moment_with_offset(signed_at, issuer.zone)}",
            f"Сертификат {serial[:16] + '…' if is_mark else serial}",
            f"действителен до {certificate.not_valid_after_utc.astimezone(issuer.zone):%d.%m.%Y}",
        ),
        check_url=f"{issuer.public_url.rstrip('/')}/check/{entry.code}",
        band="" if issuer.generation == "real" and _is_real(exam.payload) else NO_FORCE,
        headline=headline(exam.exam_type, given.outcome) if is_mark else "",
        headline_note=_headline_note(exam, given, issuer.zone) if is_mark else "",
        is_refusal=given.outcome != "admitted",
        is_large=entry.kind == "sobriety",
    )


def _person_lines(exam: ListedExam, worker: Mapping[Any, Any] | None) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    if worker is not None and worker["birth_date"]:
        lines.append(("Дата рождения", f"{worker['birth_date']:%d.%m.%Y}"))
    lines.append(("Работодатель", exam.employer_name or ""))
    if worker is not None:
        number = f"таб. № {worker['personnel_number']}"
        lines.append(("Должность", "; ".join(filter(None, (worker["position"], number)))))
    return lines


def _headline_note(exam: ListedExam, given: StoredDecision, zone: tzinfo) -> str:
    if given.outcome != "admitted":
        return lower_band(exam.exam_type)
    return f"до {wording.moment_with_offset(given.valid_until, zone)}" if given.valid_until else ""


def _breath_table(payload: Mapping[str, Any], zone: tzinfo) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = [("Время", "Проба", "Результат", "Прибор", "Поверен до")]
    for step in exam_view.steps(payload, LANGUAGE, zone):
        if step.step != "breath":
            continue
        for attempt in step.attempts:
            until = attempt.verified_until or ("" if attempt.failure else "не указано")
            result = ", ".join(f"{value.value} {value.unit}".strip() for value in attempt.values) or attempt.failure
            rows.append((attempt.at, str(attempt.number), result, f"{attempt.device} {attempt.serial}", until))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the public page says about a paper: the outcome in force now, and nothing about health or person."""

    kind: str
    number: str
    outcome: str
    corrected: bool
    signature_valid: bool
    exam_type: str
    exam_at: datetime
    initials: str
    """Of the examinee: ties the paper to a person without naming them."""
    organisation: str
    valid_until: datetime | None
    zone: tzinfo | None
    """That of the times on the paper; none of papers that do not say."""
    is_over: bool
    """It was an admission, and its time is over."""
    generation_real: bool


def check(connection: Connection, code: str, trust: Trust, now: datetime) -> Checked | None:
    """Look a paper up by its public code."""
    entry = papers.by_code(connection, code)
    exam = worklist.one(connection, entry.exam_id) if entry else None
    if entry is None or exam is None:
        return None
    in_force = decisions.find(connection, exam.decision_id) if exam.decision_id else None
    organisation = registry.get_organisation(connection, entry.org)
    return Checked(
        kind=entry.kind,
        number=f"{entry.number}/{entry.year}",
        outcome=in_force.outcome if in_force and exam.state == "decided" else "waiting",
        corrected=in_force is None or in_force.decision_id != entry.decision_id,
        signature_valid=in_force is not None and is_valid(in_force, trust),
        exam_type=exam.exam_type,
        exam_at=exam.finished_at,
        initials=initials(exam.worker_name or ""),
        organisation=organisation["name"] if organisation else entry.org,
        valid_until=in_force.valid_until if in_force else None,
        zone=zone_of(entry.zone) if entry.zone else None,
        is_over=in_force is not None and in_force.valid_until is not None and in_force.valid_until <= now,
        generation_real=_is_real(exam.payload),
    )


def initials(full_name: str) -> str:
    """The first letters of a name: `Ветров Степан Ильич` is `В. С. И.`."""
    return " ".join(f"{word[0].upper()}." for word in full_name.split()[:3])


def _is_real(payload: Mapping[str, Any]) -> bool:
    return all(item["generation"] == "real" for item in payload.get("measurements", ()))
