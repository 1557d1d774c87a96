"""Refuses weak passwords, with the reason (OWASP ASVS 4.0.3, 2.1; NIST SP 800-63B, 5.1.1.2). Pure but for reading the lists.

No rules of composition: a long phrase is as good as signs. Refused is what a guesser tries first: common words, rows of
the keyboard in both layouts, dates, the person's or organisation's own name, and whatever the operator's list holds.
"""

import unicodedata
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources
from pathlib import Path

MIN_PASSWORD = 12
MAX_PASSWORD = 256
MAX_LIST_BYTES = 256 * 1024 * 1024
_FEWEST_LETTERS = 5
_OWN_CHARACTERS = 5
"""So many characters at least must be neither a common word nor a row of keys."""
_SHORTEST_ROW = 4
_SHORTEST_NAME = 5
_LONGEST_PIECE = 30
_LONGEST_TYPED = 4 * MAX_PASSWORD
"""More is never hashed; no password is as long, in whatever form its letters come."""

_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "1q2w3e4r5t6y7u8i9o0p",
    "1й2ц3у4к5е6н7г8ш9щ0з",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
)
_ALL_ROWS = "\n".join(_ROWS + tuple(row[::-1] for row in _ROWS))
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_RUSSIAN = str.maketrans(_LATIN, _RUSSIAN)
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)
_LOOK_ALIKES = str.maketrans("013457@$!", "oieastasi")


class PasswordListError(ValueError):
    """The operator's list of passwords cannot be used; the message says why."""


def normal_form(text: str) -> str:
    """A password or passphrase as it is hashed: composed letters, plain spaces (RFC 8265, 4.2.2, "OpaqueString").

    The same keys give `й` as one letter on one system and as two on another.
    """
    spaced = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in text)
    return unicodedata.normalize("NFC", spaced)


def typed_forms(text: str) -> tuple[str, ...]:
    """What a typed secret may have been hashed as: its normal form, and for hashes of earlier versions as any keyboard sends it.

    More than one only where letters have more than one form.
    """
    text = text[:_LONGEST_TYPED]
    forms = (normal_form(text), text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))
    return tuple(dict.fromkeys(forms))


def password_fault(password: str, names: Iterable[str] = (), listed: Collection[str] = frozenset()) -> str | None:
    """Why a password cannot be taken, or None when it can.

    `too_short`, `too_long`, `contains_name` (one of `names`: login name, own name, organisation), `too_plain`,
    `digits_only`, `repeated`, `keyboard_row`, `common`. `listed`: the operator's list, of `load_list`.
    """
    password = normal_form(password)
    if len(password) < MIN_PASSWORD:
        return "too_short"
    if len(password) > MAX_PASSWORD:
        return "too_long"
    lowered = password.lower()
    if any(name and name in lowered for name in names):
        return "contains_name"
    if len(set(lowered)) < _FEWEST_LETTERS:
        return "too_plain"
    if not any(letter.isalpha() for letter in lowered):
        return "digits_only"
    if _repeats(lowered):
        return "repeated"
    if lowered in listed:
        return "common"
    return _guessable(lowered)


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """The words of names that a password must not contain, lower case; short ones occur in honest phrases too."""
    words = ("".join(letter if letter.isalnum() else " " for letter in text.lower()) for text in texts)
    return frozenset(word for text in words for word in text.split() if len(word) >= _SHORTEST_NAME)


def load_list(path: Path | None) -> frozenset[str]:
    """The operator's own list, one password per line in UTF-8; those that are too short anyway are left out.

    Raises `OSError` and `PasswordListError`.
    """
    if path is None:
        return frozenset()
    if path.stat().st_size > MAX_LIST_BYTES:
        raise PasswordListError(f"{path}: a list of at most {MAX_LIST_BYTES // 1024**2} MiB can be kept in memory")
    try:
        with path.open(encoding="utf-8") as lines:
            found = (normal_form(line.strip()).lower() for line in lines)
            return frozenset(line for line in found if MIN_PASSWORD <= len(line) <= MAX_PASSWORD)
    except UnicodeDecodeError as error:
        raise PasswordListError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error


@cache
def common_words() -> frozenset[str]:
    """Words and phrases that guessers begin with, lower case."""
    text = resources.files("central.core").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.split() if not line.startswith("#"))


def _repeats(text: str) -> bool:
    return any((text[:period] * len(text))[: len(text)] == text for period in range(1, len(text) // 2 + 1))


def _guessable(lowered: str) -> str | None:
    """`keyboard_row` or `common` when hardly anything is left beside rows of keys, years and common words."""
    for spelling in (lowered, lowered.translate(_TO_RUSSIAN), lowered.translate(_TO_LATIN)):
        own, of_words = _left_over(spelling)
        if own < _OWN_CHARACTERS:
            return "common" if of_words else "keyboard_row"
    return None


def _left_over(text: str) -> tuple[int, int]:
    """The fewest characters that no known piece covers, and how many common words that cover takes."""
    best = [(0, 0)]
    for end in range(1, len(text) + 1):
        options = [(best[end - 1][0] + 1, best[end - 1][1])]
        for begin in range(max(0, end - _LONGEST_PIECE), end - 2):
            piece = text[begin:end]
            if _is_row(piece) or _is_year(piece):
                options.append(best[begin])
            elif piece in common_words() or piece.translate(_LOOK_ALIKES) in common_words():
                options.append((best[begin][0], best[begin][1] + 1))
        best.append(min(options))
    return best[-1]


def _is_row(piece: str) -> bool:
    if len(piece) < _SHORTEST_ROW:
        return False
    return len(set(piece)) == 1 or piece in _ALL_ROWS


def _is_year(piece: str) -> bool:
    return len(piece) == 4 and piece.isascii() and piece.isdigit() and piece[:2] in {"19", "20"}
