"""Trusted time in a decision's signature, from a real time-stamping authority, and what happens without an answer."""

import base64
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from central.core.config import TimestampConfig
from central.core.trust import Trust
from central.deciding.decisions import export
from central.signature import timestamp
from central.signature.stamp_line import StampError
from central.signature.timestamp import TimeStamper, stamp_in
from central.store import decisions
from central.store.engine import reading
from sync.contract.decision import DecisionMessage
from terminal.decision_check import check_decision
from tests.console_centre import Browser, ConsoleCentre, serving
from tests.time_stamping import TimeStampingAuthority, running_tsa
from tests.waiting import LONGEST_S


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[TimeStampingAuthority]:
    with running_tsa(tmp_path / "tsa") as made:
        yield made


@pytest.fixture
def required() -> bool:
    return False


@pytest.fixture
def address(centre: ConsoleCentre, tsa: TimeStampingAuthority, required: bool) -> Iterator[str]:
    stamping = TimestampConfig(url=tsa.url, ca_file=tsa.root_file, required=required, timeout_s=10)
    centre.config = centre.config.model_copy(update={"timestamp": stamping})
    with serving(centre.app(), centre.config.http.port) as found:
        yield found


def _roots(tsa: TimeStampingAuthority) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(tsa.root_file.read_bytes())


def _given(centre: ConsoleCentre, exam_id: str) -> list[decisions.StoredDecision]:
    with reading(centre.engine) as connection:
        return decisions.of_exam(connection, exam_id)


def _signer(item: decisions.StoredDecision) -> cms.SignerInfo:
    return cms.ContentInfo.load(item.cms)["content"]["signer_infos"][0]


def _openssl(folder: Path, *words: str) -> int:
    return subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=False).returncode


def test_decision_carries_a_stamp_that_openssl_and_the_terminal_accept(
    centre: ConsoleCentre, zoya: Browser, tsa: TimeStampingAuthority, tmp_path: Path
) -> None:
    exam_id = centre.exam()
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    (item,) = _given(centre, exam_id)
    stamp = stamp_in(item.cms, _roots(tsa))
    assert stamp is not None
    assert abs(stamp.at - item.decided_at) < timedelta(minutes=1)
    assert item.trail["timestamp"]["state"] == "stamped"
    assert "Штамп времени верен" in zoya.get(f"/exams/{exam_id}").text

    export(centre.engine, Trust(centre.config.keys.authority_dir), item.decision_id, tmp_path / "out")
    signer = cms.ContentInfo.load(item.cms)["content"]["signer_infos"][0]
    (tmp_path / "out" / "token").write_bytes(signer["unsigned_attrs"][0]["values"][0].dump())
    (tmp_path / "out" / "value").write_bytes(signer["signature"].native)
    verify = "cms -verify -binary -inform DER -in decision.cms -content record.json -CAfile ca.pem -purpose any -out x"
    assert _openssl(tmp_path / "out", *verify.split()) == 0
    check = f"ts -verify -data value -in token -token_in -CAfile {tsa.root_file}"
    assert _openssl(tmp_path / "out", *check.split()) == 0
    (tmp_path / "out" / "value").write_bytes(b"another signature")
    assert _openssl(tmp_path / "out", *check.split()) != 0

    message = DecisionMessage(
        exam_id=exam_id,
        decision_id=item.decision_id,
        record_json=item.record.decode(),
        cms_base64=base64.b64encode(item.cms).decode(),
    )
    (anchor,) = x509.load_pem_x509_certificates(centre.authority.ca_pem)
    assert check_decision(message, anchor, "kiosk-1").decision.outcome == "admitted"


def test_without_an_answer_it_is_signed_and_said(
    centre: ConsoleCentre, zoya: Browser, tsa: TimeStampingAuthority
) -> None:
    tsa.status = 503
    exam_id = centre.exam()
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    (item,) = _given(centre, exam_id)
    assert item.trail["timestamp"] == {"state": "missing", "code": "refused"}
    assert stamp_in(item.cms, _roots(tsa)) is None
    assert "Без штампа времени (служба отказала)" in zoya.get(f"/exams/{exam_id}").text
    assert "решения подписаны без него" in zoya.get("/queue").text
    fleet = zoya.get("/fleet").text
    assert "решения подписаны без него" in fleet
    assert "служба отказала" in fleet

    tsa.status = 200
    assert zoya.decide(centre.exam(), outcome="admitted").status_code == 303
    assert "без него" not in zoya.get("/queue").text
    assert "без него" not in zoya.get("/fleet").text


@pytest.mark.parametrize("required", [True])
def test_where_it_is_demanded_nothing_is_signed_without(
    centre: ConsoleCentre, zoya: Browser, tsa: TimeStampingAuthority
) -> None:
    tsa.status = 503
    exam_id = centre.exam()
    answer = zoya.decide(exam_id, outcome="not_admitted", reasons="complaints", comment="головокружение")
    assert answer.status_code == 403
    assert "не ответила" in answer.text
    assert "головокружение" in answer.text
    assert _given(centre, exam_id) == []
    assert "решения сейчас не подписываются" in zoya.get("/queue").text
    tsa.status = 200
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    assert _given(centre, exam_id)[0].trail["timestamp"]["state"] == "stamped"


def test_a_stamp_of_another_signature_or_a_changed_one_is_seen(
    centre: ConsoleCentre, zoya: Browser, tsa: TimeStampingAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One stamp has to fit into the other's place: drawn numbers differ in length now and then.
    monkeypatch.setattr(timestamp.secrets, "randbits", lambda bits: 2 ** (bits - 1) + tsa.asked)
    first, second = centre.exam("1001"), centre.exam("1002")
    for exam_id in (first, second):
        zoya.decide(exam_id, outcome="admitted")
    (item,), (other,) = _given(centre, first), _given(centre, second)
    token = _signer(other)["unsigned_attrs"].dump()
    swapped = _signer(item)["unsigned_attrs"].dump()
    assert len(token) == len(swapped)
    with pytest.raises(StampError) as refused:
        stamp_in(item.cms.replace(swapped, token), _roots(tsa))
    assert refused.value.code == "wrong_imprint"
    changed = bytearray(swapped)
    changed[-20] ^= 1
    with pytest.raises(StampError) as refused:
        stamp_in(item.cms.replace(swapped, bytes(changed)), _roots(tsa))
    assert refused.value.code == "untrusted"


@pytest.fixture
def signature(centre: ConsoleCentre, zoya: Browser) -> bytes:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    return _given(centre, exam_id)[0].cms


def _code(stamper: TimeStamper, signature: bytes, centre: ConsoleCentre) -> str:
    with pytest.raises(StampError) as refused:
        stamper.stamp(signature, centre.now())
    return refused.value.code


def test_answers_that_must_not_be_believed(
    centre: ConsoleCentre, signature: bytes, tsa: TimeStampingAuthority, tmp_path: Path
) -> None:
    hour = timedelta(hours=1)
    good = TimeStamper(tsa.url, _roots(tsa), LONGEST_S, hour)
    value = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]["signature"].native
    query = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"\0" * 32},
            "nonce": 1,
            "cert_req": True,
        }
    )
    assert value
    tsa.answer = tsa.reply(query.dump())
    assert _code(good, signature, centre) == "wrong_nonce"
    for nonsense in (b"", b"<html>", b"\x30\x80" + b"\0" * 30, tsa.answer[:200], b"\0" * 300_000):
        tsa.answer = nonsense
        assert _code(good, signature, centre) == "unreadable"
    tsa.answer = None
    assert _code(TimeStamper(tsa.url, _roots(tsa), LONGEST_S, timedelta(0)), signature, centre) == "wrong_time"
    strangers = x509.load_pem_x509_certificates(centre.authority.ca_pem)
    assert _code(TimeStamper(tsa.url, strangers, LONGEST_S, hour), signature, centre) == "untrusted"
    assert (
        _code(TimeStamper("http://127.0.0.1:1/tsp", _roots(tsa), LONGEST_S, hour), signature, centre) == "unreachable"
    )
    wrong_usage = (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
    with running_tsa(tmp_path / "other", usages=wrong_usage, ess="sha1") as other:
        other.answer = None
        stamper = TimeStamper(other.url, _roots(other), LONGEST_S, hour)
        assert _code(stamper, signature, centre) in {"untrusted", "unreadable", "unreachable"}


def test_a_refusal_of_the_authority_is_told(
    centre: ConsoleCentre, signature: bytes, tsa: TimeStampingAuthority
) -> None:
    refusal = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["not today"]})
    tsa.answer = b"\x30" + bytes([len(refusal.dump())]) + refusal.dump()
    with pytest.raises(StampError, match="not today") as refused:
        TimeStamper(tsa.url, _roots(tsa), LONGEST_S, timedelta(hours=1)).stamp(signature, centre.now())
    assert refused.value.code == "refused"


@pytest.mark.parametrize("ess", ["sha1", "sha256", "sha512"])
def test_authorities_name_their_certificate_in_either_way(
    centre: ConsoleCentre, signature: bytes, tmp_path: Path, ess: str
) -> None:
    with running_tsa(tmp_path / "other", ess=ess) as other:
        stamped, stamp = TimeStamper(other.url, _roots(other), LONGEST_S, timedelta(hours=1)).stamp(
            signature, centre.now()
        )
        assert stamp_in(stamped, _roots(other)) == stamp
        assert stamp.authority == "CN=Clock of the tests"
