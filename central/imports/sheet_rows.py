"""The parts of a workbook as they are read piece by piece: its texts, its formats, the rows of a sheet. Pure.

Elements are known by their local names: some programs write prefixes, and the strict form has other namespaces.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from central.core.text_cleaning import from_xlsx_text
from central.imports.cell_values import Cell, NumberForms, RawCell, format_code, value_of

_LAST_ROW = 1_048_576
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
COST_OF_A_TEXT = 50
"""What a text takes in memory beside its characters, in characters."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with its number in the sheet; cells by column, counted from 1. Empty cells are not there."""

    number: int
    cells: dict[int, Cell]


class PartReader:
    """Reads one part. `elements` and `chars` grow with what was read and kept; handlers raise `ValueError` for nonsense."""

    def __init__(self) -> None:
        self.elements = 0
        self.chars = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.opened(name if ":" not in name else name.rpartition(":")[2], attributes)

    def _end(self, name: str) -> None:
        self.closed(name if ":" not in name else name.rpartition(":")[2])

    def _doctype(self, *_: Any) -> None:
        raise ValueError("no part of a workbook has a document type")

    def _text(self, text: str) -> None:
        """Characters between elements."""

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def closed(self, name: str) -> None:
        """An element ends."""


class Elements(PartReader):
    """A small part as the list of its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Keep it, attributes by local names."""
        self.chars += COST_OF_A_TEXT + sum(len(value) for value in attributes.values())
        self.found.append((name, {key.rpartition(":")[2]: value for key, value in attributes.items()}))


class Formats(PartReader):
    """Codes of the number formats by style. What was read before the part broke off is not used."""

    def __init__(self) -> None:
        super().__init__()
        self._own: dict[int, str] = {}
        self._numbers: list[int] = []
        self._in_styles = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """A format of the workbook's own, or a style that names one."""
        if name == "numFmt":
            self.chars += COST_OF_A_TEXT + len(attributes.get("formatCode", ""))
            self._own[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "cellXfs":
            self._in_styles = True
        elif name == "xf" and self._in_styles:
            self._numbers.append(int(attributes.get("numFmtId", "0")))

    def closed(self, name: str) -> None:
        """The end of the styles of cells."""
        if name == "cellXfs":
            self._in_styles = False

    def codes(self) -> list[str]:
        """By the place of the style."""
        return [format_code(number, self._own) for number in self._numbers]


class SharedTexts(PartReader):
    """The texts that cells name by their place."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._parts: list[str] = []
        self._reads = self._spoken = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Text of an item; how it is read aloud (`rPh`) is none."""
        if name == "rPh":
            self._spoken = True
        self._reads = name == "t" and not self._spoken

    def closed(self, name: str) -> None:
        """An item ends."""
        self._reads = False
        if name == "rPh":
            self._spoken = False
        elif name == "si":
            self.texts.append(from_xlsx_text("".join(self._parts)))
            self.chars += COST_OF_A_TEXT
            self._parts.clear()

    def _text(self, text: str) -> None:
        if self._reads:
            self.chars += len(text)
            self._parts.append(text)


class Rows(PartReader):
    """Rows of a sheet. Of columns beyond `wanted` nothing is kept; None: all are wanted."""

    def __init__(self, texts: Sequence[str], forms: NumberForms, *, stale: bool) -> None:
        super().__init__()
        self.wanted: Collection[int] | None = None
        self._texts, self._forms, self._stale = texts, forms, stale
        self._rows: list[SheetRow] = []
        self._cells: dict[int, Cell] = {}
        self._row = self._column = 0
        self._cell: dict[str, str] = {}
        self._reference = ""
        """Where the last cell stands, as long as nobody needed its column."""
        self._in_data = self._in_cell = self._is_open = self._is_wanted = False
        self._reads = self._spoken = self._has_value = self._is_formula = False
        self._parts: list[str] = []

    def taken(self) -> list[SheetRow]:
        """The rows that were finished since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """A row, a cell, or what a cell is made of."""
        if name == "c" and self._in_data:
            self._cell, self._in_cell = attributes, True
            if "r" not in attributes:
                self._column = _column(self._reference) if self._reference else self._column
                self._column, self._reference = self._column + 1, ""
            else:
                # Most cells of a formatted sheet are empty: where one stands is worked out once it holds something.
                self._reference = attributes["r"]
        elif self._in_cell:
            if not self._is_open:
                self._open()
            self._has_value |= name in {"v", "is"}
            self._is_formula |= name == "f"
            self._spoken |= name == "rPh"
            self._reads = self._is_wanted and (name == "v" or (name == "t" and not self._spoken))
        elif name == "row" and self._in_data:
            before, self._row = self._row, int(attributes["r"]) if "r" in attributes else self._row + 1
            if not before < self._row <= _LAST_ROW:
                raise ValueError("rows out of order")
            self._column, self._reference, self._cells = 0, "", {}
        elif name == "sheetData":
            self._in_data = True

    def _open(self) -> None:
        if self._reference:
            self._column, self._reference = _column(self._reference), ""
        self._is_wanted = self.wanted is None or self._column in self.wanted
        self._has_value = self._is_formula = self._spoken = False
        self._is_open, self._parts = True, []

    def closed(self, name: str) -> None:
        """A cell or a row is whole."""
        self._reads = False
        if name == "c" and self._in_cell:
            self._in_cell = False
            if self._cell.get("t") == "e" and not self._is_open:
                self._open()
            if self._is_open:
                self._is_open = False
                self._keep()
        elif name == "rPh":
            self._spoken = False
        elif name == "row" and self._in_data:
            if self._cells:
                self._rows.append(SheetRow(self._row, self._cells))
        elif name == "sheetData":
            self._in_data = False

    def _keep(self) -> None:
        kind = self._cell.get("t", "n")
        if not self._is_wanted or not (self._parts or self._is_formula or kind == "e"):
            return
        if self._column in self._cells:
            raise ValueError("a cell twice")
        raw = RawCell(kind, int(self._cell.get("s", "0")), "".join(self._parts), self._has_value, self._is_formula)
        cell = value_of(raw, self._texts, self._forms, stale=self._stale)
        if cell.text or cell.fault:
            self._cells[self._column] = cell
            self.chars += COST_OF_A_TEXT

    def _text(self, text: str) -> None:
        if self._reads:
            self.chars += len(text)
            self._parts.append(text)


def _column(reference: str) -> int:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError("a cell without a place")
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return number
