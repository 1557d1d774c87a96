"""Signs what medics write on certificates and sobriety protocols: one paper, one medic, one signature, never by itself.

A paper rests on a decision in force. Its record is stored apart from the decision's: that one goes down to a kiosk, and a diagnosis
goes nowhere but onto the paper.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import Connection, Engine

from central.core.trust import Trust
from central.deciding.medics import FRMR_VALID_DAYS, check_register
from central.deciding.paper_to_sign import PaperToSign
from central.deciding.title_signing import Signatory, in_force
from central.signature.chain import SignatureError
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.verification import VerifiedSignature, verify_detached
from central.store import audit, decisions, paper_records, registry
from central.store import exams as exam_store
from central.store.decisions import StoredDecision
from central.store.engine import reading, writing
from central.store.paper_records import PaperRecord
from sync.contract.canonical import canonical, new_id, sha256_hex
from sync.contract.model import utc_text

PAPER_SCHEMA = "dopusk.paper/1"


class PaperRefused(Exception):
    """The paper cannot be signed now. `code`: `unknown`, `no_decision`, `changed`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Written:
    """What a medic has filled in. `decision_id`, `corrects`: as the page showed them."""

    kind: str
    exam_id: str
    decision_id: str
    corrects: str | None
    content: Mapping[str, Any]
    choices_version: str
    """Of the book that the choices are from."""


class PaperSigning:
    """Certificates and protocols. Each call is one act of one medic on one paper."""

    def __init__(
        self,
        engine: Engine,
        trust: Trust,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        frmr_valid_days: int = FRMR_VALID_DAYS,
    ) -> None:
        self._engine = engine
        self._trust = trust
        self._clock = clock
        self._frmr_valid_days = frmr_valid_days

    def prepare(self, written: Written, who: Signatory, provider: SignatureProvider) -> PaperToSign:
        """The exact bytes to be signed. Raises `PaperRefused`, `RegisterFault`, `SigningRefused`; nothing is stored yet."""
        now, record_id = self._clock(), new_id()
        with reading(self._engine) as connection:
            medic = check_register(connection, who.medic_id, now, frmr_valid_days=self._frmr_valid_days)
            decision = self._decision(
                connection, written.exam_id, who, written.decision_id, written.kind, written.corrects
            )
            organisation = registry.get_organisation(connection, decision.org)
        certificate = provider.certificate
        if organisation is None or medic.org != decision.org:
            raise PaperRefused("unknown", "there is no such exam in your organisation")
        if certificate != x509.load_pem_x509_certificate(medic.certificate_pem):
            raise SigningRefused("wrong_certificate", "the register names another certificate now; open the key again")
        record = {
            "schema": PAPER_SCHEMA,
            "paper": {
                "record_id": record_id,
                "kind": written.kind,
                "corrects": written.corrects,
                "written_at": utc_text(now),
                "books": {"paper_choices": written.choices_version} if written.choices_version else {},
                "content": dict(written.content),
            },
            "exam": {"exam_id": decision.exam_id, "message_id": decision.exam_message_id},
            "decision": {
                "decision_id": decision.decision_id,
                "outcome": decision.outcome,
                "sha256": sha256_hex(decision.record),
            },
            "medic": {
                "medic_id": medic.medic_id,
                "full_name": medic.full_name,
                "position": medic.position,
                "certificate_serial": f"{certificate.serial_number:x}",
                "certificate_sha256": certificate.fingerprint(SHA256()).hex(),
            },
            "organisation": {
                "org": decision.org,
                "name": organisation["name"],
                "licence": organisation["licence"],
                "address": organisation["address"] or "",
                "phone": organisation["phone"] or "",
            },
        }
        return PaperToSign(
            record_id, written.kind, decision.exam_id, decision.decision_id, written.corrects, now, canonical(record)
        )

    def sign(self, written: Written, who: Signatory, provider: SignatureProvider) -> PaperRecord:
        """Sign and store one paper. Raises as `prepare`, and `SignatureError`; nothing is stored then."""
        paper = self.prepare(written, who, provider)
        return self.complete(paper, who, provider.certificate, provider.sign_detached(paper.content))

    def complete(self, paper: PaperToSign, who: Signatory, signer: x509.Certificate, signature: bytes) -> PaperRecord:
        """Store a paper whose signature was made, here or at the medic's workplace. Raises as `sign`."""
        now = self._clock()
        if verified(signature, paper.content, self._trust, now).certificate != signer:
            raise SignatureError("wrong_signer", "another certificate signed the paper than the key that was opened")
        try:
            with writing(self._engine) as connection:
                days = self._frmr_valid_days
                medic = check_register(connection, who.medic_id, now, signed_by=signer, frmr_valid_days=days)
                decision = self._decision(connection, paper.exam_id, who, paper.decision_id, paper.kind, paper.corrects)
                item = PaperRecord(
                    record_id=paper.record_id,
                    org=decision.org,
                    kind=paper.kind,
                    exam_id=paper.exam_id,
                    decision_id=paper.decision_id,
                    medic_id=medic.medic_id,
                    medic_name=medic.full_name,
                    account_id=who.account_id,
                    corrects=paper.corrects,
                    written_at=paper.written_at,
                    certificate_serial=f"{signer.serial_number:x}",
                    record=paper.content,
                    cms=signature,
                )
                paper_records.add(connection, item)
                audit.write(
                    connection,
                    at=now,
                    account_id=who.account_id,
                    address=who.address,
                    action="paper.correct" if paper.corrects else "paper.write",
                    subject=paper.exam_id,
                    org=decision.org,
                    detail={"kind": paper.kind},
                )
        except paper_records.RecordTaken as error:
            raise PaperRefused("changed", "somebody else has written this paper meanwhile") from error
        return item

    def _decision(
        self, connection: Connection, exam_id: str, who: Signatory, seen: str, kind: str, corrects: str | None
    ) -> StoredDecision:
        exam = exam_store.current(connection, exam_id)
        if exam is None or exam.org not in who.orgs:
            raise PaperRefused("unknown", "there is no such exam in your organisations")
        decision = in_force(decisions.of_exam(connection, exam_id), exam)
        if decision is None:
            raise PaperRefused("no_decision", "a paper rests on a signed decision")
        before = paper_records.in_force(connection, decision.decision_id, kind)
        if decision.decision_id != seen or (before.record_id if before else None) != corrects:
            raise PaperRefused("changed", "decision or paper have changed since the page was opened")
        return decision


def verified(signature: bytes, content: bytes, trust: Trust, at: datetime) -> VerifiedSignature:
    """Whose signature of these bytes it is. Raises `SignatureError`."""
    anchors = trust.anchors()
    return verify_detached(signature, content, anchors.roots, at=at, revocation_lists=anchors.revocation_lists)


def signed_by(item: PaperRecord, trust: Trust) -> VerifiedSignature | None:
    """Who signed a stored paper, when the signature still holds as of the time of writing."""
    try:
        return verified(item.cms, item.record, trust, item.written_at)
    except SignatureError:
        return None
