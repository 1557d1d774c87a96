"""Signatures by ГОСТ Р 34.10-2012 through Debian's OpenSSL with its `gost` engine (package libengine-gost-openssl).

Neither the interpreter's libraries nor this program know these algorithms; the `openssl` program does the work, and the key
reaches it through a pipe and no file. The engine is not a certified means of protection: what makes a signature qualified is
the authority that issued the certificate and a certified provider, which goes behind the same interface.
"""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from central.signature.chain import SignatureError, check_usage
from central.signature.provider import SigningRefused
from central.signature.software import decrypt_pkcs8

TIMEOUT_S = 20.0
DIGESTS = {"1.2.643.7.1.1.1.1": "md_gost12_256", "1.2.643.7.1.1.1.2": "md_gost12_512"}
"""Algorithm of the public key (RFC 9215) → the hash function that belongs to it (ГОСТ Р 34.11-2012)."""
_PROBE = b"dopusk: does the key belong to the certificate?"
_FAULTS = (
    ("certificate has expired", "expired"),
    ("certificate is not yet valid", "not_yet_valid"),
    ("certificate verify error", "unknown_issuer"),
    ("verification failure", "wrong_digest"),
    ("signature failure", "wrong_signature"),
)
"""What `openssl` says, in the order in which it is looked for, and our word for it."""


def is_gost(certificate: x509.Certificate) -> bool:
    """Whether the certificate's key is one of ГОСТ Р 34.10-2012."""
    return certificate.public_key_algorithm_oid.dotted_string in DIGESTS


class GostKey:
    """An opened key in the form of PKCS#8. Implements `SignatureProvider`."""

    def __init__(self, certificate: x509.Certificate, key_pem: bytes) -> None:
        self.certificate = certificate
        self._key_pem: bytes | None = key_pem

    def sign_detached(self, content: bytes) -> bytes:
        """See `SignatureProvider`; the digest is that of ГОСТ Р 34.11-2012."""
        if self._key_pem is None:
            raise SigningRefused("locked", "the key was closed")
        digest = DIGESTS[self.certificate.public_key_algorithm_oid.dotted_string]
        command = [
            "cms",
            "-sign",
            "-cades",
            "-engine",
            "gost",
            "-binary",
            "-nosmimecap",
            "-outform",
            "DER",
            "-md",
            digest,
        ]
        with tempfile.TemporaryDirectory(prefix="dopusk-gost-") as folder:
            signer, out = Path(folder) / "signer.pem", Path(folder) / "signature.der"
            signer.write_bytes(self.certificate.public_bytes(Encoding.PEM))
            reading, writing = os.pipe()
            try:
                # A key is far smaller than a pipe holds, so that writing it does not wait for a reader.
                os.write(writing, self._key_pem)
                os.close(writing)
                command += ["-signer", str(signer), "-inkey", f"/dev/fd/{reading}", "-out", str(out)]
                code, said = _openssl(command, content, (reading,))
            finally:
                os.close(reading)
            if code != 0:
                raise SigningRefused("no_key", f"openssl did not sign: {said}")
            return out.read_bytes()

    def close(self) -> None:
        """Forget the key."""
        self._key_pem = None


def open_gost_key(certificate_pem: bytes, encrypted: bytes, passphrase: str) -> GostKey:
    """Open a medic's key, stored by `software.encrypt_pkcs8`, and try it out.

    Raises `SigningRefused`: `wrong_passphrase`, `wrong_certificate`, `no_key`.
    """
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    if not is_gost(certificate):
        raise SigningRefused("wrong_certificate", "the certificate in the register is not one of ГОСТ Р 34.10-2012")
    key = GostKey(certificate, decrypt_pkcs8(encrypted, passphrase))
    signature = key.sign_detached(_PROBE)
    code, said = _verify(signature, _PROBE, certificate.public_bytes(Encoding.PEM), ["-noverify"])
    if code != 0:
        raise SigningRefused("wrong_certificate", f"the key does not belong to the certificate: {said}")
    return key


def verify_gost(
    signature: bytes,
    content: bytes,
    certificate: x509.Certificate,
    roots: Sequence[x509.Certificate],
    *,
    at: datetime,
    revocation_lists: Sequence[x509.CertificateRevocationList] | None,
) -> None:
    """Digest, signature, chain, validity at `at`, revocation. Arguments and errors as of `verification.verify_detached`."""
    check_usage(certificate)
    if not roots:
        raise SignatureError("unknown_issuer", "no trusted authority is at hand")
    roots_pem = b"".join(item.public_bytes(Encoding.PEM) for item in roots)
    options = ["-purpose", "any", "-attime", str(int(at.timestamp()))]
    try:
        code, said = _verify(signature, content, roots_pem, options)
    except SigningRefused as error:
        raise SignatureError("unreadable", str(error)) from error
    if code != 0:
        raise SignatureError(next((word for text, word in _FAULTS if text in said), "unreadable"), said)
    if revocation_lists is not None:
        _check_revocation(certificate, roots_pem, revocation_lists, at)


def _check_revocation(
    certificate: x509.Certificate,
    roots_pem: bytes,
    lists: Sequence[x509.CertificateRevocationList],
    at: datetime,
) -> None:
    """By the newest list, whenever the signature was made: `openssl cms` would hold an older signature against no newer list."""
    ours = [item for item in lists if item.issuer == certificate.issuer]
    newest = max(ours, key=lambda item: item.last_update_utc, default=None)
    if newest is None or not _is_list_signed(
        newest.public_bytes(Encoding.PEM), roots_pem, certificate.public_bytes(Encoding.PEM)
    ):
        raise SignatureError("revocation_unknown", "no revocation list of the certificate's authority is at hand")
    if newest.next_update_utc is not None and newest.next_update_utc < at:
        raise SignatureError("revocation_unknown", "the revocation list of the certificate's authority had ended")
    entry = newest.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None and entry.revocation_date_utc <= at:
        raise SignatureError("revoked", f"the certificate was revoked on {entry.revocation_date_utc}")


@cache
def _is_list_signed(list_pem: bytes, roots_pem: bytes, certificate_pem: bytes) -> bool:
    """Whether the list is one that the certificate can be held against; what it says of the certificate is read elsewhere."""
    with tempfile.TemporaryDirectory(prefix="dopusk-gost-") as folder:
        given, trusted, held = (Path(folder) / name for name in ("list.pem", "trusted.pem", "certificate.pem"))
        given.write_bytes(list_pem)
        trusted.write_bytes(roots_pem)
        held.write_bytes(certificate_pem)
        command = ["verify", "-engine", "gost", "-crl_check", "-no_check_time", "-CAfile", str(trusted)]
        code, said = _openssl([*command, "-no-CApath", "-no-CAstore", "-CRLfile", str(given), str(held)], b"", ())
    return code == 0 or "certificate revoked" in said


def _verify(signature: bytes, content: bytes, trusted_pem: bytes, options: list[str]) -> tuple[int, str]:
    with tempfile.TemporaryDirectory(prefix="dopusk-gost-") as folder:
        made, given, trusted = (Path(folder) / name for name in ("signature.der", "content", "trusted.pem"))
        made.write_bytes(signature)
        given.write_bytes(content)
        trusted.write_bytes(trusted_pem)
        command = ["cms", "-verify", "-engine", "gost", "-binary", "-inform", "DER", "-in", str(made)]
        command += ["-content", str(given), "-CAfile", str(trusted), "-no-CApath", "-no-CAstore", "-out", os.devnull]
        return _openssl(command + options, b"", ())


def _openssl(arguments: list[str], typed: bytes, descriptors: tuple[int, ...]) -> tuple[int, str]:
    """Exit code and what it said, in one line."""
    try:
        done = subprocess.run(
            ["openssl", *arguments],
            input=typed,
            capture_output=True,
            pass_fds=descriptors,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SigningRefused("no_key", f"openssl cannot be used: {type(error).__name__}") from error
    return done.returncode, " ".join(done.stderr.decode("utf-8", "replace").split())[-600:]
