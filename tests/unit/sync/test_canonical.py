"""Our canonical JSON is byte for byte what the reference implementation of RFC 8785 writes."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.canonical import canonical, parse_canonical
from sync.contract.envelope import MAX_DEPTH, ContractError, read_unverified

_EDGES = [1e21, 1e16, 1e-7, 1e-5, 0.0001, -0.0, 35.0, 1e15, 2.0**53, 0.1 + 0.2, 5e-324, 2**53 - 1, 2**53, float("nan")]
_LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text() | st.sampled_from(_EDGES)
_VALUES = st.recursive(
    _LEAVES,
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(), children, max_size=5),
    max_leaves=20,
)


@given(_VALUES)
def test_bytes_are_those_of_the_reference(value: object) -> None:
    try:
        expected = rfc8785.dumps(value)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            canonical(value)
        return
    assert canonical(value) == expected


@given(_VALUES, st.booleans(), st.booleans())
def test_only_canonical_bytes_are_parsed(value: object, is_sorted: bool, is_ascii: bool) -> None:
    try:
        wire = json.dumps(value, sort_keys=is_sorted, ensure_ascii=is_ascii, separators=(",", ":")).encode()
        is_canonical = rfc8785.dumps(json.loads(wire)) == wire
    except ValueError:
        return
    if is_canonical:
        assert parse_canonical(wire) == json.loads(wire)
    else:
        with pytest.raises(ValueError, match=r"canonical|safe"):
            parse_canonical(wire)


@pytest.mark.parametrize(
    "wire",
    [b"1.0", b"-0", b"1e2", b'{"b":1,"a":2}', b'{"a":1,"a":1}', b"[1, 2]", b"NaN", b'"\\u0041"', b"9007199254740993"],
)
def test_another_spelling_is_not_canonical(wire: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_canonical(wire)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 100_000])
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_deep_message_is_refused_without_harm(depth: int, pair: tuple[bytes, bytes]) -> None:
    with pytest.raises(ContractError) as refused:
        read_unverified(b'{"a":' + pair[0] * depth + b"1" + pair[1] * depth + b"}")
    assert refused.value.code in {"malformed", "oversized"}
