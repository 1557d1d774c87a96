"""Checking a medic's detached signature (CMS SignedData, RFC 5652) against pinned roots. Pure: time and lists are handed in.

The centre checks each fresh signature before it stores it; terminals check again with their own reading of the standard.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

_MAX_CHAIN = 4


class SignatureError(Exception):
    """A signature that must not be believed. `code` is one word for metrics and messages:

    `unreadable`, `wrong_digest`, `wrong_signature`, `unknown_issuer`, `not_yet_valid`, `expired`, `wrong_usage`,
    `revoked`, `revocation_unknown`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """Who signed, by the certificate that was checked up to a root."""

    certificate: x509.Certificate
    claimed_at: datetime | None
    """The signing time that the signer wrote into the signature; a claim, not a proof."""

    @property
    def certificate_sha256(self) -> str:
        return sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()

    @property
    def certificate_serial(self) -> str:
        """Serial number of the certificate, hexadecimal."""
        return f"{self.certificate.serial_number:x}"


def verify_detached(
    signature: bytes,
    content: bytes,
    roots: Sequence[x509.Certificate],
    *,
    at: datetime,
    revocation_lists: Sequence[x509.CertificateRevocationList] | None = None,
) -> VerifiedSignature:
    """Check a DER CMS signature over `content`: digest, signature, chain to one of `roots`, validity at `at`, revocation.

    `revocation_lists` None leaves revocation unchecked; an empty sequence means that a list was due and is missing.
    Raises `SignatureError`.
    """
    try:
        signed = cms.ContentInfo.load(signature, strict=True)["content"]
        signers = signed["signer_infos"]
        if len(signers) != 1:
            raise SignatureError("unreadable", f"one signer is expected, {len(signers)} are named")
        signer = signers[0]
        certificates = [x509.load_der_x509_certificate(item.chosen.dump()) for item in signed["certificates"]]
        certificate = _signer_certificate(signer, certificates)
        claimed_at = _check_attributes(signer, content)
        signed_bytes = signer["signed_attrs"].untag().dump()
        digest = signer["digest_algorithm"]["algorithm"].native
        signature_value = signer["signature"].native
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise SignatureError("unreadable", f"not a CMS signature: {error}") from error
    if digest != "sha256":
        raise SignatureError("unreadable", f"SHA-256 is expected, {digest} was used")
    _check_value(certificate, signature_value, signed_bytes)
    _check_chain(certificate, certificates, roots, at, revocation_lists)
    return VerifiedSignature(certificate, claimed_at)


def _signer_certificate(signer: cms.SignerInfo, certificates: Iterable[x509.Certificate]) -> x509.Certificate:
    wanted = signer["sid"].chosen
    for certificate in certificates:
        if (
            wanted["serial_number"].native == certificate.serial_number
            and wanted["issuer"].dump() == certificate.issuer.public_bytes()
        ):
            return certificate
    raise SignatureError("unreadable", "the signer's certificate is not inside the signature")


def _check_attributes(signer: cms.SignerInfo, content: bytes) -> datetime | None:
    """The signed attributes must carry the digest of exactly this content."""
    attributes = {item["type"].native: item["values"][0].native for item in signer["signed_attrs"]}
    if attributes.get("content_type") != "data" or attributes.get("message_digest") != sha256(content).digest():
        raise SignatureError("wrong_digest", "the signature is not over this record: it was changed after signing")
    claimed = attributes.get("signing_time")
    return claimed if isinstance(claimed, datetime) else None


def _check_value(certificate: x509.Certificate, signature: bytes, signed: bytes) -> None:
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            raise SignatureError("unreadable", f"keys of the kind {type(key).__name__} are not known here")
    except InvalidSignature as error:
        raise SignatureError("wrong_signature", "the signature is not that of the certificate's owner") from error


def _check_chain(
    certificate: x509.Certificate,
    given: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
    revocation_lists: Sequence[x509.CertificateRevocationList] | None,
) -> None:
    _check_usage(certificate)
    current = certificate
    for _ in range(_MAX_CHAIN):
        _check_time(current, at)
        issuer = _issuer_of(current, [*roots, *given])
        if revocation_lists is not None:
            _check_revocation(current, issuer, revocation_lists, at)
        if issuer in roots:
            _check_time(issuer, at)
            return
        current = issuer
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


def _check_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise SignatureError("wrong_usage", "the certificate does not say that it may sign documents") from error
    if not usage.digital_signature:
        raise SignatureError("wrong_usage", "the certificate may not be used for signatures")


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
