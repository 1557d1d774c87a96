"""The print of the journal: with all columns on the sheet no usual word is cut, and what has to be cut is not lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.journal import columns
from central.journal.pdf_file import _MARGIN, _NUMBER, _PAGE, _wrapped
from central.papers.fonts import BOLD, REGULAR, register_fonts
from central.words.texts import LANGUAGES, catalogue

_USUAL = {
    "moment": "22.11.2026 16:47 +03:00",
    "birth_date": "14.03.1981",
    "pressure": "180/120",
    "alcohol": "0,412",
    "full_name": "Константинопольская Александра",
    "medic": "Константиновна, фельдшер",
    "complaints": "Головокружение; Головная боль",
    "personnel_number": "1234567",
}


def _room() -> dict[str, float]:
    """Points of room in each column when all are printed."""
    register_fonts()
    keys = tuple(columns.COLUMNS)
    inner = _PAGE[0] - 2 * _MARGIN - _NUMBER
    return {key: inner * share - 3.4 for key, share in zip(keys, columns.widths(keys), strict=True)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_and_usual_words_stand_uncut(language: str) -> None:
    room, words = _room(), catalogue(language)
    cells = [(key, heading, BOLD) for key, heading in zip(room, columns.headings(tuple(room), language), strict=True)]
    cells += [("exam_type", text, REGULAR) for key, text in words.items() if key.startswith("exam_type.")]
    cells += [("skin", words[f"decision.visual_{name}"], REGULAR) for name in ("normal", "changed")]
    cells += [("sex", words[f"exam.{name}"], REGULAR) for name in ("male", "female")]
    cells += [("alcohol_sign", words[f"journal.alcohol_{name}"], REGULAR) for name in ("found", "none")]
    cells += [("drug_test", words["journal.not_done"], REGULAR)]
    cells += [("outcome", text, REGULAR) for key, text in words.items() if key.startswith("outcome.")]
    cells += [("signature_check", text, REGULAR) for key, text in words.items() if key.startswith("journal.signature.")]
    cells += [(key, text, REGULAR) for key, text in _USUAL.items()]
    cut = {(key, cell) for key, cell, font in cells if " ".join(_wrapped(cell, room[key], font)) != cell}
    assert cut == set()


def test_a_word_with_a_hyphen_is_cut_there() -> None:
    register_fonts()
    assert _wrapped("«Ромашка-Транс»", 40) == ["«Ромашка-", "Транс»"]
    assert _wrapped("01a20391-1c39-73d5-82bb-61c982ef5e3a", 50)[0].endswith("-")


@given(st.text(alphabet="абвшщ0123-", min_size=1, max_size=60), st.floats(8, 60))
def test_what_is_cut_is_not_lost(word: str, width: float) -> None:
    register_fonts()
    lines = _wrapped(word, width)
    assert "".join(lines).replace("-", "") == word.replace("-", "")
    if any(letter.isdigit() for letter in word):
        assert "".join(lines) == word, "a hyphen in a number would change it"
