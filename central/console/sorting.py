"""Sorts the tables of a page by their headings and keeps the order in the address. All tables of the console use it.

The address carries `sort=<column>` (upwards) or `sort=-<column>` (downwards) for the main table of a page, `sort_<table>` for
another one. A heading is a link, so that it works without a script, by keyboard and in a bookmark; filters stay, and a list in
pages begins anew. A column that a table does not have is passed over.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from markupsafe import Markup
from starlette.datastructures import FormData

from central.core.ordering import AS_IT_COMES, Order, ordered

Row = TypeVar("Row")
PLACES = ("after_moment", "after_id", "page")
"""Where a list in pages stands: a new order begins at its beginning."""
_ARROWS = {"ascending": "▲", "descending": "▼", "none": "↕"}


@dataclass(frozen=True, slots=True)
class Sorting:
    """One table of a page: by what it may be sorted, and by what it is."""

    order: Order
    columns: frozenset[str]
    name: str
    """Of the parameter in the address."""
    path: str
    kept: tuple[tuple[str, str], ...]
    """What else the address says."""
    anchor: str = ""
    usual: Order = AS_IT_COMES

    @property
    def shown(self) -> Order:
        """The order that the table stands in, the usual one when none is asked for."""
        return self.order if self.order.column else self.usual

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What an address says to keep the order asked for: for links to the next page."""
        return [(self.name, self.order.words)] if self.order.column else []

    @property
    def hidden(self) -> Markup:
        """A field that lets a form of filters keep the order."""
        pairs = self.pairs
        return Markup('<input type="hidden" name="{}" value="{}">').format(*pairs[0]) if pairs else Markup()

    def direction(self, column: str) -> str:
        """As `aria-sort` has it."""
        if self.shown.column != column:
            return "none"
        return "descending" if self.shown.is_descending else "ascending"

    def href(self, column: str) -> str:
        """The address of the same page with the table sorted by that column; turned, if it is already."""
        wanted = Order(column, is_descending=self.direction(column) == "ascending")
        return f"{self.path}?{urlencode([*self.kept, (self.name, wanted.words)])}{self.anchor}"

    def rows(self, rows: Iterable[Row], keys: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
        """The rows in the order asked for. They come in the usual one."""
        return ordered(rows, self.order, keys)

    def head(self, column: str, words: str, kind: str = "") -> Markup:
        """The heading of a column: a link that sorts, or plain words where the table is not sorted by it. `kind`: its class."""
        classes = Markup(' class="{}"').format(kind) if kind else Markup()
        if column not in self.columns:
            return Markup('<th scope="col"{}>{}</th>').format(classes, words)
        direction = self.direction(column)
        return Markup(
            '<th scope="col"{} aria-sort="{}"><a class="sort" href="{}">{} <span class="way" aria-hidden="true">{}</span></a></th>'
        ).format(classes, direction, self.href(column), words, _ARROWS[direction])


def kept_order(form: FormData) -> list[tuple[str, str]]:
    """What a form that leads to an address brings of the order, in `Sorting.hidden`."""
    words = str(form.get("sort", ""))
    return [("sort", words)] if words else []


def sorting_of(
    request: Request,
    columns: Collection[str],
    *,
    table: str = "",
    path: str = "",
    usual: str = "",
    places: Collection[str] = PLACES,
) -> Sorting:
    """The order that an address asks of a table.

    `table`: empty for the main one of the page. `path`: of the page, where a form of another path may answer with it. `usual`: the
    order that the rows come in, as the address would say it. `places`: parameters that say where the list stands in its pages.
    """
    name = f"sort_{table}" if table else "sort"
    asked = Order.read(request.query_params.get(name, ""))
    kept = tuple(pair for pair in request.query_params.multi_items() if pair[0] != name and pair[0] not in places)
    return Sorting(
        asked if asked.column in columns else AS_IT_COMES,
        frozenset(columns),
        name,
        path or request.url.path,
        kept,
        f"#{table}" if table else "",
        Order.read(usual),
    )
