"""Describes each filter of the journal in words, for the titles of exports, so that a part is not taken for the whole."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from central.core import book_source
from central.core.reasons import reasons
from central.store import medics, registry, terminals
from central.store.journal import JournalFilter
from central.store.workers import named_workers
from central.words import wording
from central.words.texts import text, text_or
from sync.contract.books import COMPLAINTS


def filter_words(connection: Connection, wanted: JournalFilter, language: str) -> list[str]:
    """What is asked for beside organisation and period: `Место: Проходная`."""
    return [f"{name}: {value}" if value else name for name, value in _pairs(connection, wanted, language)]


def _pairs(connection: Connection, wanted: JournalFilter, language: str) -> Iterator[tuple[str, str]]:
    orgs = wanted.orgs
    if wanted.person:
        yield text(language, "journal.person"), wanted.person
    if wanted.worker_ids:
        people = named_workers(connection, orgs, wanted.worker_ids)
        yield text(language, "journal.person"), ", ".join(str(row["full_name"]) for row in people)
    if wanted.employer_id:
        rows = (row for org in orgs for row in registry.list_employers(connection, org))
        names = [str(row["name"]) for row in rows if row["employer_id"] == wanted.employer_id]
        yield text(language, "exam.employer"), names[0] if names else wanted.employer_id
    if wanted.terminal_id:
        found = [
            str(row["name"]) for row in terminals.names(connection, orgs) if row["terminal_id"] == wanted.terminal_id
        ]
        yield text(language, "exam.place"), found[0] if found else wanted.terminal_id
    if wanted.exam_type:
        yield text(language, "exam.type"), text_or(language, f"exam_type.{wanted.exam_type}", wanted.exam_type)
    if wanted.outcome:
        yield text(language, "decision.outcome"), text_or(language, f"outcome.{wanted.outcome}", wanted.outcome)
    if wanted.medic_id:
        known = {row.medic_id: row.full_name for row in medics.of_organisations(connection, orgs)}
        yield text(language, "journal.column.medic"), known.get(wanted.medic_id, wanted.medic_id)
    yield from _facts(wanted, orgs, language)
    if wanted.deviation:
        yield text(language, "journal.deviation"), ""
    if wanted.unfinished:
        yield text(language, "journal.unfinished"), ""


def _facts(wanted: JournalFilter, orgs: Iterable[str], language: str) -> Iterator[tuple[str, str]]:
    book = {code: one for org in ("", *orgs) for code, one in reasons(org).items()}
    complaints = {code: one for org in orgs for code, one in book_source.items(COMPLAINTS, org).items()}
    if wanted.reason:
        words = book[wanted.reason].text(language) if wanted.reason in book else wanted.reason
        yield text(language, "journal.reason"), words
    for name in ("reason_class", "complaint", "identified_by"):
        value = getattr(wanted, name)
        if name == "complaint" and value in complaints:
            yield text(language, f"journal.{name}"), complaints[value].words(language)
        elif value:
            yield text(language, f"journal.{name}"), text_or(language, f"{name}.{value}", value)
    if wanted.quantity:
        limit = {"parameter": wanted.quantity, "low": wanted.low, "high": wanted.high}
        shown = f"{wording.limit_range(limit, language)} {wording.unit(wanted.quantity, language)}"
        yield wording.quantity_name(wanted.quantity, language), shown.strip()
    for name in ("device_serial", "paper_number", "certificate_serial"):
        if value := getattr(wanted, name):
            yield text(language, f"journal.{name}"), value
    for name in ("override", "corrected"):
        if getattr(wanted, name):
            yield text(language, f"journal.{name}"), ""
