"""The small authority: what it issues passes OpenSSL's own checks, for its purpose and no other."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from central.authority.pki import Authority, create_authority
from tests.broker import is_listed


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return create_authority(tmp_path / "authority")


def _openssl(authority: Authority, pem: bytes, purpose: str) -> bool:
    certificate = authority.folder / "probe.pem"
    certificate.write_bytes(pem)
    command = ["openssl", "verify", "-x509_strict", "-crl_check", "-CRLfile", str(authority.crl_file)]
    command += ["-CAfile", str(authority.folder / "ca.pem"), "-purpose", purpose, str(certificate)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_each_certificate_serves_its_purpose_only(authority: Authority) -> None:
    server = authority.issue_server(["127.0.0.1", "broker.example"]).certificate_pem
    terminal = authority.issue_terminal("kiosk-1").certificate_pem
    medic = authority.issue_medic("Луговая Зоя Марковна", "01a2", "Медпункт «Заря»").certificate_pem
    uses = {
        name: [_openssl(authority, pem, purpose) for purpose in ("sslserver", "sslclient", "smimesign")]
        for name, pem in (("server", server), ("terminal", terminal), ("medic", medic))
    }
    assert uses == {
        "server": [True, False, False],
        "terminal": [False, True, False],
        "medic": [False, False, True],
    }


def test_a_revoked_certificate_does_not_verify(authority: Authority) -> None:
    one, two = authority.issue_terminal("kiosk-1"), authority.issue_terminal("kiosk-2")
    authority.revoke(one.serial)
    authority.revoke(one.serial)
    assert is_listed(authority, one.serial)
    assert not is_listed(authority, two.serial)
    assert not _openssl(authority, one.certificate_pem, "sslclient")
    assert _openssl(authority, two.certificate_pem, "sslclient")
    authority.revoke(two.serial)
    assert is_listed(authority, one.serial)


def test_the_name_in_a_request_is_not_believed(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "centre")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    issued = authority.issue_terminal("kiosk-1", request.public_bytes(Encoding.PEM))
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    assert [str(name.value) for name in certificate.subject] == ["kiosk-1"]
    assert issued.key_pem is None


def test_no_terminal_gets_the_centres_name(authority: Authority) -> None:
    with pytest.raises(ValueError, match="reserved"):
        authority.issue_terminal("centre")


def test_an_authority_is_never_replaced(authority: Authority) -> None:
    with pytest.raises(FileExistsError):
        create_authority(authority.folder)


@pytest.mark.parametrize(
    ("full_name", "common"),
    [
        ("Луговая Зоя Марковна", "Луговая Зоя Марковна"),
        ("Константинопольская-Задунайская Елизавета Владиславовна", "Константинопольская-Задунайская"),
        ("Константинопольский Александр Владиславович", "Константинопольский А. В."),
        ("Ж" * 200, "Ж" * 32),
    ],
)
def test_a_long_name_stands_in_full_beside_a_short_common_name(
    authority: Authority, full_name: str, common: str
) -> None:
    issued = authority.issue_medic(full_name, "01a2", "М" * 200)
    assert _openssl(authority, issued.certificate_pem, "smimesign")
    subject = x509.load_pem_x509_certificate(issued.certificate_pem).subject
    names = {attribute.oid: str(attribute.value) for attribute in subject}
    assert names[NameOID.COMMON_NAME].startswith(common)
    assert f"{names[NameOID.SURNAME]} {names.get(NameOID.GIVEN_NAME, '')}".strip() == full_name
