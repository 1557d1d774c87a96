"""The keys by which organisations sign their papers: one for each, beside the authority that certifies them.

Files `organisations/<org>.pem` (certificate, and those that lead up to its root) and `<org>.key` (PKCS#8, mode 600) in the folder
of the authority. A key signs documents of the organisation and no decision: its certificate is for another purpose than a medic's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from central.authority.pki import Authority, write_secret
from central.authority.revocation_list import alone, replace
from central.signature.gost import GostKey, is_gost
from central.signature.pdf_key import PdfKey

FOLDER = "organisations"
RENEW_BEFORE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class OrganisationKey:
    """An opened key. `signer`: a `PdfKey` signs inside of a PDF; a ГОСТ key signs beside it, because readers of PDF know none."""

    certificate: x509.Certificate
    signer: PdfKey | GostKey


def organisation_key(authority: Authority, org: str, name: str, now: datetime) -> OrganisationKey:
    """The organisation's key; made when there is none, and certified anew by our authority before its certificate ends.

    A certificate of another authority is never renewed here. Raises `OSError` and `ValueError` where the files cannot be used: one
    without the other, a certificate of another key, or one that has ended.
    """
    folder = authority.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    certificate_file, key_file = folder / f"{org}.pem", folder / f"{org}.key"
    with alone(authority.folder):
        if not key_file.exists() and not certificate_file.exists():
            issued = authority.issue_organisation(org, name)
            write_secret(key_file, issued.key_pem or b"")
            replace(certificate_file, issued.certificate_pem, 0o644)
        found = _opened(certificate_file, key_file)
        if _is_due(found.certificate, authority, now):
            issued = authority.issue_organisation(org, name, found.certificate.public_key())
            replace(certificate_file, issued.certificate_pem, 0o644)
            found = _opened(certificate_file, key_file)
    if not found.certificate.not_valid_before_utc <= now <= found.certificate.not_valid_after_utc:
        raise ValueError(f"{certificate_file}: the certificate of the organisation's key is not valid now")
    return found


def take_key(authority: Authority, org: str, certificate_pem: bytes, key_pem: bytes) -> OrganisationKey:
    """Put a key of the organisation's own, with a certificate of another authority, in the place of what is there.

    Raises `OSError` and `ValueError`; then everything stays as it is.
    """
    folder = authority.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with alone(authority.folder):
        found = _read(certificate_pem, key_pem, f"the key of {org}")
        replace(folder / f"{org}.key", key_pem, 0o600)
        replace(folder / f"{org}.pem", certificate_pem, 0o644)
    return found


def certificates_of(authority_dir: Path) -> Iterator[tuple[str, x509.Certificate]]:
    """Organisation and certificate of every key that is there and can be read."""
    for file in sorted((authority_dir / FOLDER).glob("*.pem")):
        try:
            yield file.stem, x509.load_pem_x509_certificates(file.read_bytes())[0]
        except (OSError, ValueError):
            continue


def _is_due(certificate: x509.Certificate, authority: Authority, now: datetime) -> bool:
    return (
        certificate.issuer == authority.certificate.subject
        and certificate.not_valid_after_utc - now < RENEW_BEFORE
        and authority.certificate.not_valid_after_utc > certificate.not_valid_after_utc
    )


def _opened(certificate_file: Path, key_file: Path) -> OrganisationKey:
    return _read(certificate_file.read_bytes(), key_file.read_bytes(), str(certificate_file))


def _read(certificate_pem: bytes, key_pem: bytes, place: str) -> OrganisationKey:
    certificate, *issuers = x509.load_pem_x509_certificates(certificate_pem)
    if is_gost(certificate):
        return OrganisationKey(certificate, GostKey(certificate, key_pem))
    key = load_pem_private_key(key_pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError(f"{place}: keys of the kind {type(key).__name__} sign no PDF")
    if key.public_key() != certificate.public_key():
        raise ValueError(f"{place}: the certificate does not belong to the key")
    return OrganisationKey(certificate, PdfKey(certificate, key, tuple(issuers)))
