"""Only a medic's own signature over exactly this record, for this terminal and exam, is a decision."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

from central.authority.pki import Authority, Issued, create_authority
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import canonical, new_id, sha256_hex
from sync.contract.decision import DecisionMessage
from sync.contract.model import utc_text
from terminal.decision_check import UntrustedDecision, check_decision

TERMINAL = "kiosk-1"


@dataclass
class Desk:
    """A medic's desk: an authority, a medic's certificate, and the means to sign well and badly."""

    authority: Authority
    medic: Issued

    @property
    def anchor(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.authority.ca_pem)

    def record(self, issued: Issued, **changes: Any) -> dict[str, Any]:
        import random

        exam = exam_payload(random.Random(1), org="zarya", worker_id=new_id(), employer_id=new_id(), generation="test")
        certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
        fields: dict[str, Any] = {
            "schema": "dopusk.decision-record/1",
            "terminal_id": TERMINAL,
            "exam_message_id": new_id(),
            "exam_message_sha256": "0" * 64,
            "exam": exam,
            "decision": {
                "decision_id": new_id(),
                "outcome": "admitted",
                "decided_at": utc_text(datetime.now(UTC) + timedelta(seconds=1)),
            },
            "medic": {
                "medic_id": new_id(),
                "full_name": "Луговая Зоя",
                "position": "фельдшер",
                "certificate_serial": "1",
                "certificate_sha256": sha256_hex(certificate.public_bytes(Encoding.DER)),
            },
            "organisation": {"org": "zarya", "name": "Медпункт", "licence": "Л041"},
        }
        for path, value in changes.items():
            section, _, name = path.partition("__")
            if name:
                fields[section] = fields[section] | {name: value}
            else:
                fields[section] = value
        return fields

    def message(self, issued: Issued | None = None, *, content: bytes | None = None, **changes: Any) -> DecisionMessage:
        issued = issued or self.medic
        record = self.record(issued, **changes)
        plain = content or canonical(record)
        return DecisionMessage(
            exam_id=record["exam"]["exam_id"],
            decision_id=record["decision"]["decision_id"],
            record_json=plain.decode(),
            cms_base64=base64.b64encode(self.sign(issued, plain)).decode(),
        )

    def sign(self, issued: Issued, content: bytes) -> bytes:
        key: Any = load_pem_private_key(issued.key_pem or b"", None)
        certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
        options = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoCapabilities]
        return builder.sign(Encoding.DER, options)

    def check(self, message: DecisionMessage) -> Any:
        return check_decision(message, self.anchor, TERMINAL)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    authority = create_authority(tmp_path_factory.mktemp("authority"))
    return Desk(authority, authority.issue_medic("Луговая Зоя", new_id(), "Медпункт"))


def test_a_medics_signature_is_taken(desk: Desk) -> None:
    message = desk.message()
    record = desk.check(message)
    assert (record.decision.outcome, record.exam.exam_id) == ("admitted", message.exam_id)


def test_a_changed_outcome_is_found(desk: Desk) -> None:
    message = desk.message(decision__outcome="not_admitted")
    forged = message.record_json.replace("not_admitted", "admitted")
    with pytest.raises(UntrustedDecision, match="changed after"):
        desk.check(message.model_copy(update={"record_json": forged}))


def test_every_bit_of_the_record_counts(desk: Desk) -> None:
    message = desk.message()
    content = message.record_json.encode()
    for at in range(0, len(content), 41):
        forged = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(UntrustedDecision):
            desk.check(message.model_copy(update={"record_json": forged.decode(errors="replace")}))


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_a_damaged_signature_never_raises_anything_else(desk: Desk, mask: int) -> None:
    """Bytes of names and times in the signature's wrapping may change without harm; nothing but a refusal may come of it."""
    message = desk.message()
    cms = base64.b64decode(message.cms_base64)
    refused = 0
    for at in range(len(cms)):
        forged = cms[:at] + bytes([cms[at] ^ mask]) + cms[at + 1 :]
        changed = message.model_copy(update={"cms_base64": base64.b64encode(forged).decode()})
        try:
            assert desk.check(changed).decision.outcome == "admitted"
        except UntrustedDecision:
            refused += 1
    assert refused > 0.9 * len(cms)


@pytest.mark.parametrize("length", [0, 1, 10, 200, 500])
def test_a_cut_off_signature_is_refused(desk: Desk, length: int) -> None:
    message = desk.message()
    cut = base64.b64encode(base64.b64decode(message.cms_base64)[:length]).decode()
    with pytest.raises(UntrustedDecision):
        desk.check(message.model_copy(update={"cms_base64": cut}))


def test_a_medic_of_another_authority_is_refused(desk: Desk, tmp_path: Path) -> None:
    stranger = create_authority(tmp_path / "other").issue_medic("Чужой Пётр", new_id(), "Другой")
    with pytest.raises(UntrustedDecision, match="pinned root"):
        desk.check(desk.message(stranger))


@pytest.mark.parametrize("who", ["terminal", "client"])
def test_a_certificate_for_the_wire_signs_no_decisions(desk: Desk, who: str) -> None:
    """Terminals and the centre have certificates of the same authority; their keys are no medics."""
    authority = desk.authority
    issued = authority.issue_terminal(TERMINAL) if who == "terminal" else authority.issue_client("centre")
    with pytest.raises(UntrustedDecision, match="not for signing"):
        desk.check(desk.message(issued))


def test_a_certificate_that_had_ended_is_refused(desk: Desk) -> None:
    late = utc_text(datetime.now(UTC) + timedelta(days=20_000))
    with pytest.raises(UntrustedDecision, match="not valid when"):
        desk.check(desk.message(decision__decided_at=late))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"terminal_id": "kiosk-2"}, "another terminal"),
        ({"medic__certificate_sha256": "1" * 64}, "another certificate"),
    ],
)
def test_a_record_about_something_else_is_refused(desk: Desk, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UntrustedDecision, match=reason):
        desk.check(desk.message(**changes))


@pytest.mark.parametrize(
    ("name", "reason"), [("exam_id", "another terminal or exam"), ("decision_id", "another decision")]
)
def test_a_message_that_says_something_else_than_its_record_is_refused(desk: Desk, name: str, reason: str) -> None:
    with pytest.raises(UntrustedDecision, match=reason):
        desk.check(desk.message().model_copy(update={name: new_id()}))


def test_a_record_that_is_not_canonical_is_refused(desk: Desk) -> None:
    record = desk.record(desk.medic)
    with pytest.raises(UntrustedDecision, match="canonical"):
        desk.check(
            desk.message(content=json.dumps(record, indent=1).encode()).model_copy(
                update={"exam_id": record["exam"]["exam_id"], "decision_id": record["decision"]["decision_id"]}
            )
        )


def _moved(days: float) -> str:
    return utc_text(datetime.now(UTC) + timedelta(days=days))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"organisation__org": "chuzhaya"}, "another organisation"),
        ({"decision__decided_at": _moved(200)}, "in the future"),
        ({"decision__decided_at": _moved(200), "decision__outcome": "not_admitted"}, "in the future"),
        ({"decision__valid_until": _moved(3)}, "too long after"),
        ({"decision__valid_until": _moved(-0.5)}, "ends before it begins"),
    ],
)
def test_a_decision_that_no_medic_here_can_have_made_is_refused(
    desk: Desk, changes: dict[str, Any], reason: str
) -> None:
    """Who holds the centre's key and a medic's can send it; the terminal holds it against itself and its clock."""
    with pytest.raises(UntrustedDecision, match=reason):
        desk.check(desk.message(**changes))


def _of_a_month_ago(desk: Desk, **changes: Any) -> DecisionMessage:
    exam = desk.record(desk.medic)["exam"]
    then = {"started_at": _moved(-30), "finished_at": _moved(-30 + 0.001)}
    return desk.message(exam=exam | then, **changes)


def test_an_expired_medic_cannot_date_a_decision_back(tmp_path: Path) -> None:
    """The certificate was good a year ago; the exam is of today."""
    a_year_ago = create_authority(tmp_path / "authority", clock=lambda: datetime.now(UTC) - timedelta(days=800))
    desk = Desk(a_year_ago, a_year_ago.issue_medic("Луговая Зоя", new_id(), "Медпункт"))
    assert x509.load_pem_x509_certificate(desk.medic.certificate_pem).not_valid_after_utc < datetime.now(UTC)
    with pytest.raises(UntrustedDecision, match="not valid when"):
        desk.check(desk.message())
    with pytest.raises(UntrustedDecision, match="before the exam"):
        desk.check(desk.message(decision__decided_at=_moved(-790)))


def test_an_admission_long_after_its_exam_is_refused_and_a_late_refusal_is_not(desk: Desk) -> None:
    with pytest.raises(UntrustedDecision, match="too long after"):
        desk.check(_of_a_month_ago(desk))
    assert desk.check(_of_a_month_ago(desk, decision__outcome="not_admitted")).decision.outcome == "not_admitted"


def test_a_clock_that_is_not_to_be_trusted_refuses_nothing_by_its_date(desk: Desk) -> None:
    message = desk.message(decision__decided_at=_moved(2), decision__outcome="not_admitted")
    with pytest.raises(UntrustedDecision, match="future"):
        desk.check(message)
    assert check_decision(message, desk.anchor, TERMINAL, clock=lambda: None).decision.outcome == "not_admitted"


def test_an_exam_dated_by_a_clock_that_was_wrong_keeps_its_decision(desk: Desk) -> None:
    exam = desk.record(desk.medic)["exam"]
    ahead = {"started_at": _moved(5), "finished_at": _moved(5.001)}
    assert desk.check(desk.message(exam=exam | ahead)).decision.outcome == "admitted"


def test_a_revoked_medic_is_refused_from_then_on(desk: Desk) -> None:
    certificate = x509.load_pem_x509_certificate(desk.medic.certificate_pem)
    name = (certificate.issuer.rfc4514_string(), f"{certificate.serial_number:x}")
    message = desk.message()
    now = datetime.now(UTC)
    with pytest.raises(UntrustedDecision, match="revoked"):
        check_decision(message, desk.anchor, TERMINAL, revoked={name: now - timedelta(hours=1)})
    later = {name: now + timedelta(hours=1)}
    assert check_decision(message, desk.anchor, TERMINAL, revoked=later).decision.outcome == "admitted"
