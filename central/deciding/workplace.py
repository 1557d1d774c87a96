"""Signatures that are made at a medic's workplace: what is asked for, and what is believed of the answer.

The centre makes the exact bytes first. What comes back counts once, for that session, in its time, and only after it was
verified over those bytes by the certificate in the register.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from central.core.name_folding import fold_name
from central.core.trust import Anchors
from central.deciding.act_to_sign import ActToSign
from central.deciding.decisions import PreparedDecision
from central.deciding.paper_to_sign import PaperToSign
from central.deciding.passport_to_sign import PassportToSign
from central.deciding.title_to_sign import TitleToSign
from central.signature.chain import SignatureError
from central.signature.verification import verify_detached
from sync.contract.canonical import canonical
from sync.contract.model import utc_text
from sync.contract.signing_request import SigningRequest

DECIDE_S = 120.0
"""So long a decision that was prepared waits for its signature, in seconds: it rests on what the medic saw then."""
PROVE_S = 300.0
"""So long a proof may take: the PIN has to be found and typed."""
Purpose = Literal["enrol", "open", "decide"]


@dataclass(frozen=True, slots=True)
class AwaitedSignature:
    """What is being signed at a workplace."""

    purpose: Purpose
    medic_id: str
    content: bytes
    decision: PreparedDecision | None = None
    to_next: bool = False
    decision_signature: bytes | None = None
    """The signature of the record, where `content` is the title that the same act signs."""
    title: TitleToSign | None = None
    """A title that is signed by an act of its own."""
    paper: PaperToSign | None = None
    """A certificate or protocol."""
    passport: PassportToSign | None = None
    act: ActToSign | None = None


def ask(
    purpose: Purpose, content: bytes, certificate: x509.Certificate | None, session: str, origin: str, now: datetime
) -> SigningRequest:
    """The request for a signature of `content`, good for a short while."""
    term_s = DECIDE_S if purpose == "decide" else PROVE_S
    return SigningRequest(
        purpose=purpose,
        origin=origin,
        session=session,
        nonce=secrets.token_urlsafe(24),
        issued_at=now,
        expires_at=now + timedelta(seconds=term_s),
        certificate_sha256=certificate.fingerprint(SHA256()).hex() if certificate is not None else "",
        content_sha256=sha256(content).hexdigest(),
    )


def words_to_prove(purpose: Purpose, medic_id: str, session: str, now: datetime) -> bytes:
    """What a key signs to show that it is there: nobody can take it for a decision, or use it again."""
    return canonical(
        {
            "schema": f"dopusk.key_{purpose}.v1",
            "medic_id": medic_id,
            "session": session,
            "at": utc_text(now),
            "once": secrets.token_urlsafe(24),
        }
    )


def proved_certificate(signature: bytes, content: bytes, anchors: Anchors, at: datetime) -> x509.Certificate:
    """Whose key has signed `content`; checked up to a root of the centre. Raises `SignatureError`."""
    verified = verify_detached(signature, content, anchors.roots, at=at, revocation_lists=anchors.revocation_lists)
    return verified.certificate


def check_name(certificate: x509.Certificate, full_name: str) -> None:
    """The certificate is that person's, by the name in it. Raises `SignatureError` (`wrong_signer`)."""
    wanted = fold_name(full_name)
    common = _texts(certificate, NameOID.COMMON_NAME)
    whole = [
        f"{surname} {given}"
        for surname in _texts(certificate, NameOID.SURNAME)
        for given in _texts(certificate, NameOID.GIVEN_NAME)
    ]
    if wanted not in {fold_name(name) for name in (*common, *whole)}:
        raise SignatureError("wrong_signer", "the certificate was given to somebody of another name")


def _texts(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(item.value) for item in certificate.subject.get_attributes_for_oid(oid)]
