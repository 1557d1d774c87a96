"""Compares names and numbers of cards and people in one spelling, so that equal ones are found equal. Pure.

One folding for the search, for twins, for the journal and for what files name. It is stored beside names
(`worker.search_name`): a change needs a migration that fills the column again.
"""

import re
import unicodedata

from central.core.text_cleaning import clean

_YO = re.compile("ё\u0308*|е\u0308+")
_LETTERS = str.maketrans(dict.fromkeys("‘’ʼ′`´", "'") | dict.fromkeys("«»“”„", '"'))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_LOOK_ALIKE = str.maketrans("ABCEHKMOPTXY", "АВСЕНКМОРТХУ")
_KEYS = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`")
"""The letter that a key types when the keyboard is Russian, and when it is not."""


def fold_name(name: str) -> str:
    """A name as a key: in composed letters, without capitals, ё as е, with single blanks and plain quotes and dashes."""
    words = unicodedata.normalize("NFKC", clean(name)).casefold()
    plain = _YO.sub("е", unicodedata.normalize("NFC", words)).translate(_LETTERS).translate(_DASHES)
    return " ".join(plain.split())


def fold_card(card: str) -> str:
    """The number of a card as the reader meant it, whatever layout and capitals it typed it in."""
    return "".join(unicodedata.normalize("NFKC", clean(card)).casefold().translate(_KEYS).split())


def fold_licence(licence: str) -> str:
    """Series and number of a driving licence, however they are divided; Latin letters that look Russian are Russian."""
    letters = unicodedata.normalize("NFKC", clean(licence)).upper().translate(_LOOK_ALIKE)
    return "".join(letter for letter in letters if letter.isalnum())


def fold_number(number: str) -> str:
    """A personnel number without what a spreadsheet or a typist drops: zeros in front, blanks, dashes, capitals."""
    return "".join(fold_name(number).replace("-", "").split()).lstrip("0") or "0"
