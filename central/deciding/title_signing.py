"""Signs titles of electronic waybills: in the act of the decision, or later by an act of their own, one by one.

A title rests on an admission in force and on nothing else. A refusal makes none; the employer, whose waybill waits, is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from sqlalchemy import Connection, Engine

from central.core.days import day_of
from central.core.trust import Anchors, Trust
from central.deciding.medics import FRMR_VALID_DAYS, check_register
from central.deciding.title_to_sign import TitleToSign
from central.signature.chain import SignatureError
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.verification import verify_detached
from central.store import alerts, audit, decisions, waybill_titles, waybills
from central.store import exams as exam_store
from central.store.decisions import StoredDecision
from central.store.engine import reading, writing
from central.store.exams import ExamMessage
from central.store.waybill_titles import SignedTitle
from sync.contract.canonical import new_id
from sync.contract.decision_rules import AFTER_WORK

TITLED_OUTCOME = "admitted"


class TitleRefused(Exception):
    """No title may be signed now. `code`: `unknown`, `no_admission`, `not_hers`, `over`, `changed`, `title`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs a title by an act of its own."""

    account_id: str
    medic_id: str | None
    orgs: tuple[str, ...]
    address: str


def in_force(given: list[StoredDecision], exam: ExamMessage) -> StoredDecision | None:
    """The decision of an exam that nobody has corrected, on the revision that the exam is in now."""
    corrected = {item.corrects for item in given}
    standing = [item for item in given if item.decision_id not in corrected and item.outcome != "repeat"]
    last = standing[-1] if standing else None
    return last if last is not None and last.exam_message_id == exam.message_id else None


def why_not(decision: StoredDecision | None, medic_id: str | None, now: datetime) -> str | None:
    """Why this medic can sign no title on that decision, as codes of `TitleRefused`; None when she can."""
    if decision is None or decision.outcome != TITLED_OUTCOME:
        return "no_admission"
    if decision.medic_id != medic_id:
        return "not_hers"
    if decision.valid_until is not None and decision.valid_until <= now:
        return "over"
    return None


def check_title_signature(
    signature: bytes, title: TitleToSign, signer: x509.Certificate, anchors: Anchors, at: datetime
) -> None:
    """The signature is of exactly these bytes and by that certificate. Raises `SignatureError`."""
    lists = anchors.revocation_lists
    verified = verify_detached(signature, title.content, anchors.roots, at=at, revocation_lists=lists)
    if verified.certificate != signer:
        raise SignatureError("wrong_signer", "another certificate signed the title than the decision")


def signed_title(title: TitleToSign, signature: bytes, decision: StoredDecision, now: datetime) -> SignedTitle:
    """What is stored: it is handed over as soon as it is committed."""
    return SignedTitle(
        title_id=new_id(),
        waybill_id=title.waybill_id,
        org=title.org,
        operator=title.operator,
        title=title.title,
        file_id=title.file_id,
        decision_id=decision.decision_id,
        exam_id=decision.exam_id,
        medic_id=decision.medic_id,
        content=title.content,
        cms=signature,
        sha256=title.sha256,
        signed_at=now,
        state="queued",
        attempts=0,
        due_at=now,
    )


def follow_up(connection: Connection, item: StoredDecision, exam: ExamMessage, employer_id: str | None) -> None:
    """What a decision means for waybills, in its transaction: a correction stops titles, a refusal tells who waits for one."""
    if item.corrects is not None:
        waybill_titles.correct(connection, item.corrects)
    if item.worker_id is None or employer_id is None or item.outcome not in {"not_admitted", "refer"}:
        return
    if alerts.of_exam(connection, item.exam_id, "no_title"):
        return
    kind = "T5" if exam.payload["exam_type"] in AFTER_WORK else "T1"
    if waybills.of_worker(
        connection, item.worker_id, kind, day_of(datetime.fromisoformat(exam.payload["finished_at"]))
    ):
        alerts.add(
            connection,
            kind="no_title",
            org=item.org,
            employer_id=employer_id,
            exam_id=item.exam_id,
            decision_id=item.decision_id,
            at=item.decided_at,
        )


class TitleSigning:
    """Titles of waybills that came after the decision. Each call is one act of one medic on one waybill."""

    def __init__(
        self,
        engine: Engine,
        trust: Trust,
        wake: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        frmr_valid_days: int = FRMR_VALID_DAYS,
    ) -> None:
        self._engine = engine
        self._trust = trust
        self._wake = wake
        self._clock = clock
        self._frmr_valid_days = frmr_valid_days

    def check(self, exam_id: str, title: TitleToSign, who: Signatory, provider: SignatureProvider) -> None:
        """Whether this medic may sign this title now. Raises `TitleRefused`, `RegisterFault`, `SigningRefused`."""
        with reading(self._engine) as connection:
            medic = check_register(connection, who.medic_id, self._clock(), frmr_valid_days=self._frmr_valid_days)
            self._decision(connection, exam_id, title, who)
        if provider.certificate != x509.load_pem_x509_certificate(medic.certificate_pem):
            raise SigningRefused("wrong_certificate", "the register names another certificate now; open the key again")

    def sign(self, exam_id: str, title: TitleToSign, who: Signatory, provider: SignatureProvider) -> SignedTitle:
        """Sign and store one title. Raises as `check`, and `SignatureError`; nothing is stored then."""
        self.check(exam_id, title, who, provider)
        return self.complete(exam_id, title, who, provider.certificate, provider.sign_detached(title.content))

    def complete(
        self, exam_id: str, title: TitleToSign, who: Signatory, signer: x509.Certificate, signature: bytes
    ) -> SignedTitle:
        """Store a title whose signature was made, here or at the medic's workplace. Raises as `sign`."""
        now = self._clock()
        check_title_signature(signature, title, signer, self._trust.anchors(), now)
        try:
            with writing(self._engine) as connection:
                days = self._frmr_valid_days
                check_register(connection, who.medic_id, now, signed_by=signer, frmr_valid_days=days)
                decision = self._decision(connection, exam_id, title, who)
                item = signed_title(title, signature, decision, now)
                waybill_titles.add_title(connection, item)
                audit.write(
                    connection,
                    at=now,
                    account_id=who.account_id,
                    address=who.address,
                    action="waybill.sign",
                    subject=exam_id,
                    org=decision.org,
                    detail={"file_id": title.file_id},
                )
        except waybill_titles.TitleTaken as error:
            raise TitleRefused("title", "the waybill has its title already") from error
        self._wake()
        return item

    def _decision(self, connection: Connection, exam_id: str, title: TitleToSign, who: Signatory) -> StoredDecision:
        exam = exam_store.current(connection, exam_id)
        row = waybills.find(connection, title.waybill_id)
        if exam is None or row is None or exam.org not in who.orgs or row.org != exam.org:
            raise TitleRefused("unknown", "there is no such exam or waybill in your organisations")
        decision = in_force(decisions.of_exam(connection, exam_id), exam)
        code = why_not(decision, who.medic_id, self._clock())
        if code is not None or decision is None:
            raise TitleRefused(code or "no_admission", "this exam has no admission of yours that is in force")
        if row.worker_id != decision.worker_id:
            raise TitleRefused("changed", "the waybill is another driver's")
        return decision
