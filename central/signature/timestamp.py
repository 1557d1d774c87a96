"""Trusted time in a signature: a token of a time-stamping authority over the signature's value (RFC 3161; RFC 5126, 6.1.1).

The token goes into the CMS as the unsigned attribute id-aa-timeStampToken, so that the signature itself stays what it was
and whoever does not look for the token verifies as before.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from asn1crypto import algos, cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from central.signature.chain import SignatureError, check_chain, signer_certificate
from central.signature.stamp_line import StampError, StampLine

_ATTRIBUTE = "signature_time_stamp_token"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError)


class _Answer(core.Sequence):  # type: ignore[misc]  # the library has no types
    """TimeStampResp of RFC 3161, 2.4.2: a refusal brings no token, which the library's own reading does not allow."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time-stamping authority has confirmed: that the signature existed at that moment."""

    at: datetime
    serial: str
    """Serial number of the token, hexadecimal."""
    authority: str
    """Subject of the authority's certificate, as in RFC 4514."""
    until: datetime
    """When the first certificate of the authority's path ends: up to then the token can be believed by itself."""
    algorithms: tuple[str, ...]
    """What it rests on, as `algorithms.toml` calls them."""


class TimeStamper:
    """A client of one authority. `roots` are those that its certificate must lead to.

    `max_skew`: how far its time may be from ours; a token of another day would prove the wrong thing.
    """

    def __init__(self, url: str, roots: Sequence[x509.Certificate], timeout_s: float, max_skew: timedelta) -> None:
        self._line = StampLine(url, timeout_s)
        self._roots = roots
        self._max_skew = max_skew

    def stamp(self, signature: bytes, now: datetime) -> tuple[bytes, Stamp]:
        """The same CMS with a token in it, verified, and what the token says. Raises `StampError`."""
        token, stamp = self.token(sha256(_value_of(signature)).digest(), now)
        return _with_token(signature, cms.ContentInfo.load(token)), stamp

    def token(self, digest: bytes, now: datetime, algorithm: str = "sha256") -> tuple[bytes, Stamp]:
        """A verified token (DER) over a digest by `algorithm`, and what it says. Raises `StampError`."""
        nonce = secrets.randbits(63)
        token = _token_of(self._line.ask(_request(digest, algorithm, nonce)))
        found = _info_of(token)["nonce"].native
        if found != nonce:
            raise StampError("wrong_nonce", "the answer belongs to another request")
        stamp = _verified(token, self._roots, lambda named: digest if named == algorithm else None)
        if abs(stamp.at - now) > self._max_skew:
            raise StampError("wrong_time", f"the authority's time {stamp.at} is too far from ours {now}")
        return bytes(token.dump()), stamp


def stamp_in(signature: bytes, roots: Sequence[x509.Certificate]) -> Stamp | None:
    """The verified time stamp of a CMS, None where it has none. Raises `StampError`."""
    tokens = _tokens_in(signature)
    return _verified(tokens[0], roots, _digests_of(_value_of(signature))) if tokens else None


def stamp_over(value: bytes, token: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """What a token (DER) over a value says, verified. Raises `StampError`."""
    try:
        read = cms.ContentInfo.load(token, strict=True)
    except _UNREADABLE as error:
        raise StampError("unreadable", f"not a time-stamp token: {error}") from error
    return _verified(read, roots, _digests_of(value))


def token_in(signature: bytes) -> tuple[bytes, bytes] | None:
    """What the time stamp of a CMS is over, and its token (DER), unchecked; None where it has none. Raises `StampError`."""
    tokens = _tokens_in(signature)
    return (_value_of(signature), bytes(tokens[0].dump())) if tokens else None


def _tokens_in(signature: bytes) -> list[Any]:
    try:
        signer = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]
        return [item["values"][0] for item in signer["unsigned_attrs"] if item["type"].native == _ATTRIBUTE]
    except _UNREADABLE as error:
        raise StampError("unreadable", f"not a CMS signature: {error}") from error


def _request(digest: bytes, algorithm: str, nonce: int) -> bytes:
    imprint = tsp.MessageImprint(
        {"hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}), "hashed_message": digest}
    )
    query = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True})
    return bytes(query.dump())


def _value_of(signature: bytes) -> bytes:
    try:
        return bytes(cms.ContentInfo.load(signature)["content"]["signer_infos"][0]["signature"].native)
    except _UNREADABLE as error:
        raise StampError("unreadable", f"not a CMS signature: {error}") from error


def _token_of(answer: bytes) -> Any:
    try:
        reply = _Answer.load(answer, strict=True)
        status = reply["status"]["status"].native
        if status not in {"granted", "granted_with_mods"}:
            reasons = [str(item) for item in reply["status"]["status_string"].native or ()]
            raise StampError("refused", f"the authority answered {status}: {'; '.join(reasons)}")
        return reply["time_stamp_token"]
    except _UNREADABLE as error:
        raise StampError("unreadable", f"not an answer to a time-stamp query: {error}") from error


def _info_of(token: Any) -> Any:
    try:
        return token["content"]["encap_content_info"]["content"].parsed
    except _UNREADABLE as error:
        raise StampError("unreadable", f"not a time-stamp token: {error}") from error


def _with_token(signature: bytes, token: Any) -> bytes:
    """The CMS built anew around the same parts: what was signed keeps its bytes."""
    signed = cms.ContentInfo.load(signature)["content"]
    (signer,) = signed["signer_infos"]
    kept = ("version", "sid", "digest_algorithm", "signed_attrs", "signature_algorithm", "signature")
    attributes = cms.CMSAttributes([cms.CMSAttribute({"type": _ATTRIBUTE, "values": [token]})])
    fresh = cms.SignerInfo({name: signer[name] for name in kept} | {"unsigned_attrs": attributes})
    around = ("version", "digest_algorithms", "encap_content_info", "certificates")
    content = cms.SignedData({name: signed[name] for name in around} | {"signer_infos": [fresh]})
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())


def _digests_of(value: bytes) -> Callable[[str], bytes | None]:
    """The digest of a value by the name of its algorithm."""
    return lambda named: _digest(_HASHES[named], value)


def _verified(token: Any, roots: Sequence[x509.Certificate], digest_by: Callable[[str], bytes | None]) -> Stamp:
    """Check a token: what it is over, who signed it, and up to which root. Raises `StampError`."""
    info = _info_of(token)
    try:
        imprint = info["message_imprint"]
        at = info["gen_time"].native
        serial = f"{info['serial_number'].native:x}"
        if imprint["hashed_message"].native != digest_by(imprint["hash_algorithm"]["algorithm"].native):
            raise StampError("wrong_imprint", "the token is over another signature")
        signed = token["content"]
        (signer,) = signed["signer_infos"]
        certificates = [x509.load_der_x509_certificate(item.chosen.dump()) for item in signed["certificates"]]
        certificate = signer_certificate(signer, certificates)
        _check_signer(signer, bytes(signed["encap_content_info"]["content"]), certificate)
        path = check_chain(certificate, certificates, roots, at, None)
        used = (imprint["hash_algorithm"]["algorithm"].native, signer["digest_algorithm"]["algorithm"].native)
    except SignatureError as error:
        raise StampError("untrusted", f"the authority is not to be believed: {error}") from error
    except _UNREADABLE as error:
        raise StampError("unreadable", f"not a time-stamp token: {error}") from error
    until = min(one.not_valid_after_utc for one in path)
    names = tuple(sorted({*used, *(_key_name(one) for one in path)}))
    return Stamp(at, serial, certificate.subject.rfc4514_string(), until, names)


def _key_name(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ec_{key.key_size}"
    return f"rsa_{key.key_size}" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__


def _check_signer(signer: Any, content: bytes, certificate: x509.Certificate) -> None:
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise StampError("untrusted", "the certificate is not one of a time-stamping authority (RFC 3161, 2.3)")
    algorithm = _HASHES[signer["digest_algorithm"]["algorithm"].native]
    attributes = {item["type"].native: item["values"][0] for item in signer["signed_attrs"]}
    if attributes["content_type"].native != "tst_info":
        raise StampError("unreadable", "the token holds something else than a time")
    if attributes["message_digest"].native != _digest(algorithm, content):
        raise StampError("untrusted", "the token was changed after it was signed")
    _check_names(attributes, certificate)
    signed, value, key = signer["signed_attrs"].untag().dump(), signer["signature"].native, certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, signed, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), algorithm)
        else:
            raise StampError("untrusted", f"keys of the kind {type(key).__name__} are not known here")
    except InvalidSignature as error:
        raise StampError("untrusted", "the token is not signed by its certificate") from error


def _check_names(attributes: dict[str, Any], certificate: x509.Certificate) -> None:
    """The token must name the certificate that it was signed with (RFC 3161, 2.4.2; RFC 5816)."""
    if "signing_certificate_v2" in attributes:
        entry = attributes["signing_certificate_v2"]["certs"][0]
        algorithm = _HASHES[entry["hash_algorithm"]["algorithm"].native]
    else:
        entry, algorithm = attributes["signing_certificate"]["certs"][0], hashes.SHA1()  # noqa: S303  # RFC 2634's own
    if entry["cert_hash"].native != certificate.fingerprint(algorithm):
        raise StampError("untrusted", "the token names another certificate")


def _digest(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()
