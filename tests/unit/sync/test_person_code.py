"""Codes that people carry: only the centre's own names a worker, and only an understood number names a book."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.canonical import new_id
from sync.contract.person_code import (
    ForeignCode,
    digits_of,
    is_worker_code,
    read_book_code,
    read_worker_code,
    worker_code,
    written,
)

KEY = Ed25519PrivateKey.generate()
NUMBER = "860102797025"


def test_a_workers_code_is_read_back_in_capitals_or_not() -> None:
    worker_id = new_id()
    code = worker_code(worker_id, KEY)
    assert code == code.upper()
    for given_ in (code, code.lower(), f" {code}\r\n"):
        assert is_worker_code(given_)
        assert read_worker_code(given_, KEY.public_key()) == worker_id


def test_a_code_of_another_centre_a_torn_and_a_changed_one_are_foreign() -> None:
    code, other = worker_code(new_id(), KEY), worker_code(new_id(), KEY)
    forged = other.rpartition(":")[0] + ":" + code.rpartition(":")[2]
    of_another = worker_code(new_id(), Ed25519PrivateKey.generate())
    for bad in (forged, of_another, code[:-1], code[:40], code + "A", code.replace("DPSK:1", "DPSK:1:1")):
        with pytest.raises(ForeignCode):
            read_worker_code(bad, KEY.public_key())


@pytest.mark.parametrize(
    ("text", "form", "host", "number"),
    [
        ("86-01-027970-25", "text", "", NUMBER),
        (NUMBER, "text", "", NUMBER),
        ("ЛМК № 86-01-027970-25 от 01.09.2025", "text", "", NUMBER),
        (
            "https://elmk.example/registry?elmk_number=86-01-027970-25&snils=17648922116",
            "link",
            "elmk.example",
            NUMBER,
        ),
        ("https://elmk.example/b/860102797025/", "link", "elmk.example", NUMBER),
        ("HTTPS://ELMK.EXAMPLE/?number=860102797025", "link", "elmk.example", NUMBER),
        ("https://elmk.example/b/0c9f1a", "link", "elmk.example", None),
        ("https://elmk.example/?number=860102797025&elmk_number=770102797025", "link", "elmk.example", None),
        ("http://[1", "link", "", None),
    ],
)
def test_a_book_is_named_by_an_understood_number_alone(text: str, form: str, host: str, number: str | None) -> None:
    found = read_book_code(text)
    assert found is not None
    assert (found.form, found.host, found.number) == (form, host, number)


@pytest.mark.parametrize(
    "text", ["", "04A1B2C3", "8601027970251", "86-01-027970-25 и 77-01-027970-25", "x" * 2001, "\x00"]
)
def test_what_is_no_book_is_nothing(text: str) -> None:
    assert read_book_code(text) is None


@given(st.text(max_size=300))
def test_no_text_brings_the_reader_down(text: str) -> None:
    found = read_book_code(text)
    assert found is None or found.number is None or digits_of(written(found.number)) == found.number
    with pytest.raises(ForeignCode):
        read_worker_code(text, KEY.public_key())
