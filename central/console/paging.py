"""Lists in pages: which page an address asks for, and the links to those beside it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request

_DIGITS = 7
"""No list has as many pages."""


def page_number(request: Request, name: str = "page") -> int:
    """The page that the address asks for, from 1."""
    typed = request.query_params.get(name, "")
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < _DIGITS else 1


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a list stands. Template: `paging.html`."""

    number: int
    """From 1."""
    found: int
    """Rows on all pages."""
    size: int
    """Rows on one."""
    path: str
    kept: tuple[tuple[str, str], ...]
    """What else the address says."""

    @property
    def pages(self) -> int:
        """How many there are, at least one."""
        return max(1, -(-self.found // self.size))

    def href(self, number: int) -> str:
        """The address of another page."""
        pairs = [*self.kept, *([("page", str(number))] if number > 1 else [])]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def paging_of(request: Request, found: int, size: int, path: str = "") -> Paging:
    """The place of a list of `found` rows. `path`: of the page, where a form of another path may answer with it."""
    kept = tuple(pair for pair in request.query_params.multi_items() if pair[0] != "page")
    return Paging(page_number(request), found, size, path or request.url.path, kept)
