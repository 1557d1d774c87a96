"""Signs sanitary passports: what the page showed of one person, one medic, one signature, never by itself.

The record holds what stands on the paper and nothing else: dates and documents, no finding. It permits nothing.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import Engine

from central.core.trust import Trust
from central.deciding.medics import FRMR_VALID_DAYS, check_register
from central.deciding.paper_signing import verified
from central.deciding.passport_to_sign import PassportToSign
from central.deciding.title_signing import Signatory
from central.signature.chain import SignatureError
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.verification import VerifiedSignature
from central.store import audit, passport_records, registry
from central.store.engine import reading, writing
from central.store.passport_records import PassportRecord
from central.store.workers import get_worker
from sync.contract.canonical import canonical, new_id
from sync.contract.model import utc_text

PASSPORT_SCHEMA = "dopusk.passport/1"


class PassportRefused(Exception):
    """The passport cannot be signed: the worker is not of the medic's organisation, or gone."""


class PassportSigning:
    """Each call is one act of one medic on one passport."""

    def __init__(
        self,
        engine: Engine,
        trust: Trust,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        frmr_valid_days: int = FRMR_VALID_DAYS,
    ) -> None:
        self._engine, self._trust, self._clock, self._frmr_valid_days = engine, trust, clock, frmr_valid_days

    def prepare(
        self, worker_id: str, content: Mapping[str, Any], who: Signatory, provider: SignatureProvider
    ) -> PassportToSign:
        """The exact bytes to be signed. Raises `PassportRefused`, `RegisterFault`, `SigningRefused`; nothing is stored yet."""
        now, record_id = self._clock(), new_id()
        with reading(self._engine) as connection:
            medic = check_register(connection, who.medic_id, now, frmr_valid_days=self._frmr_valid_days)
            worker = get_worker(connection, worker_id)
            organisation = registry.get_organisation(connection, medic.org)
        if worker is None or organisation is None or worker["org"] != medic.org or medic.org not in who.orgs:
            raise PassportRefused("there is no such worker in your organisation")
        certificate = provider.certificate
        if certificate != x509.load_pem_x509_certificate(medic.certificate_pem):
            raise SigningRefused("wrong_certificate", "the register names another certificate now; open the key again")
        record = {
            "schema": PASSPORT_SCHEMA,
            "passport": {
                "record_id": record_id,
                "worker_id": worker_id,
                "person_id": worker["person_id"],
                "signed_at": utc_text(now),
                "content": dict(content),
            },
            "medic": {
                "medic_id": medic.medic_id,
                "full_name": medic.full_name,
                "position": medic.position,
                "certificate_serial": f"{certificate.serial_number:x}",
                "certificate_sha256": certificate.fingerprint(SHA256()).hex(),
            },
            "organisation": {"org": medic.org, "name": organisation["name"], "licence": organisation["licence"]},
        }
        return PassportToSign(record_id, worker_id, now, canonical(record))

    def sign(
        self, worker_id: str, content: Mapping[str, Any], who: Signatory, provider: SignatureProvider
    ) -> PassportRecord:
        """Sign and store one passport. Raises as `prepare`, and `SignatureError`; nothing is stored then."""
        paper = self.prepare(worker_id, content, who, provider)
        return self.complete(paper, who, provider.certificate, provider.sign_detached(paper.content))

    def complete(
        self, paper: PassportToSign, who: Signatory, signer: x509.Certificate, signature: bytes
    ) -> PassportRecord:
        """Store a passport whose signature was made, here or at the medic's workplace. Raises as `sign`."""
        now = self._clock()
        if verified(signature, paper.content, self._trust, now).certificate != signer:
            raise SignatureError("wrong_signer", "another certificate signed the passport than the key that was opened")
        with writing(self._engine) as connection:
            days = self._frmr_valid_days
            medic = check_register(connection, who.medic_id, now, signed_by=signer, frmr_valid_days=days)
            item = PassportRecord(
                record_id=paper.record_id,
                org=medic.org,
                worker_id=paper.worker_id,
                medic_id=medic.medic_id,
                medic_name=medic.full_name,
                account_id=who.account_id,
                signed_at=paper.signed_at,
                certificate_serial=f"{signer.serial_number:x}",
                record=paper.content,
                cms=signature,
            )
            passport_records.add(connection, item)
            audit.write(
                connection,
                at=now,
                account_id=who.account_id,
                address=who.address,
                action="passport.sign",
                subject=paper.worker_id,
                org=medic.org,
            )
        return item


def passport_signed_by(item: PassportRecord, trust: Trust) -> VerifiedSignature | None:
    """Who signed a stored passport, when the signature still holds as of the time of signing."""
    try:
        return verified(item.cms, item.record, trust, item.signed_at)
    except SignatureError:
        return None
