"""A medic who signs by ГОСТ Р 34.10-2012: the same provider interface, checked by centre, terminal and plain openssl."""

import base64
import contextlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import update
from typer.testing import CliRunner

from central.core.rights import Role
from central.core.trust import MEDIC_REVOCATION_FILE, MEDIC_ROOTS_FILE, Trust
from central.deciding.decisions import export, is_valid
from central.deciding.medics import MedicPerson, Qualification, add_medic
from central.signature.chain import SignatureError
from central.signature.gost import open_gost_key
from central.signature.provider import SigningRefused
from central.signature.software import encrypt_pkcs8
from central.signature.timestamp import TimeStamper, stamp_in
from central.signature.verification import verify_detached
from central.store import accounts, decisions, medics
from central.store.engine import reading, writing
from dopusk.commands.central_group import app
from dopusk.lab.demo.sample_people import ORG
from sync.contract.decision import DecisionMessage
from terminal.decision_check import UntrustedDecision, check_decision
from tests.console_centre import PASSPHRASE, Browser, ConsoleCentre
from tests.gost_authority import GostAuthority
from tests.time_stamping import running_tsa

CONTENT = b'{"decision":"admitted"}'


@pytest.fixture(params=[256, 512], scope="module")
def authority(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GostAuthority:
    made = GostAuthority(tmp_path_factory.mktemp("gost") / "ca", request.param)
    made.issue("medic")
    return made


def _signed(authority: GostAuthority, name: str = "medic") -> bytes:
    key = open_gost_key(
        authority.read(f"{name}.pem"), encrypt_pkcs8(authority.read(f"{name}.key"), PASSPHRASE), PASSPHRASE
    )
    try:
        return key.sign_detached(CONTENT)
    finally:
        key.close()


def _code(authority: GostAuthority, signature: bytes, content: bytes = CONTENT, **options: object) -> str:
    values: dict[str, object] = {
        "at": datetime.now(UTC),
        "revocation_lists": [x509.load_pem_x509_crl(authority.read("crl.pem"))],
        "roots": x509.load_pem_x509_certificates(authority.read("root.pem")),
    }
    values |= options
    with pytest.raises(SignatureError) as refused:
        verify_detached(signature, content, values.pop("roots"), **values)  # type: ignore[arg-type]
    return refused.value.code


def test_signature_verifies_and_every_change_is_seen(authority: GostAuthority) -> None:
    signature = _signed(authority)
    roots = x509.load_pem_x509_certificates(authority.read("root.pem"))
    lists = [x509.load_pem_x509_crl(authority.read("crl.pem"))]
    verified = verify_detached(signature, CONTENT, roots, at=datetime.now(UTC), revocation_lists=lists)
    assert verified.certificate.subject.rfc4514_string() == "CN=medic"
    assert verified.claimed_at is not None

    assert _code(authority, signature, CONTENT + b" ") == "wrong_digest"
    assert _code(authority, signature[:-1] + bytes([signature[-1] ^ 1])) in {"wrong_signature", "wrong_digest"}
    assert _code(authority, signature, roots=[]) == "unknown_issuer"
    assert _code(authority, signature, revocation_lists=[]) == "revocation_unknown"
    assert _code(authority, signature, at=datetime.now(UTC) + timedelta(days=200)) in {"expired", "revocation_unknown"}


def test_a_time_stamp_goes_into_such_a_signature_too(authority: GostAuthority, tmp_path: Path) -> None:
    signature = _signed(authority)
    with running_tsa(tmp_path / "tsa") as tsa:
        roots = x509.load_pem_x509_certificates(tsa.root_file.read_bytes())
        stamped, stamp = TimeStamper(tsa.url, roots, 20, timedelta(hours=1)).stamp(signature, datetime.now(UTC))
        assert stamp_in(stamped, roots) == stamp
    trusted = x509.load_pem_x509_certificates(authority.read("root.pem"))
    lists = [x509.load_pem_x509_crl(authority.read("crl.pem"))]
    assert verify_detached(stamped, CONTENT, trusted, at=datetime.now(UTC), revocation_lists=lists).claimed_at
    assert _code(authority, stamped, CONTENT + b" ") == "wrong_digest"


def test_a_revoked_certificate_is_refused(tmp_path: Path) -> None:
    authority = GostAuthority(tmp_path / "ca", 256)
    authority.issue("gone")
    signature = _signed(authority, "gone")
    authority.revoke("gone")
    assert _code(authority, signature) == "revoked"


def test_a_key_that_does_not_fit_is_refused(authority: GostAuthority, tmp_path: Path) -> None:
    other = GostAuthority(tmp_path / "other", authority.bits)
    other.issue("medic")
    foreign = encrypt_pkcs8(other.read("medic.key"), PASSPHRASE)
    for encrypted, passphrase, code in (
        (foreign, PASSPHRASE, {"wrong_certificate", "no_key"}),
        (foreign, "something else", {"wrong_passphrase"}),
        (encrypt_pkcs8(b"no key at all", PASSPHRASE), PASSPHRASE, {"no_key"}),
    ):
        with pytest.raises(SigningRefused) as refused:
            open_gost_key(authority.read("medic.pem"), encrypted, passphrase)
        assert refused.value.code in code


def _enter(centre: ConsoleCentre, authority: GostAuthority) -> None:
    """A medic `gleb` whose certificate comes from the other authority."""
    folder = centre.config.keys.authority_dir
    (folder / MEDIC_ROOTS_FILE).write_bytes(authority.read("root.pem"))
    (folder / MEDIC_REVOCATION_FILE).write_bytes(authority.read("crl.pem"))
    today = centre.now().date()
    papers = Qualification("secondary", today + timedelta(days=400), 36, today, today)
    with writing(centre.engine) as connection:
        medic_id = add_medic(
            connection,
            org=ORG,
            full_name="Полевой Глеб Ильич",
            position="фельдшер",
            qualification=papers,
            certificate=x509.load_pem_x509_certificate(authority.read("medic.pem")),
            key=None,
            passphrase=PASSPHRASE,
            now=centre.now(),
            gost_key_pem=authority.read("medic.key"),
            person=MedicPerson(*centre.registry.sealed_snils("11223344595")),
        )
    centre.add_account("gleb", Role.MEDIC)
    with writing(centre.engine) as connection:
        account = accounts.account
        connection.execute(update(account).where(account.c.username == "gleb").values(medic_id=medic_id))


def test_a_decision_by_gost_stands_everywhere(
    centre: ConsoleCentre, address: str, authority: GostAuthority, tmp_path: Path
) -> None:
    _enter(centre, authority)
    exam_id = centre.exam()
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("gleb")
        assert browser.decide(exam_id, outcome="admitted").status_code == 303
        assert "подпись верна" in browser.get(f"/exams/{exam_id}").text
    trust = Trust(centre.config.keys.authority_dir)
    with reading(centre.engine) as connection:
        (item,) = decisions.of_exam(connection, exam_id)
    assert is_valid(item, trust)

    folder = tmp_path / "export"
    export(centre.engine, trust, item.decision_id, folder)
    command = "openssl cms -verify -cades -engine gost -binary -inform DER -in decision.cms -content record.json -CAfile ca.pem"

    def openssl() -> int:
        words = [*command.split(), "-purpose", "any", "-out", "verified"]
        return subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode

    assert openssl() == 0
    changed = bytearray((folder / "record.json").read_bytes())
    changed[len(changed) // 2] ^= 1
    (folder / "record.json").write_bytes(changed)
    assert openssl() != 0

    message = DecisionMessage(
        exam_id=exam_id,
        decision_id=item.decision_id,
        record_json=item.record.decode(),
        cms_base64=base64.b64encode(item.cms).decode(),
    )
    (anchor,) = x509.load_pem_x509_certificates(centre.authority.ca_pem)
    roots = authority.folder / "root.pem"
    assert check_decision(message, anchor, "kiosk-1", roots).medic.full_name == "Полевой Глеб Ильич"
    with pytest.raises(UntrustedDecision, match="no roots for it"):
        check_decision(message, anchor, "kiosk-1")
    foreign = GostAuthority(tmp_path / "foreign", authority.bits)
    with pytest.raises(UntrustedDecision, match="no pinned root"):
        check_decision(message, anchor, "kiosk-1", foreign.folder / "root.pem")
    text = message.record_json.replace('"admitted"', '"referred"')
    with pytest.raises(UntrustedDecision):
        check_decision(message.model_copy(update={"record_json": text}), anchor, "kiosk-1", roots)


def test_a_medic_with_such_a_key_is_entered_from_the_command_line(
    centre: ConsoleCentre, authority: GostAuthority, tmp_path: Path
) -> None:
    words = ["register", "medic", "--org", ORG, "--full-name", "Полевой Глеб Ильич", "--position", "фельдшер"]
    words += ["--accreditation-until", "2030-01-01", "--training-hours", "36", "--training-at", "2025-01-01"]
    words += ["--federal-register-at", "2025-01-01", "--passphrase-stdin"]
    words += ["--config", str(centre.folder / "central.toml"), "--gost", str(authority.folder / "medic.pem")]
    done = CliRunner().invoke(app, [*words, str(authority.folder / "medic.key")], input=f"{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    with reading(centre.engine) as connection:
        entry = medics.find(connection, done.output.strip())
    assert entry is not None
    assert entry.key_provider == "gost"
    open_gost_key(entry.certificate_pem, entry.encrypted_key or b"", PASSPHRASE).close()
    foreign = GostAuthority(tmp_path / "foreign", authority.bits)
    refused = CliRunner().invoke(app, [*words, str(foreign.folder / "root.key")], input=f"{PASSPHRASE}\n")
    assert refused.exit_code == 1
    assert "BEGIN" not in refused.output


def test_without_the_other_authoritys_list_nothing_is_signed(
    centre: ConsoleCentre, address: str, authority: GostAuthority
) -> None:
    _enter(centre, authority)
    (centre.config.keys.authority_dir / MEDIC_REVOCATION_FILE).unlink()
    exam_id = centre.exam()
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("gleb")
        answer = browser.decide(exam_id, outcome="admitted")
    assert answer.status_code == 403
    assert "revocation_unknown" in answer.text
