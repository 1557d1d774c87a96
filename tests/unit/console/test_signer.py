"""Whose signature stands on a decision: a medic's certificate for signing, the one that the record names, and no other's."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import update

from central.authority.pki import Authority, Issued, create_authority
from central.core.trust import Trust
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.signature import cms_message
from central.signature.chain import SignatureError
from central.signature.decision import verify_decision
from central.signature.software import SoftwareKey
from central.signature.verification import verify_detached
from central.store import decisions
from central.store.decisions import decision
from central.store.engine import reading, writing
from sync.contract.canonical import new_id
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre


def _key(issued: Issued) -> SoftwareKey:
    key = load_pem_private_key(issued.key_pem or b"", None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return create_authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize(
    "issue",
    [
        lambda authority: authority.issue_terminal("kiosk-1"),
        lambda authority: authority.issue_client("centre"),
        lambda authority: authority.issue_server(["broker"]),
    ],
)
def test_a_certificate_for_the_wire_signs_nothing(authority: Authority, issue: Callable[[Authority], Issued]) -> None:
    signature = _key(issue(authority)).sign_detached(b"content")
    with pytest.raises(SignatureError) as refused:
        verify_detached(signature, b"content", [authority.certificate], at=datetime.now(UTC))
    assert refused.value.code == "wrong_usage"


def test_openssl_takes_the_signature_as_cades(authority: Authority, tmp_path: Path) -> None:
    key = _key(authority.issue_medic("Луговая Зоя", new_id(), "Медпункт"))
    (tmp_path / "signature").write_bytes(key.sign_detached(b"content"))
    (tmp_path / "content").write_bytes(b"content")
    (tmp_path / "ca.pem").write_bytes(authority.ca_pem)
    command = "openssl cms -verify -cades -binary -inform DER -in signature -content content -CAfile ca.pem -out out"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "CAdES Verification successful" in done.stderr) == (0, True), done.stderr


def test_a_signature_that_names_another_certificate_of_the_same_key_is_refused(authority: Authority) -> None:
    """Without the hash inside, the certificate could be exchanged for any other of the same key."""
    issued = authority.issue_medic("Луговая Зоя", new_id(), "Медпункт")
    key = load_pem_private_key(issued.key_pem or b"", None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    other = authority.issue_medic("Бережной Фома", new_id(), "Медпункт", key.public_key())
    mine, exchanged = (x509.load_pem_x509_certificate(one.certificate_pem) for one in (issued, other))
    attributes = cms_message.signed_attributes(b"content", mine, datetime.now(UTC))
    value = key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    signature = cms_message.detached(attributes, exchanged, "sha256_ecdsa", value)
    with pytest.raises(SignatureError) as refused:
        verify_detached(signature, b"content", [authority.certificate], at=datetime.now(UTC))
    assert refused.value.code == "wrong_signer"


def test_a_signature_of_before_that_names_no_certificate_still_holds(authority: Authority) -> None:
    issued = authority.issue_medic("Луговая Зоя", new_id(), "Медпункт")
    key = load_pem_private_key(issued.key_pem or b"", None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    attributes = cms_message.signed_attributes(b"content", certificate, datetime.now(UTC))
    old = cms.CMSAttributes([item for item in attributes if item["type"].native != "signing_certificate_v2"])
    assert len(old) == len(attributes) - 1
    signature = cms_message.detached(old, certificate, "sha256_ecdsa", key.sign(old.dump(), ec.ECDSA(hashes.SHA256())))
    assert verify_detached(signature, b"content", [authority.certificate], at=datetime.now(UTC)).certificate


def test_a_decision_signed_by_another_is_believed_nowhere(centre: ConsoleCentre, zoya: Browser) -> None:
    """The record says that Zoya decided. A terminal's key, or another medic's, has signed it."""
    exam_id = centre.exam()
    assert zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high").status_code == 303
    with reading(centre.engine) as connection:
        (item,) = decisions.of_exam(connection, exam_id)
    trust = Trust(centre.config.keys.authority_dir)
    expected = Expected(None, trust.anchors(), None)
    assert verify_store(centre.engine, expected).faults == []
    forged = item.record.replace(b'"not_admitted"', b'"admitted"')
    foreign = (
        (centre.authority.issue_terminal("kiosk-1"), "wrong_usage"),
        (centre.authority.issue_medic("Чужой Пётр", new_id(), "Медпункт"), "wrong_signer"),
    )
    take_guards_out(centre.engine)
    for issued, code in foreign:
        signature = _key(issued).sign_detached(forged)
        with writing(centre.engine) as connection:
            connection.execute(update(decision).values(record=forged, cms=signature, outcome="admitted"))
        with pytest.raises(SignatureError) as refused:
            verify_decision(signature, forged, trust.anchors().roots, at=item.decided_at)
        assert refused.value.code == code
        faults = verify_store(centre.engine, expected).faults
        assert ("wrongly_signed", f"decision {item.decision_id}") in [(fault.kind, fault.place) for fault in faults]
        page = zoya.get("/journal?columns=signature_check").text
        assert "НЕ ВЕРНА" in page
        assert "подпись верна" not in zoya.get(f"/exams/{exam_id}").text
