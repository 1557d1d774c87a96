"""Checking a medic's detached signature (CMS SignedData, RFC 5652) against pinned roots. Pure: time and lists are handed in.

The centre checks each fresh signature before it stores it; terminals check again with their own reading of the standard.
A time stamp among the unsigned attributes is checked by `central.signature.timestamp`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from central.signature.chain import SignatureError, check_chain, check_usage, signer_certificate
from central.signature.gost import is_gost, verify_gost
from sync.contract.signing_certificate import is_named


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """The signer, by the certificate that was checked up to a root."""

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
        certificate = signer_certificate(signer, certificates)
        if is_gost(certificate):
            verify_gost(signature, content, certificate, roots, at=at, revocation_lists=revocation_lists)
            return VerifiedSignature(certificate, _claimed_time(signer))
        claimed_at = _check_attributes(signer, content)
        signed_bytes = signer["signed_attrs"].untag().dump()
        digest = signer["digest_algorithm"]["algorithm"].native
        signature_value = signer["signature"].native
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise SignatureError("unreadable", f"not a CMS signature: {error}") from error
    if digest != "sha256":
        raise SignatureError("unreadable", f"SHA-256 is expected, {digest} was used")
    _check_value(certificate, signature_value, signed_bytes)
    if not is_named(signer["signed_attrs"], certificate):
        raise SignatureError("wrong_signer", "the signature names another certificate than the one inside it")
    check_usage(certificate)
    check_chain(certificate, certificates, roots, at, revocation_lists)
    return VerifiedSignature(certificate, claimed_at)


def _check_attributes(signer: cms.SignerInfo, content: bytes) -> datetime | None:
    """The signed attributes must carry the digest of exactly this content."""
    attributes = {item["type"].native: item["values"][0].native for item in signer["signed_attrs"]}
    if attributes.get("content_type") != "data" or attributes.get("message_digest") != sha256(content).digest():
        raise SignatureError("wrong_digest", "the signature is not over this record: it was changed after signing")
    return _claimed_time(signer)


def _claimed_time(signer: cms.SignerInfo) -> datetime | None:
    times = [item["values"][0].native for item in signer["signed_attrs"] if item["type"].native == "signing_time"]
    return times[0] if times and isinstance(times[0], datetime) else None


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
