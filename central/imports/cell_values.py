"""Reads a cell of a spreadsheet as text, or says why it cannot be read. Pure.

Formats of numbers count where they make the number that people see: zeros in front, dashes between digits, days. What a program
has rounded, or never calculated, is a fault of that cell and no value (ECMA-376 part 1, 18.8.30 and 18.18.11).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from central.core.text_cleaning import UNREADABLE, from_xlsx_text

MOST_DIGITS = 15
"""So many digits a spreadsheet keeps of a number; those after are zeros."""
_LONGEST_NUMBER = 64
_DAYS_BUILT_IN = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_ERRORS = re.compile(
    r"#(n/a|н/д|value!|знач!|ref!|ссылка!|div/0!|дел/0!|name\?|имя\?|num!|число!|null!|пусто!|spill!|перенос!|calc!|вычисл!"
    r"|getting_data|field!|поле!|blocked!|connect!|busy!|unknown!|#*)",
    re.IGNORECASE,
)
_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?e\+?[0-9]+", re.IGNORECASE)
_GROUPED = re.compile("[0-9]{1,3}([\u00a0\u202f\u2009][0-9]{3})+")
_PIECE = re.compile(r'\\(.)|"([^"]*)"|([0#?])|([- ()+№])|(.)')
_UNSHOWN = re.compile(r"\[(?![<>=])[^\]]*\]|_.|\*.")
"""Parts of a format that show nothing: colours and languages, room for a sign, filling."""


class Cell(NamedTuple):
    """The text of a cell, and the code of what is wrong with it (a text `fault_code.<code>`), or nothing."""

    text: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RawCell:
    """A cell as the sheet holds it. `kind`: n, s, str, inlineStr, b, e or d; `style` the place of its format."""

    kind: str
    style: int
    text: str
    has_value: bool
    is_formula: bool


class NumberForms:
    """How numbers of a workbook are shown. `codes`: format codes by style; None where its styles cannot be read."""

    def __init__(self, codes: Sequence[str] | None, *, from_1904: bool) -> None:
        self._codes = codes
        self._epoch = MAC_EPOCH if from_1904 else WINDOWS_EPOCH

    def shown(self, raw: str, style: int) -> Cell:
        """A number as text."""
        try:
            value = Decimal(raw.strip()[:_LONGEST_NUMBER])
        except InvalidOperation:
            return Cell(raw, "error_value")
        if not value.is_finite() or len(raw) > _LONGEST_NUMBER:
            return Cell(raw, "error_value")
        code = self._code(style)
        if code is None:
            return Cell(_plain(value), "unknown_format")
        if is_date_format(code):
            return self._day(value)
        if value == value.to_integral_value():
            if value.adjusted() >= MOST_DIGITS:
                return Cell(raw, "rounded_number")
            return Cell(_padded(int(value), code))
        return Cell(_plain(value))

    def _code(self, style: int) -> str | None:
        if self._codes is not None and style < len(self._codes):
            return self._codes[style]
        return None if style else "General"

    def _day(self, value: Decimal) -> Cell:
        try:
            found = from_excel(float(value), self._epoch)
        except (OverflowError, ValueError):
            return Cell(_plain(value))
        if isinstance(found, time):
            return Cell(f"{found:%H:%M:%S}")
        return Cell(f"{found:%d.%m.%Y}") if isinstance(found, datetime) else Cell(_plain(value))


def format_code(number: int, own: Mapping[int, str]) -> str:
    """The code of a number format: of the workbook's own, or built in."""
    if number in own:
        return own[number]
    return "dd.mm.yyyy" if number in _DAYS_BUILT_IN else BUILTIN_FORMATS.get(number, "General")


def value_of(raw: RawCell, strings: Sequence[str], forms: NumberForms, *, stale: bool) -> Cell:
    """What a cell says. `stale`: the workbook says that its formulas were never calculated."""
    if raw.kind == "e":
        return Cell(raw.text, "error_value")
    if raw.is_formula and (stale or not raw.has_value or (raw.kind != "str" and not raw.text.strip())):
        return Cell("", "no_value")
    if raw.kind == "s":
        place = int(raw.text) if raw.text.strip().isdecimal() and len(raw.text) < _LONGEST_NUMBER else -1
        return _worded(strings[place]) if 0 <= place < len(strings) else Cell("", "no_value" if raw.has_value else "")
    if raw.kind in {"str", "inlineStr"}:
        return _worded(from_xlsx_text(raw.text))
    if not raw.text.strip():
        return Cell("")
    if raw.kind == "b":
        # A word of its own: no column takes it for yes or no.
        return Cell("ИСТИНА" if raw.text.strip() == "1" else "ЛОЖЬ")
    if raw.kind == "d":
        return Cell(raw.text.strip()[:10])
    return forms.shown(raw.text, raw.style)


def _worded(text: str) -> Cell:
    return Cell(text, text_fault(text)) if text else Cell("")


def text_fault(text: str) -> str:
    """What is wrong with a text in any column: an error value, or a sign that was lost when the file was written or read."""
    if text.startswith("#") and _ERRORS.fullmatch(text.strip()):
        return "error_value"
    return "lost_sign" if UNREADABLE in text else ""


def identifier_fault(text: str) -> str:
    """What is wrong with a number of a person, card or paper beyond that: a spreadsheet has rounded it."""
    return "rounded_number" if any(_ROUNDED.fullmatch(part.strip()) for part in (text, *text.split(";"))) else ""


def ungrouped(text: str) -> str:
    """A number without the blanks that a spreadsheet shows between its thousands."""
    return re.sub("[^0-9]", "", text) if _GROUPED.fullmatch(text.strip()) else text


def _plain(value: Decimal) -> str:
    if value == value.to_integral_value() and value.adjusted() < MOST_DIGITS:
        return str(int(value))
    # As a spreadsheet shows it: 0.1 is stored as 0.10000000000000001.
    return f"{float(value):.15g}"


def _padded(value: int, code: str) -> str:
    """A whole number under a format of nothing but places for digits, dashes, blanks and quoted words; else its digits."""
    pieces = _PIECE.findall(_UNSHOWN.sub("", code.split(";")[0]))
    if value < 0 or any(other for *_, other in pieces) or not any(place == "0" for _, _, place, _, _ in pieces):
        return str(value)
    digits, made, left = str(value), [], sum(bool(piece[2]) for piece in pieces)
    digits = digits.rjust(left, "\0")
    first = True
    for escaped, quoted, place, bare, _ in pieces:
        if not place:
            made.append(escaped or quoted or bare)
            continue
        # Digits beyond the places stand before the first of them.
        taken, digits = (
            (digits[: len(digits) - left + 1], digits[len(digits) - left + 1 :]) if first else (digits[0], digits[1:])
        )
        first, left = False, left - 1
        made.append(taken.replace("\0", "0" if place == "0" else ""))
    return "".join(made).strip()
