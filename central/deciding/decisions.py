"""The medic's decision: checked, written as a canonical record, signed, verified again, stored and sent, in that order.

Nothing here runs by itself: each call is one act of one medic on one exam (law 12 of the design: no bulk, no timer).
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from central.core.config import ADMISSION_VALID_HOURS
from central.core.days import day_of
from central.core.ground_effects import on_day
from central.core.trust import Trust
from central.deciding.account_offers import close_if_unknown, offer_of
from central.deciding.conclusions import conclusion_faults
from central.deciding.decision_record import (
    DecisionDraft,
    DecisionFaults,
    Employed,
    build_record,
    columns_of,
    form_faults,
    valid_until_of,
)
from central.deciding.ground_reasons import NONE, GroundEffects, asked_keys
from central.deciding.intoxication import tell_employer
from central.deciding.medics import FRMR_VALID_DAYS, check_register
from central.deciding.passages import follow_up as follow_up_gates
from central.deciding.stamping import Stamping
from central.deciding.title_signing import check_title_signature, follow_up, signed_title
from central.deciding.title_to_sign import TitleToSign
from central.link.outgoing import Outgoing
from central.signature.chain import SignatureError
from central.signature.decision import verify_decision
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.verification import VerifiedSignature
from central.store import audit, registry, rooms, waybill_titles
from central.store import decisions as store
from central.store import exams as exam_store
from central.store import ground_effects as store_effects
from central.store.decisions import DecisionColumns, StoredDecision
from central.store.engine import reading, writing
from central.store.exams import ExamMessage
from central.store.waybill_titles import SignedTitle
from central.store.workers import get_worker
from sync.contract.canonical import canonical
from sync.contract.decision import DECISION_SCHEMA, DecisionMessage, DecisionRecord
from sync.contract.model import utc_text


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for the audit log."""

    account_id: str
    medic_id: str | None
    orgs: tuple[str, ...]
    address: str
    session_started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PreparedDecision:
    """A decision before its signature."""

    draft: DecisionDraft
    actor: Actor
    exam: ExamMessage
    corrected: StoredDecision | None
    signer: x509.Certificate
    columns: DecisionColumns
    effects: GroundEffects
    """Of the rules of grounds, that the record gives reasons for."""
    content: bytes
    """The record, canonical JSON: what is signed."""
    at: datetime
    """When the record was made; it says so itself."""
    title: TitleToSign | None = None
    """What is signed beside the record."""


class DecisionConflict(Exception):
    """The exam is not as the medic saw it. `code`: `unknown`, `already_decided`, `not_waiting`, `changed`, `claimed`,
    `title`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Decisions:
    """Takes decisions. `wake` is called right after a commit, so that the message leaves at once."""

    def __init__(
        self,
        engine: Engine,
        outgoing: Outgoing,
        trust: Trust,
        wake: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        admission_valid: timedelta = timedelta(hours=ADMISSION_VALID_HOURS),
        stamping: Stamping | None = None,
        frmr_valid_days: int = FRMR_VALID_DAYS,
        mid_level_finds_signs: bool = False,
        account_address: str = "",
    ) -> None:
        """`account_address`: of the page that kiosks offer to workers; empty: they offer none."""
        self._engine = engine
        self._outgoing = outgoing
        self._trust = trust
        self._wake = wake
        self._clock = clock
        self._admission_valid = admission_valid
        self._stamping = stamping or Stamping(None)
        self._frmr_valid_days = frmr_valid_days
        self._mid_level_may = mid_level_finds_signs
        self._account_address = account_address

    def decide(self, draft: DecisionDraft, actor: Actor, provider: SignatureProvider) -> StoredDecision:
        """Sign and store one decision.

        Raises `DecisionConflict`, `DecisionFaults`, `SigningRefused` (the register's faults among them) and
        `SignatureError` when the fresh signature does not verify; nothing is stored then.
        """
        prepared = self.prepare(draft, actor, provider)
        title_signature = provider.sign_detached(prepared.title.content) if prepared.title else None
        return self._complete(prepared, provider.sign_detached(prepared.content), prepared.at, title_signature)

    def prepare(self, draft: DecisionDraft, actor: Actor, provider: SignatureProvider) -> PreparedDecision:
        """The exact bytes that the medic is to sign; nothing is stored yet. Raises as `decide`."""
        now = self._clock()
        with reading(self._engine) as connection:
            medic = check_register(connection, actor.medic_id, now, frmr_valid_days=self._frmr_valid_days)
            exam = exam_store.current(connection, draft.exam_id)
            if exam is None or exam.org not in actor.orgs or exam.org != medic.org:
                raise DecisionConflict("unknown", "there is no such exam in your organisations")
            before = self._undecided(connection, exam, draft, actor, now)
            organisation = registry.get_organisation(connection, exam.org)
            employed = _employed(connection, exam)
            effects = ground_effects(connection, exam.org, exam.payload, now)
        faults = form_faults(draft, exam.payload, now, self._admission_valid, employed, effects)
        faults |= conclusion_faults(medic, draft.outcome, mid_level_may=self._mid_level_may)
        if faults:
            raise DecisionFaults(faults)
        if organisation is None:
            raise DecisionConflict("unknown", "the exam's organisation is not registered")
        signer = provider.certificate
        if signer != x509.load_pem_x509_certificate(medic.certificate_pem):
            raise SigningRefused("wrong_certificate", "the register names another certificate now; open the key again")
        until = valid_until_of(draft, exam.payload, now, self._admission_valid)
        # Nothing but a first admission has a title: a correction leaves what was sent to people.
        title = draft.title if draft.outcome == "admitted" and draft.corrects is None else None
        record = build_record(draft, exam, medic, provider, dict(organisation), now, until, effects, title)
        try:
            columns = columns_of(DecisionRecord.model_validate(record))
        except ValidationError as error:
            first = error.errors()[0]
            raise DecisionFaults({".".join(map(str, first["loc"])): first["msg"]}) from error
        corrected = next((one for one in before if one.decision_id == draft.corrects), None)
        return PreparedDecision(draft, actor, exam, corrected, signer, columns, effects, canonical(record), now, title)

    def complete(
        self, prepared: PreparedDecision, signature: bytes, title_signature: bytes | None = None
    ) -> StoredDecision:
        """Store a decision whose signatures were made elsewhere. What has happened since counts. Raises as `decide`."""
        now = self._clock()
        draft = prepared.draft
        with reading(self._engine) as connection:
            exam = exam_store.current(connection, draft.exam_id)
            if exam is None or exam.message_id != prepared.exam.message_id:
                raise DecisionConflict("changed", "the exam went on while it was being signed")
            self._undecided(connection, exam, draft, prepared.actor, now)
            employed = _employed(connection, exam)
            effects = ground_effects(connection, exam.org, exam.payload, now)
        faults = form_faults(draft, exam.payload, now, self._admission_valid, employed, effects)
        if faults:
            raise DecisionFaults(faults)
        if asked_keys(effects, exam.payload) != asked_keys(prepared.effects, exam.payload):
            raise DecisionConflict("changed", "other grounds than the record names ask for a reason now")
        return self._complete(prepared, signature, now, title_signature)

    def _undecided(
        self, connection: Connection, exam: ExamMessage, draft: DecisionDraft, actor: Actor, now: datetime
    ) -> list[StoredDecision]:
        """Earlier decisions of the exam, when it may be decided now. Raises `DecisionConflict`."""
        before = store.of_exam(connection, draft.exam_id)
        held = store.claim_of(connection, draft.exam_id, now)
        if held is not None and held.account_id != actor.account_id:
            raise DecisionConflict("claimed", f"{held.full_name} looks at this exam now")
        _check_state(exam, before, draft)
        return before

    def _complete(
        self, prepared: PreparedDecision, signature: bytes, now: datetime, title_signature: bytes | None
    ) -> StoredDecision:
        item = self._signed(prepared, signature, now)
        titled = None
        if prepared.title is not None:
            check_title_signature(title_signature or b"", prepared.title, prepared.signer, self._trust.anchors(), now)
            titled = signed_title(prepared.title, title_signature or b"", item, now)
        self._commit(item, prepared.corrected, prepared.exam, prepared.actor, now, prepared.signer, titled)
        self._wake()
        return item

    def _signed(self, prepared: PreparedDecision, signature: bytes, now: datetime) -> StoredDecision:
        actor, columns = prepared.actor, prepared.columns
        anchors = self._trust.anchors()
        verify_decision(signature, prepared.content, anchors.roots, at=now, revocation_lists=anchors.revocation_lists)
        signature, stamped = self._stamping.apply(signature, now)
        return StoredDecision(
            **{name: getattr(columns, name) for name in DecisionColumns.__slots__},
            record=prepared.content,
            cms=signature,
            trail={
                "account_id": actor.account_id,
                "address": actor.address,
                "timestamp": stamped,
                "session_started_at": utc_text(actor.session_started_at) if actor.session_started_at else None,
            },
        )

    def _commit(
        self,
        item: StoredDecision,
        corrected: StoredDecision | None,
        exam: ExamMessage,
        actor: Actor,
        now: datetime,
        signer: x509.Certificate,
        titled: SignedTitle | None,
    ) -> None:
        payload = DecisionMessage(
            exam_id=item.exam_id,
            decision_id=item.decision_id,
            record_json=item.record.decode("utf-8"),
            cms_base64=base64.b64encode(item.cms).decode("ascii"),
            account_offer=offer_of(self._account_address, item, exam.payload),
        )
        try:
            with writing(self._engine) as connection:
                # A key takes its time, a time stamp more: who was revoked or put away meanwhile has signed nothing.
                days = self._frmr_valid_days
                medic = check_register(connection, actor.medic_id, now, signed_by=signer, frmr_valid_days=days)
                if beyond := conclusion_faults(medic, item.outcome, mid_level_may=self._mid_level_may):
                    raise DecisionFaults(beyond)
                store.add(connection, item)
                # A medical room is no terminal: who was examined there stands before the medic.
                if rooms.find_room(connection, exam.terminal_id) is None:
                    self._outgoing.queue(
                        connection,
                        exam.terminal_id,
                        "decision",
                        DECISION_SCHEMA,
                        payload.model_dump(mode="json", exclude_none=True),
                    )
                if not exam_store.mark_decided(
                    connection,
                    item.exam_id,
                    item.exam_message_id,
                    decision_id=item.decision_id,
                    outcome=item.outcome,
                    decided_at=item.decided_at,
                ):
                    raise DecisionConflict("changed", "the exam went on while it was being decided")
                employer_id = (exam.payload.get("examinee") or {}).get("employer_id")
                tell_employer(connection, item, corrected, employer_id)
                if titled is not None:
                    waybill_titles.add_title(connection, titled)
                follow_up(connection, item, exam, employer_id)
                follow_up_gates(connection, item, employer_id)
                close_if_unknown(connection, item)
                store.release_claim(connection, item.exam_id)
                audit.write(
                    connection,
                    at=now,
                    account_id=actor.account_id,
                    address=actor.address,
                    action="exam.correct" if item.corrects else "exam.decide",
                    subject=item.exam_id,
                    org=exam.org,
                    detail={"decision_id": item.decision_id, "outcome": item.outcome},
                )
        except waybill_titles.TitleTaken as error:
            raise DecisionConflict("title", "the waybill has its title already") from error
        except store.AlreadyStored as error:
            raise DecisionConflict("already_decided", "this exam was decided by somebody else just now") from error


def _employed(connection: Connection, exam: ExamMessage) -> Employed | None:
    """The employment that the exam is about, as the register has it now; None where nobody was identified, or is on record."""
    examinee = exam.payload.get("examinee")
    row = get_worker(connection, examinee["worker_id"]) if examinee else None
    return None if row is None else Employed(row["since"], row["until"], row["archived_at"] is not None)


def ground_effects(connection: Connection, org: str, exam: Mapping[str, Any], now: datetime) -> GroundEffects:
    """What the rules of grounds say today of the worker whom an exam is about; nothing of somebody unknown."""
    examinee, today = exam.get("examinee"), day_of(now)
    if not examinee:
        return NONE
    found = store_effects.judged(connection, org, [examinee["worker_id"]], today).get(examinee["worker_id"])
    return NONE if found is None else GroundEffects(found.version, tuple(on_day(found.spans, today)))


def _check_state(exam: ExamMessage, before: list[StoredDecision], draft: DecisionDraft) -> None:
    if draft.exam_message_id and draft.exam_message_id != exam.message_id:
        raise DecisionConflict("changed", "a newer revision of the exam has come; look at it first")
    if draft.corrects is None:
        if exam.state == "decided":
            raise DecisionConflict("already_decided", "this exam is decided; a change is a correction")
        if exam.state != "waiting":
            raise DecisionConflict("not_waiting", "the exam was not finished and cannot be decided")
        return
    corrected = {item.corrects for item in before}
    standing = [item for item in before if item.decision_id == draft.corrects and item.decision_id not in corrected]
    if not standing or standing[0].exam_message_id != exam.message_id:
        raise DecisionConflict("changed", "the decision to be corrected is no longer the one in force")


def export(engine: Engine, trust: Trust, decision_id: str, folder: Path) -> list[Path]:
    """Write `decision.cms`, `record.json` and `ca.pem` for `openssl cms -verify`. Raises `LookupError`, `OSError`."""
    with reading(engine) as connection:
        item = store.find(connection, decision_id)
    if item is None:
        raise LookupError(f"decision {decision_id} does not exist")
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"decision.cms": item.cms, "record.json": item.record, "ca.pem": trust.anchors().root_pem}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def is_valid(item: StoredDecision, trust: Trust) -> bool:
    """Whether the stored signature still holds, as of the time of the decision."""
    return signed_by(item, trust) is not None


def signed_by(item: StoredDecision, trust: Trust) -> VerifiedSignature | None:
    """Who signed, when the stored signature still holds as of the time of the decision."""
    anchors = trust.anchors()
    try:
        return verify_decision(
            item.cms, item.record, anchors.roots, at=item.decided_at, revocation_lists=anchors.revocation_lists
        )
    except SignatureError:
        return None
