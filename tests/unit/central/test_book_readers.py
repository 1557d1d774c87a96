"""Every reference book is read by somebody: a list that nobody reads is kept up in vain."""

import re
from pathlib import Path

from central.books.catalogue import BOOKS, shipped

ROOT = Path(__file__).parents[3]
READERS = {
    "complaints": "kiosk_ui/texts/__init__.py",
    "reasons": "central/core/reasons.py",
    "consent_text": "central/people/consents.py",
    "kiosk_texts": "kiosk_ui/texts/__init__.py",
    "paper_texts": "central/papers/wording.py",
    "okved2": "central/books/codes.py",
    "rf_subjects": "central/books/codes.py",
    "positions": "central/books/codes.py",
    "harm_factors": "central/books/codes.py",
    "medical_organisations": "central/books/codes.py",
    "medical_positions": "central/registers/coded.py",
    "vaccines": "central/imports/grounds.py",
    "retention": "central/conclusions/terms.py",
    "ground_kinds": "central/imports/grounds.py",
    "ground_rules": "central/store/ground_effects.py",
    "paper_choices": "central/console/routes/written.py",
    "copy_norms": "central/conclusions/norms.py",
    "refusal_grounds": "central/conclusions/requests.py",
    "workdays": "central/conclusions/request_terms.py",
    "eye_findings": "central/console/room_view.py",
}
"""By book: the module that asks for it. A new book names the one that reads it."""


def test_every_book_has_a_reader() -> None:
    assert READERS.keys() == BOOKS.keys()
    for book, module in READERS.items():
        source = (ROOT / module).read_text(encoding="utf-8")
        assert re.search(rf'"{book}"|\b{book.upper()}\b|publish_text', source), f"{module} does not ask for {book}"


def test_what_ships_says_where_it_is_from_and_whether_it_was_verified() -> None:
    for name in BOOKS:
        book = shipped(name)
        if book is not None:
            assert book.source["source"]
            assert book.source["as_of"]
    for name in ("positions", "harm_factors", "vaccines", "copy_norms"):
        book = shipped(name)
        assert book is not None
        assert re.search("не сверен|без сверки", book.source["source"]), f"{name} is from memory and has to say so"
