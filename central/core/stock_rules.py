"""Rules of stock checks: which month may be opened, what is lacking or too many, by when a month has to be closed. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from central.core.copy_rules import AT_HAND

KINDS = ("monthly", "inventory")
EXPECTED: Mapping[str, frozenset[str]] = {"monthly": AT_HAND, "inventory": frozenset({"archived"})}
"""By kind: the states in which a copy on paper has to lie where the check looks."""
CLOSE_BY = 5
"""Day of the next month until which the check of a month has to be closed."""
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
MISSING, UNEXPECTED = "missing", "unexpected"


class CheckRefused(Exception):
    """This cannot be done with a check. `code`: a word of `stock.refused`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Difference:
    """A copy that was not found where it should be (`missing`), or found where it should not (`unexpected`)."""

    copy_id: str
    kind: str


def month_of(day: date) -> str:
    """As `2026-11`."""
    return f"{day:%Y-%m}"


def month_after(month: str) -> str:
    """The next month."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04}-{number + 1:02}"


def month_to_open(last: str | None, is_closed: bool, today: date) -> str:
    """The month that may be opened: the one after the last, or this one where there was none.

    Raises `CheckRefused` (`open`: the last one is not closed; `future`: this month is checked already).
    """
    if last is None:
        return month_of(today)
    if not is_closed:
        raise CheckRefused("open")
    following = month_after(last)
    if following > month_of(today):
        raise CheckRefused("future")
    return following


def due_month(today: date) -> str:
    """The newest month whose check has to be closed by now."""
    back = 2 if today.day <= CLOSE_BY else 1
    year, number = divmod(today.year * 12 + today.month - 1 - back, 12)
    return f"{year:04}-{number + 1:02}"


def differences(
    expected: Iterable[str], found: Collection[str], states: Mapping[str, str], kind: str
) -> list[Difference]:
    """What does not fit. `expected`: copies at the opening; `states`: of all copies, now.

    What has moved since the opening is accounted for by its move, and no difference.
    """
    meant = EXPECTED[kind]
    wanted = list(expected)
    missing = [Difference(one, MISSING) for one in wanted if one not in found and states.get(one) in meant]
    unexpected = [Difference(one, UNEXPECTED) for one in sorted(found) if states.get(one) not in meant]
    return missing + unexpected
