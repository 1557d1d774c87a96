"""The order of the rows of a list. Pure.

People count as they read: `2` stands before `10`, `ё` beside `е`, capitals do not matter, and what is empty comes last
whichever way the list is turned.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from central.core.name_folding import fold_name

Row = TypeVar("Row")
_DIGITS = re.compile(r"([0-9]+)")
_MOST_DIGITS = 18
"""Longer runs of digits are compared as text: nobody counts with them, and turning them into numbers takes its time."""


@dataclass(frozen=True, slots=True)
class Order:
    """A column of a list and the direction. An empty column: the order that the list has by itself."""

    column: str = ""
    is_descending: bool = False

    @classmethod
    def read(cls, words: str) -> "Order":
        """`name` upwards, `-name` downwards."""
        return cls(words.removeprefix("-"), words.startswith("-"))

    @property
    def words(self) -> str:
        """As `read` takes it."""
        return f"{'-' if self.is_descending else ''}{self.column}" if self.column else ""


AS_IT_COMES = Order()
"""The order that a list has by itself."""


def ordered(rows: Iterable[Row], order: Order, keys: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
    """The rows by that column of `keys`; equal ones stay as they came, empty ones stand last. An unknown column changes nothing."""
    key = keys.get(order.column)
    if key is None:
        return list(rows)
    valued = [(key(row), row) for row in rows]
    filled = [(_place(value), row) for value, row in valued if not _is_empty(value)]
    filled.sort(key=lambda item: item[0], reverse=order.is_descending)
    return [row for _place_of_it, row in filled] + [row for value, row in valued if _is_empty(value)]


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value)


def _place(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # Words and numbers take turns, so that like is compared with like; the words themselves decide between 7 and 07.
    parts = _DIGITS.split(fold_name(value))
    counted = tuple(
        (int(part), part) if index % 2 and len(part) <= _MOST_DIGITS else (0, part) for index, part in enumerate(parts)
    )
    return counted, value
