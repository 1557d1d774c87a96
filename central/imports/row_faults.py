"""Describes a fault of a cell in words: the typed value, what it should be, and the nearest valid value. Pure.

What is typed may name a person: it is shown to who sent the file, and stands in no log.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from central.core.input_fault import InputFault
from central.core.name_folding import fold_name
from central.words.texts import text, text_or

MOST_SHOWN_CHARS = 60
MOST_NEAR = 3
MOST_SOUGHT = 100
"""So many cells of a file are compared with what there is: each takes milliseconds, and nobody reads more."""
_ALIKE = 0.6
CHOICES = frozenset({"choose", "needed"})
"""Codes of a column that takes the words of a list alone."""


@dataclass(frozen=True, slots=True)
class RowFault(InputFault):
    """What is wrong in one cell of a file. `row` is its number in the file; the first is 1."""

    row: int = 0
    column: str = ""

    def words(self, language: str) -> str:
        """«typed»: what is wrong; what there is."""
        said = self._with_near(language)
        if not self.typed:
            return text(language, "import_fault.nothing_typed", what=said)
        return text(language, "import_fault.typed", typed=_shortened(self.typed), what=said)

    def beside_the_cell(self, language: str) -> str:
        """What is wrong, for a place where the cell itself is in view; what comes nearest where a name was looked up.

        No number of another row: rows without faults are not in the file of faults.
        """
        if self.other.isdecimal():
            return replace(self, other="").beside_the_cell(language)
        return self.what(language) if self.code in CHOICES else self._with_near(language)

    def _with_near(self, language: str) -> str:
        if not self.near:
            return self.what(language)
        near = ", ".join(f"«{one}»" for one in self.near)
        return text(language, "import_fault.near", what=self.what(language), near=near)

    def what(self, language: str) -> str:
        """What is wrong with a cell of this kind, and with what it collides."""
        if self.other:
            said = "import_fault.collides_row" if self.other.isdecimal() else "import_fault.collides"
            return text(language, said, what=self._kind(language), other=self.other)
        return self._kind(language)

    def _kind(self, language: str) -> str:
        return text_or(language, f"import_fault.{self.code}", "") or text(language, f"fault_code.{self.code}")


def masked_number(number: str) -> str:
    """A SNILS as it may be shown: enough to find the cell, and no number of a person."""
    digits = [place for place, sign in enumerate(number) if sign.isdigit()]
    hidden = set(digits[3:-2])
    return "".join("*" if place in hidden else sign for place, sign in enumerate(number))


class Nearest:
    """What a column takes, by column: the few words of a list as a whole, of many names those that come nearest."""

    def __init__(
        self, words: Mapping[str, Sequence[str]], names: Mapping[str, Iterable[str]], secret: str = ""
    ) -> None:
        self._words = words
        self._names = {column: {fold_name(name): name for name in known} for column, known in names.items()}
        self._secret = secret
        self._found: dict[tuple[str, str], tuple[str, ...]] = {}

    def fault(
        self, row: int, column: str, code: str, typed: str, looked_up: Collection[str], other: str = ""
    ) -> RowFault:
        """The fault of a cell. `looked_up`: codes that say that something of that name is not there; `other` as in `InputFault`."""
        near: tuple[str, ...] = ()
        if code in CHOICES:
            near = tuple(self._words.get(column, ()))
        elif code in looked_up and column in self._names:
            near = self._near(column, typed)
        shown = masked_number(typed) if column == self._secret else typed
        return RowFault(code, other, typed=shown, near=near, row=row, column=column)

    def _near(self, column: str, typed: str) -> tuple[str, ...]:
        key = (column, fold_name(typed))
        if key not in self._found:
            known = self._names[column]
            self._found[key] = _closest(key[1], known) if len(self._found) < MOST_SOUGHT else ()
        return self._found[key]


def _closest(typed: str, known: Mapping[str, str]) -> tuple[str, ...]:
    # A part of the name first: «Ромашка» for «ООО «Ромашка-Транс»».
    part = [name for name in known if typed and (typed in name or name in typed)][:MOST_NEAR]
    alike = difflib.get_close_matches(typed, known, MOST_NEAR, _ALIKE)
    found = [*part, *(name for name in alike if name not in part)]
    if not found and len(known) <= MOST_NEAR:
        found = list(known)
    return tuple(known[name] for name in found[:MOST_NEAR])


def _shortened(words: str) -> str:
    return words if len(words) <= MOST_SHOWN_CHARS else f"{words[: MOST_SHOWN_CHARS - 1]}…"
