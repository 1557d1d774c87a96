"""The authority's list of revoked certificates: one file, written whole by one process at a time.

Beside it lies the probe: a certificate with its key that was made for nothing but to stand on the list. Whoever wants to know
whether a broker has read the newest list shows the probe to it, and is refused or not.
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

LIST_FILE = "crl.pem"
PROBE_FILE = "probe.pem"
"""Certificate and key in one file, so that the two never differ. The newest list names it."""
_LOCK_FILE = "crl.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process or thread reads and writes the list meanwhile."""
    with (folder / _LOCK_FILE).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_list(folder: Path) -> x509.CertificateRevocationList:
    """The list as it stands. Raises `OSError` and `ValueError`."""
    return x509.load_pem_x509_crl((folder / LIST_FILE).read_bytes())


def write_list(
    folder: Path,
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    entries: Sequence[x509.RevokedCertificate],
    at: datetime,
) -> None:
    """Sign a list and put it in place of the one before, whole."""
    # The list is handed over as a file, so its age says nothing; an expired one would lock every terminal out.
    builder = x509.CertificateRevocationListBuilder().issuer_name(certificate.subject)
    builder = builder.last_update(at).next_update(certificate.not_valid_after_utc)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    builder = builder.add_extension(authority, critical=False)
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    replace(folder / LIST_FILE, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM), 0o644)


def probe_serial(folder: Path) -> int | None:
    """Serial number of the probe that is there."""
    try:
        return x509.load_pem_x509_certificate((folder / PROBE_FILE).read_bytes()).serial_number
    except (OSError, ValueError):
        return None


def replace(path: Path, content: bytes, mode: int) -> None:
    """Put a file in place of another, whole."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode)
    fresh.write_bytes(content)
    fresh.replace(path)
