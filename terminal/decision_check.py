"""Checks on the terminal, against its own pinned trust anchor, that a decision is a medic's decision on this exam.

The detached CMS signature (RFC 5652) must cover the exact record, the signer's certificate must lead to the anchor, be for signing
and valid at the time of decision, and the record must be of this organisation, about this terminal and an exam that it sent, and
dated as such a decision can be. What a certificate and a date must be is the same rule as the centre's (`sync.contract`).
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from asn1crypto import cms, x509
from cryptography import x509 as crypto_x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from sync.contract.canonical import canonical, sha256_hex
from sync.contract.decision import DecisionMessage, DecisionRecord
from sync.contract.decision_rules import date_fault
from sync.contract.signing_certificate import is_named, usage_fault
from terminal.gost_signature import GostSignatureError, is_gost, verify_gost

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

Revoked = Mapping[tuple[str, str], datetime]
"""Issuer (RFC 4514) and serial number (hexadecimal) of a certificate → since when it is revoked."""

_UNREADABLE = (
    ValidationError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,  # asn1crypto gives None for what is missing
    binascii.Error,
    crypto_x509.InvalidVersion,
    crypto_x509.DuplicateExtension,
    UnsupportedAlgorithm,
)
"""What the readers of JSON, base64, CMS and X.509 raise for bytes that are none."""


class UntrustedDecision(Exception):
    """A decision that must not be shown; the medical organisation must look."""


def _wall_clock() -> datetime | None:
    return datetime.now(UTC)


def check_decision(
    message: DecisionMessage,
    anchor: crypto_x509.Certificate,
    terminal_id: str,
    medic_roots: Path | None = None,
    *,
    org: str | None = None,
    revoked: Revoked = MappingProxyType({}),
    clock: Callable[[], datetime | None] = _wall_clock,
) -> DecisionRecord:
    """The record, if the signature holds. Raises `UntrustedDecision` with the reason.

    `medic_roots`: PEM file of the roots that certificates of ГОСТ may lead to; without it none is believed. `org`: the terminal's
    organisation; without it the exam's own. `revoked`: certificates that the centre's list names. `clock`: None where the
    terminal's clock is not to be trusted.
    """
    content = message.record_json.encode("utf-8")
    try:
        record = DecisionRecord.model_validate(json.loads(content))
        signature = base64.b64decode(message.cms_base64, validate=True)
        signed = cms.ContentInfo.load(signature)["content"]
        (signer,) = signed["signer_infos"]
        certificate = _signer_certificate(signed, signer)
        if is_gost(certificate):
            _check_gost(signature, content, medic_roots, record)
        else:
            _verify(signer, certificate, content)
            _check_issuer(certificate, anchor)
    except _UNREADABLE as error:
        # The kind of fault alone: the text of some names values, and this one is logged and sent.
        raise UntrustedDecision(f"the decision cannot be read ({type(error).__name__})") from error
    if canonical(json.loads(content)) != content:
        raise UntrustedDecision("the record is not in its canonical form")
    _check_use(certificate, record)
    if record.terminal_id != terminal_id or record.exam.exam_id != message.exam_id:
        raise UntrustedDecision("the record is about another terminal or exam")
    if record.decision.decision_id != message.decision_id:
        raise UntrustedDecision("the record is another decision than the message says")
    if record.medic.certificate_sha256 != sha256_hex(certificate.public_bytes(Encoding.DER)):
        raise UntrustedDecision("the record names another certificate than the one that signed")
    if {record.organisation.org, record.exam.org} != {org or record.exam.org}:
        raise UntrustedDecision("the decision is another organisation's")
    if (fault := date_fault(record, clock())) is not None:
        raise UntrustedDecision(fault)
    revoked_at = revoked.get((certificate.issuer.rfc4514_string(), f"{certificate.serial_number:x}"))
    if revoked_at is not None and revoked_at <= record.decision.decided_at:
        raise UntrustedDecision("the medic's certificate was revoked before the decision")
    return record


def load_anchor(path: Path) -> crypto_x509.Certificate:
    """Read the pinned root certificate (PEM)."""
    return crypto_x509.load_pem_x509_certificate(path.read_bytes())


def _verify(signer: cms.SignerInfo, certificate: crypto_x509.Certificate, content: bytes) -> None:
    """Check digest and signature of the one signer."""
    algorithm = _HASHES[signer["digest_algorithm"]["algorithm"].native]
    attributes = signer["signed_attrs"]
    digest = hashes.Hash(algorithm)
    digest.update(content)
    stated = {attribute["type"].native: attribute["values"] for attribute in attributes}
    if "message_digest" not in stated or stated["message_digest"][0].native != digest.finalize():
        raise UntrustedDecision("the record was changed after it was signed")
    if not is_named(attributes, certificate):
        raise UntrustedDecision("the signature names another certificate than the one inside it")
    try:
        key = certificate.public_key()
        to_verify = attributes.untag().dump()
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signer["signature"].native, to_verify, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signer["signature"].native, to_verify, padding.PKCS1v15(), algorithm)
        else:
            raise UntrustedDecision("the signer's kind of key is not known here")
    except InvalidSignature as error:
        raise UntrustedDecision("the signature is not the signer's") from error


def _check_gost(signature: bytes, content: bytes, medic_roots: Path | None, record: DecisionRecord) -> None:
    if medic_roots is None:
        raise UntrustedDecision("signed by ГОСТ, and this terminal has no roots for it (files.medic_roots)")
    try:
        verify_gost(signature, content, medic_roots, record.decision.decided_at)
    except GostSignatureError as error:
        raise UntrustedDecision(str(error)) from error


def _signer_certificate(signed: cms.SignedData, signer: cms.SignerInfo) -> crypto_x509.Certificate:
    wanted = signer["sid"].chosen
    for choice in signed["certificates"]:
        candidate = choice.chosen
        if isinstance(candidate, x509.Certificate) and (
            candidate.serial_number == wanted["serial_number"].native and candidate.issuer == wanted["issuer"]
        ):
            return crypto_x509.load_der_x509_certificate(candidate.dump())
    raise UntrustedDecision("the signer's certificate is not in the signature")


def _check_issuer(certificate: crypto_x509.Certificate, anchor: crypto_x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(anchor)
    except (*_UNREADABLE, InvalidSignature) as error:
        raise UntrustedDecision("the signer's certificate does not lead to the pinned root") from error


def _check_use(certificate: crypto_x509.Certificate, record: DecisionRecord) -> None:
    try:
        fault = usage_fault(certificate)
    except _UNREADABLE as error:
        raise UntrustedDecision("the certificate is not for signing documents (it cannot be read)") from error
    if fault is not None:
        raise UntrustedDecision(f"the certificate is not for signing documents ({fault})")
    at = record.decision.decided_at
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise UntrustedDecision("the signer's certificate was not valid when the decision was made")
