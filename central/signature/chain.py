"""Checks the path from a signer's certificate to a pinned root: issuers, validity, usage, revocation (RFC 5280). Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sync.contract.signing_certificate import usage_fault

_MAX_CHAIN = 4


FAULTS = (
    "unreadable",
    "wrong_digest",
    "wrong_signature",
    "wrong_signer",
    "unknown_issuer",
    "not_yet_valid",
    "expired",
    "wrong_usage",
    "revoked",
    "revocation_unknown",
)


class SignatureError(Exception):
    """A signature that must not be believed. `code` is one word for metrics and messages, one of `FAULTS`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def signer_certificate(signer: cms.SignerInfo, certificates: Iterable[x509.Certificate]) -> x509.Certificate:
    """The certificate that the signer names, among those inside the signature. Raises `SignatureError`."""
    wanted = signer["sid"].chosen
    for certificate in certificates:
        if (
            wanted["serial_number"].native == certificate.serial_number
            and wanted["issuer"].dump() == certificate.issuer.public_bytes()
        ):
            return certificate
    raise SignatureError("unreadable", "the signer's certificate is not inside the signature")


def check_chain(
    certificate: x509.Certificate,
    given: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
    revocation_lists: Sequence[x509.CertificateRevocationList] | None,
) -> list[x509.Certificate]:
    """From the certificate up to one of `roots`: signatures, validity at `at`, revocation. Returns the path.

    `given`: certificates that came along and may stand in between. `revocation_lists` None leaves revocation unchecked.
    Raises `SignatureError`.
    """
    current, path = certificate, [certificate]
    for _ in range(_MAX_CHAIN):
        _check_time(current, at)
        issuer = _issuer_of(current, [*roots, *given])
        if revocation_lists is not None:
            _check_revocation(current, issuer, revocation_lists, at)
        if issuer in roots:
            _check_time(issuer, at)
            return [*path, issuer] if issuer != current else path
        current = issuer
        path.append(current)
    raise SignatureError("unknown_issuer", "the chain of certificates does not end at a trusted root")


def _issuer_of(certificate: x509.Certificate, candidates: Iterable[x509.Certificate]) -> x509.Certificate:
    for candidate in candidates:
        if candidate.subject != certificate.issuer or not _is_authority(candidate):
            continue
        try:
            certificate.verify_directly_issued_by(candidate)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return candidate
    raise SignatureError(
        "unknown_issuer", f"the issuer of {certificate.subject.rfc4514_string()} is not a trusted authority"
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def check_usage(certificate: x509.Certificate) -> None:
    """The certificate is for signing documents. Raises `SignatureError`."""
    if (fault := usage_fault(certificate)) is not None:
        raise SignatureError("wrong_usage", f"the certificate may not sign documents: {fault}")


def _check_time(certificate: x509.Certificate, at: datetime) -> None:
    name = certificate.subject.rfc4514_string()
    if at < certificate.not_valid_before_utc:
        raise SignatureError("not_yet_valid", f"the certificate of {name} begins {certificate.not_valid_before_utc}")
    if at > certificate.not_valid_after_utc:
        raise SignatureError("expired", f"the certificate of {name} ended {certificate.not_valid_after_utc}")


def _check_revocation(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    lists: Sequence[x509.CertificateRevocationList],
    at: datetime,
) -> None:
    key = issuer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise SignatureError("revocation_unknown", "the authority's key is of a kind not known here")
    ours = [item for item in lists if item.issuer == issuer.subject and item.is_signature_valid(key)]
    if not ours:
        raise SignatureError("revocation_unknown", "no revocation list of the certificate's authority is at hand")
    newest = max(ours, key=lambda item: item.last_update_utc)
    entry = newest.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None and entry.revocation_date_utc <= at:
        raise SignatureError("revoked", f"the certificate was revoked on {entry.revocation_date_utc}")
