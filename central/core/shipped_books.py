"""Reads reference books that ship with the program from the files beside a package. Pure but for the files."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from sync.contract.books import BookItem, items_digest


@dataclass(frozen=True, slots=True)
class Shipped:
    """A book as it ships. `source` and `as_of` say where it is from and of which day."""

    version: str
    items: tuple[BookItem, ...]
    as_of: date
    source: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Hash of the items."""
        return items_digest(self.items)


@cache
def read_shipped(package: str, *names: str) -> Shipped | None:
    """The book in a TOML file of a package; None where there is none."""
    file = resources.files(package).joinpath(*names)
    if not file.is_file():
        return None
    book = tomllib.loads(file.read_text(encoding="utf-8"))
    source: dict[str, str] = {key: str(book[key]) for key in ("source", "oid", "as_of") if key in book}
    items = tuple(BookItem.model_validate(item) for item in book["item"])
    return Shipped(book["version"], items, date.fromisoformat(book["as_of"]), source)
