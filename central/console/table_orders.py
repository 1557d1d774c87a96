"""Sorts tables that a template has as a whole: the template names the columns, and the route needs to know none of them.

`{% set by = sorting('keys', {'name': 'name', 'employer': ('employer_id', employers)}, path='/accounts') %}`, then `by.head(…)` for
each heading and `{% for key in by.rows(keys) %}`. A column says where in a row its value is (`name`, `0.username`), and with a
second part how the value is called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from central.console.sorting import Sorting, sorting_of

Column = str | tuple[str, Mapping[Any, Any]]


@dataclass(frozen=True, slots=True)
class TableOrder:
    """The order of one table of a template."""

    sorting: Sorting
    columns: Mapping[str, Column]

    def head(self, column: str, words: str, kind: str = "") -> Markup:
        """As `Sorting.head`."""
        return self.sorting.head(column, words, kind)

    def rows(self, rows: Iterable[Any]) -> list[Any]:
        """The rows in the order asked for."""
        return self.sorting.rows(rows, {name: partial(_value, at) for name, at in self.columns.items()})


@pass_context
def table_order(
    context: Context, table: str, columns: Mapping[str, Column], *, path: str = "", usual: str = ""
) -> TableOrder:
    """The order that the address of the page asks of this table; `path` and `usual` as in `sorting_of`."""
    return TableOrder(sorting_of(context["request"], columns, table=table, path=path, usual=usual), columns)


def _value(column: Column, row: Any) -> Any:
    at, names = column if isinstance(column, tuple) else (column, None)
    for part in at.split("."):
        row = _part(row, part)
    return row if names is None else names.get(row, "")


def _part(row: Any, name: str) -> Any:
    if name.isdigit():
        return row[int(name)]
    return row[name] if isinstance(row, Mapping) else getattr(row, name)
