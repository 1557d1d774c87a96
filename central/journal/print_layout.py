"""Layout of the printed journal: A4 in landscape, which fits Letter too, with letters of eight points. Pure.

The order's columns stand in the table, some of them below each other in one. Whatever else was chosen and does not fit beside
them stands with its heading in lines below its row, so that nothing is left out and nothing is set smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from central.journal import columns
from central.journal.columns import Reading
from central.words.texts import text

PART_ROWS = 5_000
"""Rows of one PDF: more come in parts, as a PDF is held in memory until it is whole."""
ORDER = (
    "moment",
    "exam_type",
    "full_name",
    "sex",
    "birth_date",
    "complaints",
    "mucous",
    "skin",
    "temperature",
    "pressure",
    "pulse",
    "alcohol_sign",
    "alcohol",
    "drug_test",
    "conclusion",
    "outcome",
    "medic",
    "signature",
    "acknowledged",
)
"""What the order on the examinations asks a journal to hold; the print has these until others are chosen."""

INNER_MM = 269.0
"""Width of the table. A4 is 17.6 mm wider than Letter: printed there unscaled and centred, 5 mm of margin are left."""
NUMBER_MM = 9.0
"""Width of the column №."""
_STACKS: tuple[tuple[str, ...], ...] = (
    ("moment", "exam_type"),
    ("full_name", "sex", "birth_date"),
    ("alcohol_sign", "alcohol"),
    ("conclusion", "outcome"),
    ("medic", "signature"),
)
_NEEDED_MM = {
    "moment": 20.5,
    "exam_type": 20.5,
    "full_name": 31.0,
    "complaints": 25.0,
    "mucous": 20.0,
    "skin": 20.0,
    "behaviour": 18.5,
    "temperature": 12.0,
    "pressure": 17.5,
    "pulse": 12.5,
    "alcohol_sign": 17.5,
    "alcohol": 17.5,
    "drug_test": 18.5,
    "conclusion": 22.0,
    "outcome": 22.0,
    "medic": 25.5,
    "signature": 25.5,
    "acknowledged": 17.0,
    "duration_s": 14.0,
    "place": 22.0,
    "employer": 30.0,
    "personnel_number": 19.0,
    "sex": 15.0,
    "birth_date": 18.5,
    "reasons": 26.0,
    "comment": 26.0,
    "signature_check": 20.0,
    "exam_id": 27.0,
}
"""What the usual words of a column need at eight points."""


@dataclass(frozen=True, slots=True)
class PrintCell:
    """What stands in one cell. `marked`: a value outside its limits, bold and with an arrow."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class PrintRow:
    """One exam: its cells, and the lines below them."""

    cells: tuple[PrintCell, ...]
    below: str = ""


@dataclass(slots=True)
class Legend:
    """Certificates by short numbers: forty digits in each row say less than one number does."""

    numbers: dict[str, int] = field(default_factory=dict)
    _shown: list[str] = field(default_factory=list)

    def number(self, entry: str) -> int:
        """The number that stands for that entry."""
        if entry not in self._shown:
            self._shown.append(entry)
        return self.numbers.setdefault(entry, len(self.numbers) + 1)

    def take(self) -> list[tuple[int, str]]:
        """What was named since the last call, by number: the parts of a long print have a legend each, with the same numbers."""
        taken = sorted((self.numbers[entry], entry) for entry in self._shown)
        self._shown.clear()
        return taken


class PrintLayout:
    """The columns of a print: which keys stand together, how wide, and what goes below."""

    def __init__(self, keys: Sequence[str], language: str) -> None:
        self._language = language
        stacks = _stacked(keys)
        if sum(map(_needed, stacks)) > INNER_MM - NUMBER_MM:
            self._below = tuple(stack[0] for stack in stacks if stack[0] not in ORDER)
            stacks = [stack for stack in stacks if stack[0] in ORDER]
        else:
            self._below = ()
        self._stacks = stacks
        self.legend = Legend()
        needed = [_needed(stack) for stack in stacks]
        self.shares = [width / sum(needed) for width in needed]
        """Shares of the width beside the column №, adding up to 1."""
        self.headings = [", ".join(columns.headings(stack, language)) for stack in stacks]

    def row(self, item: Reading) -> PrintRow:
        """How one exam stands there."""
        cells = tuple(self._cell(item, stack) for stack in self._stacks)
        pairs = ((key, self._words(item, key)) for key in self._below)
        below = "; ".join(f"{columns.headings((key,), self._language)[0]}: {words}" for key, words in pairs if words)
        return PrintRow(cells, below)

    def _cell(self, item: Reading, stack: tuple[str, ...]) -> PrintCell:
        marked = any(columns.sides(item, key) for key in stack)
        return PrintCell("\n".join(filter(None, (self._words(item, key) for key in stack))), marked)

    def _words(self, item: Reading, key: str) -> str:
        if key == "signature" and item.row.certificate_serial:
            entry = f"{columns.COLUMNS['medic'](item)}: {columns.COLUMNS['signature'](item)}"
            return text(self._language, "journal.signed_short", number=self.legend.number(entry))
        return columns.with_arrows(item, key)


def _stacked(keys: Sequence[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key in keys:
        stack = next((tuple(one for one in stack if one in keys) for stack in _STACKS if key in stack), (key,))
        if stack not in found:
            found.append(stack)
    return found


def _needed(stack: tuple[str, ...]) -> float:
    return max(_NEEDED_MM[key] for key in stack)
