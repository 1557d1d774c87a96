"""A medic's choice and its faults, the record that is signed, and the columns stored beside it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256

from central.core.days import day_of
from central.core.reasons import reasons
from central.deciding.ground_reasons import NONE, GroundEffects, admission_faults, signed_reasons
from central.deciding.title_to_sign import TitleToSign
from central.signature.provider import SignatureProvider
from central.store.decisions import DecisionColumns
from central.store.exams import ExamMessage
from central.store.medics import MedicEntry
from sync.contract.canonical import new_id
from sync.contract.decision import DECISION_RECORD_SCHEMA, DecisionRecord, Verdict
from sync.contract.decision_rules import AFTER_WORK
from sync.contract.model import utc_text

OUTCOMES = ("admitted", "not_admitted", "not_identified", "repeat", "refer")
REPEAT_STEPS = ("temperature", "pressure", "breath")
VISUAL_FIELDS = ("skin", "mucous", "behaviour")


@dataclass(frozen=True, slots=True)
class DecisionDraft:
    """What the medic chose on the form."""

    exam_id: str
    outcome: str
    reasons: tuple[str, ...] = ()
    comment: str = ""
    override_reason: str = ""
    released_text: str = ""
    repeat_step: str | None = None
    visual: Mapping[str, str] = field(default_factory=dict)
    ground_reasons: Mapping[str, str] = field(default_factory=dict)
    """By `EffectSpan.key`: why the worker is admitted although a rule asks."""
    corrects: str | None = None
    title: TitleToSign | None = None
    """The title of an electronic waybill that stood on the page; an admission signs it in the same act."""
    exam_message_id: str | None = None
    """The revision that the medic had on the screen; a newer one refuses the decision."""


@dataclass(frozen=True, slots=True)
class Employed:
    """From when until when somebody is employed; `is_archived`: was put away since."""

    since: date | None
    until: date | None
    is_archived: bool = False

    def holds_on(self, day: date) -> bool:
        """Whether the employment holds on that day."""
        begun = self.since is None or self.since <= day
        return begun and (self.until is None or self.until >= day) and not self.is_archived


class DecisionFaults(Exception):
    """The form is not complete. `faults`: field → code of what is wrong."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {code}" for name, code in faults.items()))
        self.faults = faults


def form_faults(
    draft: DecisionDraft,
    exam: Mapping[str, Any],
    now: datetime,
    admission_valid: timedelta,
    employed: Employed | None = None,
    effects: GroundEffects = NONE,
) -> dict[str, str]:
    """What is missing or contradictory on the form: field → code. Pure. `admission_valid` as in `valid_until_of`.

    `employed`: the first and last day of the employment, of a worker who is on record. `effects`: of the rules of grounds, today.
    """
    faults: dict[str, str] = {}
    book = reasons(str(exam.get("org", "")))
    if draft.outcome not in OUTCOMES:
        return {"outcome": "choose"}
    if any(code not in book for code in draft.reasons):
        faults["reasons"] = "unknown"
    if draft.outcome == "not_admitted" and not draft.reasons:
        faults["reasons"] = "needed"
    if "other" in draft.reasons and not draft.comment.strip():
        faults["comment"] = "needed"
    if draft.outcome == "refer" and not (draft.reasons or draft.comment.strip()):
        faults["reasons"] = "needed"
    if draft.outcome == "repeat" and draft.repeat_step not in REPEAT_STEPS:
        faults["repeat_step"] = "choose"
    if draft.corrects is not None:
        if not draft.comment.strip():
            faults["comment"] = "needed"
        if draft.outcome == "repeat":
            faults["outcome"] = "no_repeat"
    if draft.outcome == "admitted":
        faults |= _admission_faults(draft, exam, now, admission_valid, employed)
        if "outcome" not in faults and exam.get("examinee"):
            faults |= admission_faults(effects, exam, draft.ground_reasons)
    return faults


def _admission_faults(
    draft: DecisionDraft,
    exam: Mapping[str, Any],
    now: datetime,
    admission_valid: timedelta,
    employed: Employed | None,
) -> dict[str, str]:
    if not exam.get("examinee"):
        return {"outcome": "nobody_identified"}
    # After work nobody is admitted to anything: the last shift of an employment may end on the day after.
    if employed is not None and exam["exam_type"] not in AFTER_WORK and not employed.holds_on(day_of(now)):
        return {"outcome": "not_employed"}
    until = valid_until_of(draft, exam, now, admission_valid)
    if until is not None and until <= now:
        return {"outcome": "too_old"}
    if exam["rule_verdict"]["suggestion"] != "within_limits" and not draft.override_reason.strip():
        return {"override_reason": "needed"}
    return {}


def valid_until_of(
    draft: DecisionDraft, exam: Mapping[str, Any], now: datetime, admission_valid: timedelta
) -> datetime | None:
    """Until when an admission would hold: so long after the measurements; None for other outcomes and after work."""
    if draft.outcome != "admitted" or exam["exam_type"] in AFTER_WORK:
        return None
    # A terminal whose clock is ahead gets no longer admission for it.
    return min(datetime.fromisoformat(exam["finished_at"]), now) + admission_valid


def build_record(
    draft: DecisionDraft,
    exam: ExamMessage,
    medic: MedicEntry,
    provider: SignatureProvider,
    organisation: Mapping[str, Any],
    now: datetime,
    until: datetime | None,
    effects: GroundEffects = NONE,
    title: TitleToSign | None = None,
) -> dict[str, Any]:
    """The record that is signed: a plain dict, so that fields of newer terminals stay inside.

    `until`: as of `valid_until_of`.
    """
    book = reasons(str(exam.payload.get("org", "")))
    certificate = provider.certificate
    admitted = draft.outcome == "admitted"
    grounds = signed_reasons(effects, exam.payload, draft.ground_reasons) if admitted else []
    return {
        "schema": DECISION_RECORD_SCHEMA,
        "terminal_id": exam.terminal_id,
        "exam_message_id": exam.message_id,
        "exam_message_sha256": exam.message_sha256,
        "exam": exam.payload,
        "decision": {
            "decision_id": new_id(),
            "outcome": draft.outcome,
            "reasons": [book[code].ru for code in draft.reasons],
            "reason_codes": list(draft.reasons),
            "comment": draft.comment.strip(),
            "override_reason": draft.override_reason.strip() if admitted else "",
            "released_text": draft.released_text.strip(),
            "repeat_step": draft.repeat_step if draft.outcome == "repeat" else None,
            "visual": {name: text for name, text in draft.visual.items() if text},
            # Only where it says something: records of those without such grounds are what they were.
            **({"grounds": grounds} if grounds else {}),
            "corrects": draft.corrects,
            "decided_at": utc_text(now),
            "valid_until": utc_text(until) if until else None,
        },
        "medic": {
            "medic_id": medic.medic_id,
            "full_name": medic.full_name,
            "position": medic.position,
            "certificate_serial": f"{certificate.serial_number:x}",
            "certificate_sha256": certificate.fingerprint(SHA256()).hex(),
            "certificate_from": utc_text(certificate.not_valid_before_utc),
            "certificate_until": utc_text(certificate.not_valid_after_utc),
        },
        "organisation": {
            "org": organisation["org"],
            "name": organisation["name"],
            "licence": organisation["licence"],
        },
        **({"waybill_title": title.named} if title is not None else {}),
    }


def columns_of(record: DecisionRecord) -> DecisionColumns:
    """What is stored beside a signed record: the one place that says so, for who writes, verifies and rebuilds."""
    exam, verdict, medic = record.exam, record.decision, record.medic
    return DecisionColumns(
        decision_id=verdict.decision_id,
        exam_id=exam.exam_id,
        exam_message_id=record.exam_message_id,
        exam_revision=exam.revision,
        org=record.organisation.org,
        worker_id=exam.examinee.worker_id if exam.examinee else None,
        medic_id=medic.medic_id,
        medic_name=medic.full_name,
        outcome=verdict.outcome,
        reasons=_codes_of(verdict),
        corrects=verdict.corrects,
        decided_at=verdict.decided_at,
        valid_until=verdict.valid_until,
        certificate_serial=medic.certificate_serial,
    )


def _codes_of(verdict: Verdict) -> tuple[str, ...]:
    """Records of the first centres name reasons by their words alone."""
    if verdict.reason_codes or not verdict.reasons:
        return verdict.reason_codes
    known = {reason.ru: code for code, reason in reasons().items()}
    return tuple(known.get(words, words) for words in verdict.reasons)
