"""The limits as rows of the page: of workers, of employers, of the organisation, and the defaults, in one form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from central.store.limits import PersonalLimit, StoredLimit
from central.words.texts import text, text_or


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit as the page shows it. `entry`: what holds; `number`: the worker's and whose it is, where it is a worker's own."""

    quantity: str
    entry: Mapping[str, Any]
    owner: str
    number: str
    basis: str
    author: str
    since: datetime | None
    withdrawn_at: datetime | None
    valid_until: date | None
    version: str


KEYS: Mapping[str, Callable[[LimitRow], Any]] = {
    name: attrgetter(name) for name in ("quantity", "owner", "basis", "author", "since", "valid_until", "version")
} | {"low": lambda row: row.entry["low"]}
"""By what the lists of limits are sorted."""


def personal_row(item: PersonalLimit, names: Mapping[str, str], language: str) -> LimitRow:
    """A worker's own limit. `names` of accounts by id; a limit of an older centre has the name itself."""
    name = str(item.entry["parameter"])
    return LimitRow(
        text_or(language, f"quantity.{name}", name),
        item.entry,
        f"{text(language, 'limit_source.worker')}: {item.full_name}",
        f"{item.personnel_number}, {item.employer_name}",
        item.basis,
        names.get(item.author, item.author),
        item.created_at,
        item.withdrawn_at,
        item.valid_until,
        str(item.entry["version"]),
    )


def stored_row(item: StoredLimit, employers: Mapping[str, str], names: Mapping[str, str], language: str) -> LimitRow:
    """A limit of the organisation or of one employer. `names`: as of `personal_row`."""
    owner = text(language, f"limit_source.{item.source}")
    return LimitRow(
        text(language, f"quantity.{item.parameter}"),
        {"parameter": item.parameter, "low": item.low, "high": item.high},
        f"{owner}: {employers.get(item.subject, '')}" if item.subject else owner,
        "",
        item.basis,
        names.get(item.author, item.author),
        item.created_at,
        item.withdrawn_at,
        item.valid_until,
        item.version,
    )


def default_rows(entries: Iterable[Mapping[str, Any]], language: str) -> list[LimitRow]:
    """What holds where nobody has set anything."""
    return [
        LimitRow(
            text(language, f"quantity.{item['parameter']}"),
            item,
            text(language, "limit_source.default"),
            "",
            str(item["basis"]),
            "",
            None,
            None,
            None,
            str(item["version"]),
        )
        for item in entries
    ]
