"""Checks what was read or typed of a medical book, and keeps each check: on an employer's page, and before an exam at a terminal.

An employer learns of its own workers alone: somebody else's book and no book are the same answer.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from central.grounds import book_check as judge
from central.grounds.book_check import MEDICAL_BOOK, Days, OnRecord
from central.store import book_checks, ground_effects, grounds, registry
from central.store.book_checks import BookCheck
from central.store.workers import employs
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.exam import ExamRecord
from sync.contract.person_code import (
    MOST_CHARS,
    ForeignCode,
    PresentedBook,
    digits_of,
    is_worker_code,
    read_book_code,
    read_worker_code,
)

NO_JUDGEMENT = ""


class NothingRead(ValueError):
    """There is nothing to check: `code` is `needed` or `too_long`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks on which page. `place_day`: the day of whoever asks, which need not be the centre's."""

    employer_id: str
    account_id: str
    at: datetime
    centre_day: date
    place_day: date

    @property
    def days(self) -> Days:
        """Both days: what has ended at one of them has ended."""
        return Days(min(self.centre_day, self.place_day), max(self.centre_day, self.place_day))


@dataclass(frozen=True, slots=True)
class _Found:
    """What a text leads to."""

    form: str
    result: str = ""
    host: str = ""
    worker_id: str | None = None
    number: str = ""


def check_for_employer(connection: Connection, text: str, asking: Asking, centre_key: Ed25519PublicKey) -> BookCheck:
    """Check a code or a typed number, and keep it. Raises `NothingRead`, and `LookupError` for an employer that is gone."""
    text = text.strip()
    if not text:
        raise NothingRead("needed")
    if len(text) > MOST_CHARS:
        raise NothingRead("too_long")
    employer = registry.get_employer(connection, asking.employer_id)
    if employer is None:
        raise LookupError("no such employer")
    found = _of_text(connection, text, asking, centre_key)
    item = BookCheck(
        check_id=new_id(),
        org=employer["org"],
        place="employer",
        employer_id=asking.employer_id,
        worker_id=found.worker_id,
        terminal_id=None,
        exam_id=None,
        account_id=asking.account_id,
        at=asking.at,
        first_day=asking.days.first,
        last_day=asking.days.last,
        read_sha256=sha256_hex(text.encode("utf-8", "surrogatepass")),
        read_form=found.form,
        read_host=found.host,
        **_judged(connection, employer["org"], found, asking.days),
    )
    book_checks.add(connection, item)
    return item


def check_presented(
    connection: Connection, record: ExamRecord, terminal_id: str, centre_day: date, at: datetime
) -> BookCheck | None:
    """Check the code that was read before an exam against the person who was identified; once for each exam.

    The day of the terminal holds and that on which the record came: a clock that was set back lets nothing pass.
    """
    book = record.presented_book
    if book is None:
        return None
    worker_id = record.examinee.worker_id if record.examinee is not None else None
    found = _presented(book, worker_id)
    days = Days(min(book.on, centre_day), max(book.on, centre_day))
    item = BookCheck(
        check_id=new_id(),
        org=record.org,
        place="terminal",
        employer_id=record.examinee.employer_id if record.examinee is not None else None,
        worker_id=worker_id,
        terminal_id=terminal_id,
        exam_id=record.exam_id,
        account_id=None,
        at=at,
        first_day=days.first,
        last_day=days.last,
        read_sha256=book.sha256,
        read_form=book.form,
        read_host=book.host,
        **_judged(connection, record.org, found, days),
    )
    return item if book_checks.add(connection, item) else None


def on_record(connection: Connection, org: str, worker_id: str, day: date) -> tuple[OnRecord, str] | None:
    """What the centre has of a worker's person, and the version of the rules; None for a worker that is gone."""
    judged = ground_effects.judged(connection, org, [worker_id], day).get(worker_id)
    if judged is None:
        return None
    rows = sorted(grounds.of_worker(connection, worker_id), key=lambda row: row.entered_at)
    names = ground_effects.public_names(connection, org, day)
    return OnRecord(rows, judged.rows, judged.spans, judged.terms, names), judged.version


def _of_text(connection: Connection, text: str, asking: Asking, centre_key: Ed25519PublicKey) -> _Found:
    if is_worker_code(text):
        try:
            worker_id = read_worker_code(text, centre_key)
        except ForeignCode:
            return _Found("worker_code", "foreign_code")
        if not employs(connection, asking.employer_id, worker_id, asking.centre_day):
            return _Found("worker_code", "not_found")
        return _Found("worker_code", worker_id=worker_id)
    book = read_book_code(text)
    if book is None:
        return _Found("unknown", "unknown")
    if book.number is None:
        return _Found(book.form, "unknown", book.host)
    entries = book_checks.numbered_of_employer(connection, MEDICAL_BOOK, asking.employer_id, asking.centre_day)
    people = {person_id: worker_id for person_id, worker_id, number in entries if digits_of(number) == book.number}
    if len(people) != 1:
        return _Found(book.form, "several" if people else "not_found", book.host)
    return _Found(book.form, "", book.host, next(iter(people.values())), book.number)


def _presented(book: PresentedBook, worker_id: str | None) -> _Found:
    if book.number is None:
        return _Found(book.form, "unknown", book.host)
    return _Found(book.form, "", book.host, worker_id, book.number)


def _judged(connection: Connection, org: str, found: _Found, days: Days) -> dict[str, Any]:
    known = on_record(connection, org, found.worker_id, days.last) if found.worker_id and not found.result else None
    entry = judge.entry_of(known[0], found.number) if known is not None else None
    if known is None or (found.number and entry is None):
        return {"ground_id": None, "result": found.result or "not_found", "points": [], "rules_version": NO_JUDGEMENT}
    points = judge.points_of(entry, known[0], days)
    return {
        "ground_id": entry.ground_id if entry is not None else None,
        "result": "complies" if judge.complies(points) else "does_not_comply",
        "points": [point.as_json() for point in points],
        "rules_version": known[1],
    }
