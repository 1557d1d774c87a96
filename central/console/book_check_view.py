"""Checks of medical books as pages and the paper show them: names and numbers beside what was kept, dates and no finding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.console.look import Look
from central.papers.listing import Listing, Section
from central.store import accounts, grounds, registry, terminals
from central.store.book_checks import BookCheck
from central.store.workers import workers_in_lists
from central.words import wording
from central.words.no_force import band
from central.words.texts import text
from sync.contract.person_code import digits_of, written

PAPER = "ru"
"""Papers are in Russian, whoever prints them."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check with what its ids stand for. `book`: the number as it stands in the book, empty where no book was found."""

    item: BookCheck
    full_name: str
    personnel_number: str
    book: str
    by: str
    """Who checked; at a terminal its name."""

    @property
    def points(self) -> list[dict[str, Any]]:
        """Points with their days as dates."""
        return [
            point | {name: date.fromisoformat(point[name]) if point[name] else None for name in ("at", "until")}
            for point in self.item.points
        ]


def check_lines(connection: Connection, items: Sequence[BookCheck]) -> list[CheckLine]:
    """These checks, in their order."""
    people = {
        row["worker_id"]: row for row in workers_in_lists(connection, [one.worker_id for one in items if one.worker_id])
    }
    names = {account.account_id: account.full_name for account in accounts.all_accounts(connection)}
    found = []
    for item in items:
        worker = people.get(item.worker_id) if item.result in {"complies", "does_not_comply"} else None
        ground = grounds.get(connection, item.ground_id) if item.ground_id else None
        terminal = terminals.get_terminal(connection, item.terminal_id) if item.terminal_id else None
        found.append(
            CheckLine(
                item,
                worker["full_name"] if worker is not None else "",
                worker["personnel_number"] if worker is not None else "",
                number_of(ground.number) if ground is not None else "",
                (terminal["name"] if terminal is not None else "") or names.get(item.account_id or "", ""),
            )
        )
    return found


def number_of(number: str) -> str:
    """A number as it stands in a book; as it was entered where it is not one of twelve digits."""
    digits = digits_of(number)
    return written(digits) if digits else number


def check_paper(connection: Connection, line: CheckLine, look: Look, generation: str) -> Listing:
    """The check on paper, in Russian."""
    item = line.item
    employer = registry.get_employer(connection, item.employer_id) if item.employer_id else None
    organisation = registry.get_organisation(connection, item.org)
    days = sorted({item.first_day, item.last_day})
    lines = [
        (text(PAPER, "book_check.at"), wording.moment_with_offset(item.at, look.zone)),
        (text(PAPER, "book_check.by"), line.by or "—"),
        (text(PAPER, "exam.employer"), employer["name"] if employer is not None else "—"),
        (text(PAPER, "queue.worker"), line.full_name or "—"),
        (text(PAPER, "exam.personnel_number"), line.personnel_number or "—"),
        (text(PAPER, "book_check.book"), line.book or "—"),
        (text(PAPER, "book_check.on"), " и ".join(f"{day:%d.%m.%Y}" for day in days)),
        (text(PAPER, "book_check.read"), text(PAPER, f"book_check.form.{item.read_form}")),
        (text(PAPER, "book_check.read_sha256"), item.read_sha256),
        (text(PAPER, "book_check.check_id"), item.check_id),
    ]
    rows = tuple(
        (
            point_words(point, PAPER),
            text(PAPER, f"book_check.state.{point['state']}"),
            *(f"{point[name]:%d.%m.%Y}" if point[name] else "—" for name in ("at", "until")),
        )
        for point in line.points
    )
    head = tuple(text(PAPER, f"book_check.column.{name}") for name in ("point", "state", "at", "until"))
    return Listing(
        title=text(PAPER, "book_check.paper_title"),
        organisation=organisation["name"] if organisation is not None else "",
        verdict=text(PAPER, f"book_check.result.{item.result}"),
        lines=tuple(lines),
        sections=(
            Section(
                text(PAPER, "book_check.points"),
                head,
                rows,
                (0.36, 0.28, 0.18, 0.18),
                text(PAPER, f"book_check.means.{item.result}"),
            ),
        ),
        notes=(text(PAPER, "book_check.no_admission"),),
        foot=text(PAPER, "book_check.paper_foot", check_id=item.check_id[-12:]),
        band=band(generation, PAPER),
    )


def point_words(point: dict[str, Any], language: str) -> str:
    """What a point is about; a document that a rule needs by its name in public."""
    if point["code"] == "document" and point["name"]:
        return str(point["name"])
    return text(language, f"book_check.point.{point['code']}")
