"""The code for a gate: both signatures, the moment and the end of the admission count, and nothing else opens."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.contract.canonical import new_id
from sync.contract.gate_pass import GateFault, GateStatement, _coded, check_pass, phone_key, statement_text

NOW = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)
CENTRE, PHONE = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())


def statement(**changes: object) -> GateStatement:
    raw = PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    made = GateStatement(
        person_id=new_id(),
        employer="ООО «Ромашка-Транс»",
        decision_id=new_id(),
        until=NOW + timedelta(hours=8),
        made_at=NOW,
        key=phone_key(raw),
    )
    return made.model_copy(update=changes)


def shown(said: str, at: datetime = NOW, phone: EllipticCurvePrivateKey = PHONE) -> str:
    """As the page draws it."""
    text = f"{said}.{int(at.timestamp())}"
    halves = decode_dss_signature(phone.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{_coded(b''.join(half.to_bytes(32, 'big') for half in halves))}"


def fault_of(text: str, now: datetime = NOW) -> str:
    with pytest.raises(GateFault) as caught:
        check_pass(text, CENTRE.public_key(), now)
    return caught.value.code


def test_it_holds_for_a_minute_and_not_past_its_end() -> None:
    said = statement()
    code = shown(statement_text(said, CENTRE))
    assert len(code) < 700, "a phone's screen has to show it"
    assert check_pass(code, CENTRE.public_key(), NOW + timedelta(seconds=60)) == said
    assert fault_of(code, NOW + timedelta(seconds=61)) == "stale"
    assert fault_of(code, NOW - timedelta(seconds=31)) == "ahead"
    over = NOW + timedelta(hours=8)
    assert fault_of(shown(statement_text(said, CENTRE), over), over) == "over"


def test_others_sign_nothing() -> None:
    said = statement_text(statement(), CENTRE)
    assert fault_of(shown(statement_text(statement(), Ed25519PrivateKey.generate()))) == "not_the_centre"
    assert fault_of(shown(said, phone=generate_private_key(SECP256R1()))) == "not_the_phone"
    code = shown(said)
    later = code.replace(f".{int(NOW.timestamp())}.", f".{int(NOW.timestamp()) + 60}.")
    assert fault_of(later, NOW + timedelta(seconds=60)) == "not_the_phone", "the moment is signed"
    head, body, *rest = code.split(".")
    assert fault_of(".".join([head, body[:-4] + "AAAA", *rest])) == "not_the_centre"


@pytest.mark.parametrize(
    "text", ["", "DPG1", "DPG1.a.b.c.d", "DPG1.я.я.1.я", "DPG1." + "A" * 3000, "https://x/check/AB", "DPG1.AA.AA.²."]
)
def test_other_texts_are_no_codes(text: str) -> None:
    assert fault_of(text) in {"unreadable", "not_the_centre"}


def test_only_a_point_of_the_curve_is_a_key() -> None:
    for raw in (b"", b"\x04" + b"\0" * 64, b"x" * 65):
        with pytest.raises(ValueError):  # noqa: PT011  # the library says it in its own words
            phone_key(raw)
