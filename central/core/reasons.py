"""The reference book of reasons for a decision: what an organisation published, or the data beside this module."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from central.core import book_source
from sync.contract.books import BookItem


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `group` is what follows from it: `intoxication` alerts the employer."""

    code: str
    group: str
    ru: str
    en: str
    offered: bool
    found_by: tuple[str, ...] = ()
    """Findings of the rules that this reason matches, as `parameter code`: it is then proposed, never chosen."""

    def text(self, language: str) -> str:
        """The words of the reason in that language."""
        return self.en if language == "en" else self.ru


def reasons(org: str = "", at: datetime | None = None) -> Mapping[str, Reason]:
    """All reasons by code, in the order of the book: of that organisation now or at a moment of the past.

    Without an organisation, or where nobody has published another book, those that ship.
    """
    items = book_source.items("reasons", org, at=at)
    return {code: _of_item(item) for code, item in items.items()} if items else shipped_reasons()


def _of_item(item: BookItem) -> Reason:
    found_by = item.attrs.get("found_by", ())
    return Reason(
        code=item.code,
        group=str(item.attrs.get("class") or "other"),
        ru=item.ru,
        en=item.en or item.ru,
        offered=item.offered,
        found_by=tuple(found_by) if isinstance(found_by, list | tuple) else (),
    )


@cache
def shipped_reasons() -> Mapping[str, Reason]:
    """The reasons that ship with the program."""
    book = tomllib.loads(resources.files("central.core").joinpath("reasons.toml").read_text(encoding="utf-8"))
    return {
        item["code"]: Reason(
            code=item["code"],
            group=item["class"],
            ru=item["ru"],
            en=item["en"],
            offered=item.get("offered", True),
            found_by=tuple(item.get("found_by", ())),
        )
        for item in book["reason"]
    }


def is_intoxication(codes: tuple[str, ...], org: str = "", at: datetime | None = None) -> bool:
    """Whether the employer has to be told at once (order 266n)."""
    if not codes:
        return False
    book = reasons(org, at)
    return any(code in book and book[code].group == "intoxication" for code in codes)
