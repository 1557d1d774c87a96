"""How long files are kept: terms of the book `retention`, and which files have passed theirs. Here nothing goes by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from central.books import reading as books
from central.core.days import day_of
from central.store import acts, deletions, holds, kept_files, media
from central.store.holds import Hold
from central.store.media import KeptFile
from central.store.registry import same_person_ids
from sync.contract.books import RETENTION, BookItem

_GROUPS = {"film": "video", "photo": "image"}
"""Lines of the book whose files go by an act, with the first part of their content type; other lines are of what stays."""
MOST_IN_ACT = 2000
"""So many files stand in one act: it is read and signed as a whole."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long a kind is kept: whole years, then days."""

    code: str
    years: int
    days: int
    basis: str
    item: BookItem

    @property
    def least_days(self) -> int:
        """So many days the term has at least, whichever years they fall in."""
        return self.years * 365 + self.days

    def last_day(self, made_on: date) -> date:
        """The last day on which what is of `made_on` is kept. It may go on the day after."""
        year = made_on.year + self.years
        is_leap_day = (made_on.month, made_on.day) == (2, 29)
        moved = date(year, 3, 1) if is_leap_day and not _is_leap(year) else made_on.replace(year=year)
        return moved + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class DueFile:
    """A file whose term is over. `made_on`: day of its exam; `due_on`: the last day of its term."""

    file: KeptFile
    kind: str
    made_on: date
    due_on: date
    hold: Hold | None


@dataclass(frozen=True, slots=True)
class Due:
    """What an organisation may destroy today. `version`: of the book; `in_drafts`: files that an act without force names."""

    free: tuple[DueFile, ...]
    held: tuple[DueFile, ...]
    in_drafts: int
    version: str
    terms: Mapping[str, Term]


def terms_of(connection: Connection, org: str, today: date) -> tuple[str, dict[str, Term]]:
    """Version and terms by kind of the book that holds on that day; a line that is not offered is no term."""
    book = books.in_force(connection, RETENTION, org, today)
    found = {
        item.code: Term(
            item.code, _number(item, "years"), _number(item, "days"), str(item.attrs.get("basis") or ""), item
        )
        for item in book.items
        if item.offered
    }
    return book.version, found


def due_files(connection: Connection, org: str, now: datetime) -> Due:
    """Files of the organisation whose term is over, the oldest first: those that may go, and those that a hold keeps.

    At most `MOST_IN_ACT` that may go: the next ones follow in the next act.
    """
    today = day_of(now)
    version, terms = terms_of(connection, org, today)
    used = set(kept_files.beside_media(connection))
    placed, drafted = HoldsOf(connection, org), _in_drafts(connection, org)
    free: list[DueFile] = []
    held: list[DueFile] = []
    in_drafts = 0
    for kind, group in _GROUPS.items():
        term = terms.get(kind)
        if term is None or not (term.years or term.days):
            continue
        for file in media.kept_before(connection, org, group, now - timedelta(days=term.least_days)):
            made_on = day_of(file.finished_at)
            due_on = term.last_day(made_on)
            if due_on >= today or file.sha256 in used:
                continue
            if file.sha256 in drafted:
                in_drafts += 1
                continue
            item = DueFile(file, kind, made_on, due_on, placed.on(file))
            (free if item.hold is None else held).append(item)
            if len(free) >= MOST_IN_ACT:
                break
    free.sort(key=lambda one: (one.made_on, one.file.sha256))
    return Due(tuple(free[:MOST_IN_ACT]), tuple(held), in_drafts, version, terms)


def kind_of(content_type: str) -> str:
    """The line of the book that a file belongs to; empty for one of a kind that it does not know."""
    return next((kind for kind, group in _GROUPS.items() if content_type.startswith(f"{group}/")), "")


class HoldsOf:
    """The holds of one organisation as they stand in this transaction."""

    def __init__(self, connection: Connection, org: str) -> None:
        self._holds = holds.in_force(connection, org)
        self._people = {
            one.worker_id: frozenset(same_person_ids(connection, one.worker_id))
            for one in self._holds
            if one.about == "worker"
        }

    def on(self, file: KeptFile) -> Hold | None:
        """The first hold that keeps a file; None where it may go."""
        day = day_of(file.finished_at)
        return next((one for one in self._holds if self._keeps(one, file, day)), None)

    def _keeps(self, one: Hold, file: KeptFile, day: date) -> bool:
        match one.about:
            case "exam":
                return one.exam_id == file.exam_id
            case "worker":
                return file.worker_id in self._people[one.worker_id] and one.covers(day)
            case _:
                return one.terminal_id == file.terminal_id and one.covers(day)


def _in_drafts(connection: Connection, org: str) -> set[str]:
    """Hashes that acts name which are not carried out yet, signed or not: a file stands in one such act at a time."""
    found = [(one, acts.named_files(one)) for one in acts.standing(connection, "destruction", [org])]
    done = deletions.counts(connection, [one.act_id for one, _ in found])
    return {sha256 for one, named in found if sum(done.get(one.act_id, {}).values()) < len(named) for sha256 in named}


def _number(item: BookItem, name: str) -> int:
    value = item.attrs.get(name)
    return value if isinstance(value, int) else 0


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
