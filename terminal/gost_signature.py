"""A medic's signature by ГОСТ Р 34.10-2012, checked by Debian's OpenSSL with its `gost` engine (libengine-gost-openssl)."""

import os
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from cryptography import x509

TIMEOUT_S = 20.0
_KEYS = frozenset({"1.2.643.7.1.1.1.1", "1.2.643.7.1.1.1.2"})
"""id-tc26-gost3410-12-256 and -512 (RFC 9215)."""


class GostSignatureError(Exception):
    """The signature does not hold, or could not be checked here."""


def is_gost(certificate: x509.Certificate) -> bool:
    """Whether the certificate's key is one of ГОСТ Р 34.10-2012."""
    return certificate.public_key_algorithm_oid.dotted_string in _KEYS


def verify_gost(signature: bytes, content: bytes, roots: Path, at: datetime) -> None:
    """Digest, signature and chain to one of the certificates in the PEM file `roots`, all as of `at`.

    Raises `GostSignatureError`.
    """
    with tempfile.TemporaryDirectory(prefix="dopusk-decision-") as folder:
        made, given = Path(folder) / "decision.cms", Path(folder) / "record.json"
        made.write_bytes(signature)
        given.write_bytes(content)
        command = ["openssl", "cms", "-verify", "-engine", "gost", "-binary", "-inform", "DER", "-in", str(made)]
        command += ["-content", str(given), "-CAfile", str(roots), "-no-CApath", "-no-CAstore", "-purpose", "any"]
        command += ["-attime", str(int(at.timestamp())), "-out", os.devnull]
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise GostSignatureError(f"openssl cannot be used: {type(error).__name__}") from error
    if done.returncode != 0:
        raise GostSignatureError("the signature by ГОСТ does not hold, or its certificate leads to no pinned root")
