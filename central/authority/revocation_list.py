"""The authority's list of revoked certificates: one file, written as a whole by one process at a time.

The newest list stands first in the file. Behind it stands, for each moment at which the certificate of a signer was revoked, the
list as it was before: OpenSSL looks for the serial number alone and not for its day, so that with the newest list only nothing
would verify that the signer has signed in time (`openssl cms -verify -crl_check -attime`).

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
MOST_EARLIER = 200
"""So many earlier lists are kept in the file, the newest of them: each names everything that was revoked before it."""
_LOCK_FILE = "crl.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process or thread reads and writes the list meanwhile."""
    with (folder / _LOCK_FILE).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_list(folder: Path) -> x509.CertificateRevocationList:
    """The newest list, which stands first. Raises `OSError` and `ValueError`."""
    return x509.load_pem_x509_crl((folder / LIST_FILE).read_bytes())


def write_list(
    folder: Path,
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    entries: Sequence[x509.RevokedCertificate],
    at: datetime,
) -> None:
    """Sign a list, and the earlier ones behind it, and put them in place of what was there, whole."""
    lists = [(at, entries), *_earlier(certificate, entries, at)]
    replace(folder / LIST_FILE, b"".join(_signed(certificate, key, one, since) for since, one in lists), 0o644)


def is_of_signer(entry: x509.RevokedCertificate) -> bool:
    """Whether the certificate was a signer's: those alone are listed with a reason."""
    try:
        entry.extensions.get_extension_for_class(x509.CRLReason)
    except x509.ExtensionNotFound:
        return False
    return True


def latest_signer(entries: Sequence[x509.RevokedCertificate]) -> datetime | None:
    """When the last signer was revoked; None where there was none."""
    return max((entry.revocation_date_utc for entry in entries if is_of_signer(entry)), default=None)


def _earlier(
    certificate: x509.Certificate, entries: Sequence[x509.RevokedCertificate], at: datetime
) -> list[tuple[datetime, list[x509.RevokedCertificate]]]:
    """The lists before that of `at`, newest first, each with its day.

    They lack only the signers who were revoked later: a terminal with a slow clock, which has no other list, accepts none of those.
    """
    moments = sorted({entry.revocation_date_utc for entry in entries if is_of_signer(entry)}, reverse=True)
    if not moments:
        return []
    starts = [*(moment for moment in moments if moment < at), certificate.not_valid_before_utc]
    return [
        (start, [entry for entry in entries if not is_of_signer(entry) or entry.revocation_date_utc <= start])
        for start in starts[:MOST_EARLIER]
    ]


def _signed(
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    entries: Sequence[x509.RevokedCertificate],
    at: datetime,
) -> bytes:
    # The list is handed over as a file, so its age says nothing; an expired one would lock every terminal out.
    builder = x509.CertificateRevocationListBuilder().issuer_name(certificate.subject)
    builder = builder.last_update(at).next_update(certificate.not_valid_after_utc)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    builder = builder.add_extension(authority, critical=False)
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


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
