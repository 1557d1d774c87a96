"""Raw signatures, plain CMS and hashes by ГОСТ Р 34.10/34.11-2012, as ЕСИА wants them; the `openssl` program does the work.

A raw signature is s and r, each 32 bytes, most significant first (RFC 4491, 2.2.2). КриптоПро's `csptest` writes the same bytes
from behind, which is why its users turn them round.
"""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from central.signature.provider import SigningRefused

TIMEOUT_S = 20.0
_DIGEST = "md_gost12_256"
_KEY = "KEY"
"""Stands in a command for the descriptor from which the key is read."""


class RawGostKey:
    """A key of the organisation's system, by ГОСТ Р 34.10-2012 of 256 bits, with its certificate."""

    def __init__(self, certificate: x509.Certificate, key_pem: bytes) -> None:
        self._certificate_pem = certificate.public_bytes(Encoding.PEM)
        self._certificate_der = certificate.public_bytes(Encoding.DER)
        self._key_pem = key_pem

    def sign_raw(self, content: bytes) -> bytes:
        """The signature alone, 64 bytes. Raises `SigningRefused`."""
        return _made(["dgst", "-engine", "gost", f"-{_DIGEST}", "-sign", _KEY, "-out", "made"], content, self._key_pem)

    def sign_cms(self, content: bytes) -> bytes:
        """A detached CMS SignedData, DER: contentType, signingTime, messageDigest, the certificate. Raises `SigningRefused`."""
        command = ["cms", "-sign", "-engine", "gost", "-binary", "-nosmimecap", "-outform", "DER", "-md", _DIGEST]
        command += ["-signer", "signer.pem", "-inkey", _KEY, "-out", "made"]
        return _made(command, content, self._key_pem, {"signer.pem": self._certificate_pem})

    def certificate_hash(self) -> str:
        """ГОСТ Р 34.11-2012 of the certificate's DER, hexadecimal. Raises `SigningRefused`."""
        return _made(["dgst", "-engine", "gost", f"-{_DIGEST}", "-binary", "-out", "made"], self._certificate_der).hex()


def is_signed_raw(signature: bytes, content: bytes, certificate: x509.Certificate) -> bool:
    """Whether the certificate's key has made this raw signature. Raises `SigningRefused` where openssl cannot be used."""
    files = {"signer.pem": certificate.public_bytes(Encoding.PEM), "signature": signature, "content": content}
    with tempfile.TemporaryDirectory(prefix="dopusk-gost-") as folder:
        for name, kept in files.items():
            (Path(folder) / name).write_bytes(kept)
        extract = ["x509", "-engine", "gost", "-in", "signer.pem", "-pubkey", "-noout", "-out", "public.pem"]
        if _run(extract, folder, b"", ()) != 0:
            return False
        check = [
            "dgst",
            "-engine",
            "gost",
            f"-{_DIGEST}",
            "-verify",
            "public.pem",
            "-signature",
            "signature",
            "content",
        ]
        return _run(check, folder, b"", ()) == 0


def _made(command: Sequence[str], content: bytes, key_pem: bytes = b"", files: dict[str, bytes] | None = None) -> bytes:
    with tempfile.TemporaryDirectory(prefix="dopusk-gost-") as folder:
        for name, kept in (files or {}).items():
            (Path(folder) / name).write_bytes(kept)
        reading, writing = os.pipe()
        try:
            # A key is far smaller than a pipe holds, so that writing it does not wait for a reader.
            os.write(writing, key_pem)
            os.close(writing)
            arguments = [f"/dev/fd/{reading}" if one == _KEY else one for one in command]
            if _run(arguments, folder, content, (reading,)) != 0:
                raise SigningRefused(
                    "no_key", "openssl did not sign: is the key one of ГОСТ Р 34.10-2012 with 256 bits?"
                )
        finally:
            os.close(reading)
        return (Path(folder) / "made").read_bytes()


def _run(arguments: Sequence[str], folder: str, typed: bytes, descriptors: tuple[int, ...]) -> int:
    try:
        done = subprocess.run(
            ["openssl", *arguments],
            cwd=folder,
            input=typed,
            capture_output=True,
            pass_fds=descriptors,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SigningRefused("no_key", f"openssl cannot be used: {type(error).__name__}") from error
    return done.returncode
