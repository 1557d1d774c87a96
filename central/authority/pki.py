"""The centre's own small certificate authority: EC P-256, one level, one list of revoked certificates.

Files in its folder: `ca.pem`, `ca.key` (mode 600), `crl.pem`. Profiles follow RFC 5280: terminals and the centre's
processes authenticate as TLS clients, the broker as a TLS server, medics sign documents and nothing else.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central.authority.revocation_list import (
    LIST_FILE,
    PROBE_FILE,
    alone,
    latest_signer,
    probe_serial,
    read_list,
    replace,
    write_list,
)
from central.core.clock import now_utc

AUTHORITY_VALID = timedelta(days=3650)
SERVICE_VALID = timedelta(days=825)
TERMINAL_VALID = timedelta(days=365)
MEDIC_VALID = timedelta(days=365)
ORGANISATION_VALID = timedelta(days=825)
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""id-kp-documentSigning (RFC 9336)."""
RESERVED_NAMES = frozenset({"centre"})
"""Common names with rights of their own at the broker; no terminal may bear one."""
SERVICES = "services"
"""Folder, inside that of the centre's authority, of the one that certifies the centre's own processes to the broker: what it has
not signed does not come near the listener where the access list does not stand between one client and another."""
_TERMINAL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_BACKDATE = timedelta(hours=1)
_MAX_COMMON_NAME_BYTES = 64
_MAX_ORGANISATION = 64


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, and its key where we made it. `serial` in hexadecimal."""

    certificate_pem: bytes
    key_pem: bytes | None
    serial: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class RevokedSigner:
    """A certificate for signing that is no longer good. `serial` in hexadecimal, `at` a whole second."""

    serial: str
    at: datetime
    reason: x509.ReasonFlags


class Authority:
    """An authority that exists on disk. Raises `OSError` or `ValueError` when its files cannot be read.

    `clock` says from when its certificates are valid.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = now_utc) -> None:
        self.folder = folder
        self.clock = clock
        self.certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        key = load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{folder / 'ca.key'}: not an elliptic-curve key")
        self._key = key

    @property
    def ca_pem(self) -> bytes:
        """The trust anchor."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def crl_file(self) -> Path:
        """The list of revoked certificates, for the broker and for checks of signatures."""
        return self.folder / LIST_FILE

    def issue_server(self, hostnames: Sequence[str], public_key: CertificatePublicKeyTypes | None = None) -> Issued:
        """A TLS server certificate for these host names and addresses; the first is its common name. For a key that is there,
        or with one of its own."""
        names = x509.SubjectAlternativeName([_general_name(name) for name in hostnames])
        usage = [ExtendedKeyUsageOID.SERVER_AUTH]
        if public_key is None:
            return self._issue_own(_subject(hostnames[0]), usage, SERVICE_VALID, names)
        return self._issue(_subject(hostnames[0]), public_key, usage, SERVICE_VALID, names)

    def issue_client(self, name: str = "centre", public_key: CertificatePublicKeyTypes | None = None) -> Issued:
        """A TLS client certificate for a part of the centre; the broker's access list knows the common name."""
        usage = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if public_key is None:
            return self._issue_own(_subject(name), usage, SERVICE_VALID)
        return self._issue(_subject(name), public_key, usage, SERVICE_VALID)

    def issue_terminal(self, terminal_id: str, csr_pem: bytes | None = None) -> Issued:
        """A TLS client certificate whose common name is the terminal's id, whatever the request asks for.

        Raises `ValueError` for a reserved name and for a request that is not signed by the key that it names.
        """
        if terminal_id in RESERVED_NAMES:
            raise ValueError(f"the name {terminal_id!r} is reserved for the centre")
        if not _TERMINAL_NAME.fullmatch(terminal_id):
            # The broker takes it for the name of the session, and the centre's sessions have a sign that stands in none of these.
            raise ValueError(f"{terminal_id!r} cannot be the name of a terminal")
        if csr_pem is None:
            return self._issue_own(_subject(terminal_id), [ExtendedKeyUsageOID.CLIENT_AUTH], TERMINAL_VALID)
        request = x509.load_pem_x509_csr(csr_pem)
        if not request.is_signature_valid:
            raise ValueError("the certificate request is not signed by its own key")
        usage = [ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(_subject(terminal_id), request.public_key(), usage, TERMINAL_VALID)

    def issue_medic(
        self, full_name: str, medic_id: str, organisation: str, public_key: CertificatePublicKeyTypes | None = None
    ) -> Issued:
        """A signing certificate for a medic; without `public_key` (of a token) the key is made here and returned."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:_MAX_ORGANISATION]),
                *_person(full_name),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, medic_id),
            ]
        )
        usage = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
        if public_key is None:
            return self._issue_own(subject, usage, MEDIC_VALID)
        return self._issue(subject, public_key, usage, MEDIC_VALID)

    def issue_organisation(self, org: str, name: str, public_key: CertificatePublicKeyTypes | None = None) -> Issued:
        """A certificate for the key by which an organisation signs its papers (RFC 9336). It is none for a medic's decisions."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:_MAX_ORGANISATION]),
                x509.NameAttribute(NameOID.COMMON_NAME, _fitted(name)),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, org),
            ]
        )
        if public_key is None:
            return self._issue_own(subject, [DOCUMENT_SIGNING], ORGANISATION_VALID)
        return self._issue(subject, public_key, [DOCUMENT_SIGNING], ORGANISATION_VALID)

    def revoke(self, *serials: str) -> None:
        """Add certificates to the list and write the list anew, once, however many they are. Doing it twice changes nothing."""
        with alone(self.folder):
            listed = read_list(self.folder)
            known = {entry.serial_number for entry in listed}
            new = {int(serial, 16) for serial in serials} - known
            if new:
                now = now_utc()
                self._write_list(listed, [_entry(number, now) for number in sorted(new)])

    def revoke_signers(self, signers: Sequence[RevokedSigner]) -> None:
        """Add certificates that sign documents; what is listed stays. Earlier lists keep what was signed in time verifiable."""
        with alone(self.folder):
            listed = read_list(self.folder)
            known = {entry.serial_number for entry in listed}
            new = {int(one.serial, 16): one for one in signers}
            entries = [_entry(number, one.at, one.reason) for number, one in new.items() if number not in known]
            if entries:
                self._write_list(listed, entries)

    def renew_probe(self) -> None:
        """Write the list anew with a fresh probe: for one that was written before there were probes."""
        with alone(self.folder):
            self._write_list(read_list(self.folder), [])

    def _write_list(self, listed: x509.CertificateRevocationList, new: Sequence[x509.RevokedCertificate]) -> None:
        probe = self._issue_own(_subject("probe"), [ExtendedKeyUsageOID.CLIENT_AUTH], AUTHORITY_VALID)
        before = probe_serial(self.folder)
        now = now_utc()
        kept = [entry for entry in listed if entry.serial_number != before]
        entries = [*kept, *new, _entry(int(probe.serial, 16), now)]
        # Of two lists with the same second a broker that reads anew keeps the first; so each is later than the one before,
        # and never later than now, but for a list that has an earlier one behind it to serve until its second has come.
        at = max(now - _BACKDATE, listed.last_update_utc + timedelta(seconds=1))
        at = max(at, latest_signer(entries) or at)
        write_list(self.folder, self.certificate, self._key, entries, at)
        replace(self.folder / PROBE_FILE, probe.certificate_pem + (probe.key_pem or b""), 0o600)

    def _issue_own(
        self,
        subject: x509.Name,
        usages: Sequence[x509.ObjectIdentifier],
        valid: timedelta,
        names: x509.SubjectAlternativeName | None = None,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self._issue(subject, key.public_key(), usages, valid, names)
        return Issued(issued.certificate_pem, _key_pem(key), issued.serial, issued.not_after)

    def _issue(
        self,
        subject: x509.Name,
        public_key: CertificatePublicKeyTypes,
        usages: Sequence[x509.ObjectIdentifier],
        valid: timedelta,
        names: x509.SubjectAlternativeName | None = None,
    ) -> Issued:
        now = self.clock()
        signs_documents = bool({ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING} & set(usages))
        not_after = min(now + valid, self.certificate.not_valid_after_utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - _BACKDATE, self.certificate.not_valid_before_utc))
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(content_commitment=signs_documents), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(_authority_identifier(self.certificate), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Issued(certificate.public_bytes(Encoding.PEM), None, f"{certificate.serial_number:x}", not_after)


def create_authority(
    folder: Path, name: str = "Dopusk authority", clock: Callable[[], datetime] = now_utc
) -> Authority:
    """Make a new authority in a folder. Raises `FileExistsError` rather than replace one."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    now = clock()
    subject = _subject(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + AUTHORITY_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_secret(folder / "ca.key", _key_pem(key))
    (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    write_list(folder, certificate, key, [], now - _BACKDATE)
    return Authority(folder, clock)


def services_authority(authority: Authority) -> Authority:
    """The authority of the centre's own processes, beside the one that certifies terminals; made when it is not there."""
    folder = authority.folder / SERVICES
    if (folder / "ca.pem").exists():
        return Authority(folder)
    return create_authority(folder, "Dopusk services", authority.clock)


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read. Raises `FileExistsError` rather than replace one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _entry(serial: int, at: datetime, reason: x509.ReasonFlags | None = None) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    return (builder if reason is None else builder.add_extension(x509.CRLReason(reason), critical=False)).build()


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _person(full_name: str) -> list[x509.NameAttribute[str]]:
    """Surname and given names in full, and a common name, which holds 64 bytes: 32 Cyrillic letters are few for a name."""
    surname, _, given = full_name.strip().partition(" ")
    common = full_name
    if len(common.encode()) > _MAX_COMMON_NAME_BYTES:
        common = " ".join([surname, *(f"{name[0]}." for name in given.split())])
    parts = [(NameOID.COMMON_NAME, _fitted(common)), (NameOID.SURNAME, surname), (NameOID.GIVEN_NAME, given)]
    return [x509.NameAttribute(oid, value) for oid, value in parts if value]


def _fitted(name: str) -> str:
    """As much of a name as a common name holds."""
    return name.encode()[:_MAX_COMMON_NAME_BYTES].decode(errors="ignore")


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _authority_identifier(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(*, authority: bool = False, content_commitment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
