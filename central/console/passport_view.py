"""The sanitary passport of a person as page and paper show it: points, documents with their ends, vaccinations and what is due."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, tzinfo
from typing import Any

from sqlalchemy import Connection, RowMapping

from central.books import reading as books
from central.console.book_check_view import CheckLine, check_lines, number_of, point_words
from central.console.grounds_view import doubles
from central.core.ground_rules import kind_words
from central.core.vaccination_plan import Planned, vaccination_plan
from central.grounds.book_check import MEDICAL_BOOK, VACCINATION, Days, Point, complies, entry_of, points_of
from central.grounds.book_checking import on_record
from central.papers.listing import Listing, Section
from central.store import book_checks, employments, grounds, registry
from central.store.grounds import Ground
from central.store.passport_records import PassportRecord
from central.words import wording
from central.words.no_force import band
from central.words.texts import text
from sync.contract.books import BookItem
from sync.contract.canonical import canonical, sha256_hex

PAPER = "ru"
"""Papers are in Russian, whoever prints them."""
MOST_CHECKS = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of the documents is shown: a kind, and the days that they are of; empty: all."""

    kind: str = ""
    since: date | None = None
    until: date | None = None

    def takes(self, row: Ground) -> bool:
        """Whether a row is shown."""
        return (
            (not self.kind or row.kind == self.kind)
            and (self.since is None or row.at >= self.since)
            and (self.until is None or row.at <= self.until)
        )


@dataclass(frozen=True, slots=True)
class PassportRow:
    """One document. The properties are what the page sorts by."""

    ground: Ground
    stands: bool
    doubled: bool

    @property
    def kind(self) -> str:
        return self.ground.kind

    @property
    def at(self) -> date:
        return self.ground.at

    @property
    def valid_until(self) -> date:
        """One without an end after all others."""
        return self.ground.valid_until or date.max

    @property
    def number(self) -> str:
        return number_of(self.ground.number) if self.kind == MEDICAL_BOOK else self.ground.number

    @property
    def state(self) -> str:
        return self.ground.state


@dataclass(frozen=True, slots=True)
class Passport:
    """What the centre knows of a person on a day."""

    points: tuple[Point, ...]
    rows: tuple[PassportRow, ...]
    plan: tuple[Planned, ...]
    checks: tuple[CheckLine, ...]
    vaccines: Mapping[str, BookItem]
    kinds: tuple[str, ...]
    """Kinds on record, for the choice."""
    rules_version: str
    today: date

    @property
    def complies(self) -> bool:
        """Whether every point is known to hold."""
        return complies(self.points)

    def vaccine_words(self, code: str, language: str) -> str:
        """An infection in words; its code where the book has none."""
        return self.vaccines[code].words(language) if code in self.vaccines else code or "—"


def passport(connection: Connection, worker: RowMapping, today: date, chosen: Chosen) -> Passport:
    """The passport of a worker's person, as far as this organisation knows. Raises `LookupError` for a worker that is gone."""
    org, worker_id = worker["org"], worker["worker_id"]
    known = on_record(connection, org, worker_id, today)
    if known is None:
        raise LookupError("no such worker")
    record, version = known
    rows = grounds.of_worker(connection, worker_id)
    vaccines = {item.code: item for item in books.in_force(connection, "vaccines", org, today).items}
    needed = {span.rule.vaccine for span in record.spans if span.rule.vaccine and span.rule.when == "needed"}
    replaced = {row.supersedes for row in rows if row.supersedes}
    given = [
        row
        for row in rows
        if row.kind == VACCINATION and row.ground_id not in replaced and row.state != "not_confirmed"
    ]
    plan = vaccination_plan(given, vaccines, needed, today)
    early = frozenset().union(*(one.too_early for one in plan))
    standing = {row.ground_id for row in record.standing}
    doubled = doubles(rows) | early
    ids = [row["worker_id"] for row in employments.of_person(connection, worker["person_id"], [org])]
    return Passport(
        points_of(entry_of(record, ""), record, Days(today, today)),
        tuple(
            PassportRow(row, row.ground_id in standing, row.ground_id in doubled) for row in rows if chosen.takes(row)
        ),
        tuple(plan),
        tuple(check_lines(connection, book_checks.of_workers(connection, ids, MOST_CHECKS))),
        vaccines,
        tuple(sorted({row.kind for row in rows})),
        version,
        today,
    )


def passport_paper(connection: Connection, worker: RowMapping, shown: Passport, code: str, generation: str) -> Listing:
    """The passport on paper, in Russian: dates and documents, no finding."""
    organisation = registry.get_organisation(connection, worker["org"])
    employer = registry.get_employer(connection, worker["employer_id"])
    verdict = "complies" if shown.complies else "does_not_comply"
    return Listing(
        title=text(PAPER, "passport.title"),
        organisation=organisation["name"] if organisation is not None else "",
        verdict=text(PAPER, f"book_check.result.{verdict}") + ". " + text(PAPER, f"book_check.means.{verdict}"),
        lines=(
            (text(PAPER, "queue.worker"), worker["full_name"]),
            (text(PAPER, "exam.birth_date"), _day(worker["birth_date"])),
            (text(PAPER, "exam.personnel_number"), worker["personnel_number"]),
            (text(PAPER, "exam.position"), worker["position"]),
            (text(PAPER, "exam.employer"), employer["name"] if employer is not None else "—"),
            (text(PAPER, "passport.on"), _day(shown.today)),
        ),
        sections=(_points(shown), _documents(shown, worker["org"]), _vaccinations(shown)),
        notes=(text(PAPER, "passport.note"), text(PAPER, "book_check.no_admission")),
        foot=text(PAPER, "passport.foot", rules=shown.rules_version),
        code=code,
        code_words=text(PAPER, "worker_code.short"),
        band=band(generation, PAPER),
    )


def content_of(paper: Listing) -> dict[str, Any]:
    """What of the paper is signed: all that it says of the person."""
    said = asdict(paper)
    return {
        name: said[name] for name in ("title", "organisation", "verdict", "lines", "sections", "notes", "foot", "band")
    }


def seen_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of what a page showed: what is signed is that."""
    return sha256_hex(canonical(dict(content)))


def signed_paper(item: PassportRecord, code: str, zone: tzinfo) -> Listing:
    """The paper as it was signed, with who signed it."""
    record = json.loads(item.record)
    content, medic = record["passport"]["content"], record["medic"]
    sections = tuple(
        Section(
            one["heading"],
            tuple(one["head"]),
            tuple(tuple(row) for row in one["rows"]),
            tuple(one["shares"]),
            one["empty"],
        )
        for one in content["sections"]
    )
    signed = text(
        PAPER,
        "passport.signed_paper",
        at=wording.moment_with_offset(item.signed_at, zone),
        who=f"{medic['position']} {medic['full_name']}",
        serial=item.certificate_serial,
    )
    return Listing(
        title=content["title"],
        organisation=content["organisation"],
        verdict=content["verdict"],
        lines=tuple((label, value) for label, value in content["lines"]),
        sections=sections,
        notes=(*content["notes"], signed),
        foot=content["foot"],
        code=code,
        code_words=text(PAPER, "worker_code.short"),
        band=content["band"],
    )


def _points(shown: Passport) -> Section:
    rows = tuple(
        (
            point_words(point.as_json(), PAPER),
            text(PAPER, f"book_check.state.{point.state}"),
            _day(point.at),
            _day(point.until),
        )
        for point in shown.points
    )
    head = tuple(text(PAPER, f"book_check.column.{name}") for name in ("point", "state", "at", "until"))
    return Section(text(PAPER, "book_check.points"), head, rows, (0.36, 0.28, 0.18, 0.18))


def _documents(shown: Passport, org: str) -> Section:
    rows = tuple(
        (
            kind_words(row.kind, PAPER, org)
            + (f": {shown.vaccine_words(row.ground.vaccine, PAPER)}" if row.ground.vaccine else ""),
            _day(row.at),
            _day(row.ground.valid_until),
            ", ".join(part for part in (row.number, row.ground.organisation, row.ground.doctor) if part) or "—",
            text(PAPER, "ground.replaced") if not row.stands else text(PAPER, f"ground.confirmation.{row.state}"),
        )
        for row in shown.rows
    )
    head = _head("document", "at", "until", "source", "state")
    return Section(
        text(PAPER, "passport.documents"), head, rows, (0.28, 0.13, 0.13, 0.28, 0.18), text(PAPER, "passport.none")
    )


def _vaccinations(shown: Passport) -> Section:
    rows = tuple(
        (
            shown.vaccine_words(one.vaccine, PAPER),
            dose_words(one),
            _day(one.last_on),
            _day(one.next_on),
            text(PAPER, f"passport.plan.{one.state}")
            + (f" ({text(PAPER, 'passport.not_compared')})" if one.unconfirmed else ""),
        )
        for one in shown.plan
    )
    head = _head("infection", "doses", "last", "next", "state")
    return Section(
        text(PAPER, "passport.vaccinations"),
        head,
        rows,
        (0.32, 0.14, 0.17, 0.17, 0.2),
        text(PAPER, "passport.no_vaccinations"),
    )


def dose_words(one: Planned) -> str:
    """Entries of a course: `1 / 2`; without the second number where the book has none."""
    return f"{one.entries} / {one.doses}" if one.doses else str(one.entries)


def _head(*names: str) -> tuple[str, ...]:
    return tuple(text(PAPER, f"passport.column.{name}") for name in names)


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day is not None else "—"
