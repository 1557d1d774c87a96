"""What is signed is the canonical form of the envelope, and nothing in a message can be taken for its signature."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.canonical import GENESIS_HASH, canonical, new_id, parse_canonical, sha256_hex
from sync.contract.envelope import ClockStamp, ContractError, Envelope, open_sealed, read_unverified, seal

_KEY = Ed25519PrivateKey.generate()
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _envelope(payload: dict[str, Any]) -> Envelope:
    return Envelope(
        message_id=new_id(),
        schema="dopusk.exam/1",
        terminal_id="kiosk-1",
        seq=7,
        prev_hash=GENESIS_HASH,
        created_at=datetime(2026, 3, 1, 5, tzinfo=UTC),
        clock=ClockStamp(trusted=True, boot_id="b", monotonic_s=1.0),
        generation="test",
        payload=payload,
    )


@given(st.dictionaries(st.sampled_from(["signature", "terminal_id", "я", "a"]), _VALUES, max_size=3))
def test_a_sealed_message_is_canonical_and_signed_as_such(payload: dict[str, Any]) -> None:
    envelope = _envelope(payload)
    sealed = seal(envelope, _KEY)
    fields = parse_canonical(sealed.wire)
    assert sealed.wire == rfc8785.dumps(fields)
    assert sealed.sha256 == sha256_hex(sealed.wire)
    signature = base64.b64decode(fields.pop("signature"))
    _KEY.public_key().verify(signature, rfc8785.dumps(fields))
    assert open_sealed(sealed.wire, _KEY.public_key()) == envelope


def test_a_copy_of_the_signature_in_the_payload_does_not_stand_for_it() -> None:
    wire = seal(_envelope({"a": 1}), _KEY).wire
    fields = parse_canonical(wire)
    fields["payload"] = {"a": 1, "signature": fields["signature"], "z": 2}
    doubled = canonical(fields)
    assert read_unverified(doubled).signed == canonical({key: fields[key] for key in fields if key != "signature"})
    with pytest.raises(ContractError) as refused:
        open_sealed(doubled, _KEY.public_key())
    assert refused.value.code == "wrong_signature"


@pytest.mark.parametrize("signature", [1234, None, "", ["AAAA"], "AAAA"])
def test_anything_else_in_the_place_of_the_signature_is_refused(signature: object) -> None:
    fields = parse_canonical(seal(_envelope({}), _KEY).wire) | {"signature": signature}
    with pytest.raises(ContractError) as refused:
        open_sealed(canonical(fields), _KEY.public_key())
    assert refused.value.code in {"malformed", "wrong_signature"}


def test_a_signature_moved_into_the_payload_is_none() -> None:
    fields = parse_canonical(seal(_envelope({"z": 1}), _KEY).wire)
    fields["payload"]["signature"] = fields.pop("signature")
    with pytest.raises(ContractError):
        open_sealed(canonical(fields), _KEY.public_key())
