"""Sends books to the terminals: at publication, and to every terminal that does not have them yet."""

import logging
from datetime import datetime

from sqlalchemy import Connection, Engine

from central.books import reading
from central.books.catalogue import CENTRE
from central.books.reading import Version
from central.core.clock import now_utc
from central.core.days import day_of
from central.core.supervision import Step, Supervised
from central.link.outgoing import Outgoing
from central.store import books as store
from central.store import registry, terminals
from central.store.engine import reading as reading_from
from central.store.engine import writing
from sync.contract.books import SPREAD_BOOKS, BookContent
from sync.contract.roster import REFERENCE_SCHEMA, Reference

LOOK_EVERY_S = 10.0
_log = logging.getLogger(__name__)


def spread(connection: Connection, outgoing: Outgoing, name: str, org: str, now: datetime) -> int:
    """Queue what holds of a book, and what will, for each terminal that was not sent it last; returns how many got something."""
    orgs = [org] if org != CENTRE else [row["org"] for row in registry.list_organisations(connection)]
    count = 0
    for one in sorted(orgs):
        for terminal_id in sorted(terminals.terminal_ids(connection, one)):
            count += _send(connection, outgoing, terminal_id, one, name, now)
    return count


def wanted(connection: Connection, name: str, org: str, now: datetime) -> list[Version]:
    """What terminals of an organisation should have been sent last: what holds today, then what is published for later."""
    today = reading.in_force(connection, name, org, day_of(now))
    later = reading.newest(connection, name, org)
    return (
        [today, later] if later.sha256 != today.sha256 and later.row and later.row.valid_from > day_of(now) else [today]
    )


def _send(connection: Connection, outgoing: Outgoing, terminal_id: str, org: str, name: str, now: datetime) -> bool:
    last = store.sent_hashes(connection, terminal_id).get(name)
    due = wanted(connection, name, org, now)
    if due[-1].sha256 == last or (last is None and all(not one.row or not one.row.author for one in due)):
        # A terminal that was never sent the book has the one that ships.
        return False
    for version in due:
        content = BookContent(
            sha256=version.sha256, valid_from=version.row.valid_from if version.row else None, items=version.items
        )
        reference = Reference(name=name, version=version.version, content=content.model_dump(mode="json"))
        message_id = outgoing.queue(
            connection, terminal_id, "reference", REFERENCE_SCHEMA, reference.model_dump(mode="json")
        )
        store.note_sent(
            connection,
            message_id=message_id,
            terminal_id=terminal_id,
            book=name,
            org=version.org,
            version=version.version,
            sha256=version.sha256,
            at=now,
        )
    return True


class BookSpreader:
    """A thread of `serve`: terminals that are new, restored or added after a publication get the books as well."""

    def __init__(self, engine: Engine, outgoing: Outgoing, every_s: float = LOOK_EVERY_S) -> None:
        self._engine, self._outgoing = engine, outgoing
        self._loop = Supervised("books", (Step("spread", self._look),), poll_s=every_s, daemon=True)

    def __enter__(self) -> "BookSpreader":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def _look(self) -> None:
        now = now_utc()
        with reading_from(self._engine) as connection:
            served = [row for row in terminals.list_terminals(connection) if row["state"] == "enrolled"]
            due = {
                (org, name): wanted(connection, name, org, now)[-1]
                for org in {row["org"] for row in served}
                for name in SPREAD_BOOKS
            }
            behind = [
                (row["terminal_id"], row["org"], name)
                for row in served
                for sent in [store.sent_hashes(connection, row["terminal_id"])]
                for name in SPREAD_BOOKS
                if _is_behind(due[row["org"], name], sent.get(name))
            ]
        for terminal_id, org, name in behind:
            with writing(self._engine) as connection:
                if _send(connection, self._outgoing, terminal_id, org, name, now):
                    _log.info("terminal %s is sent the book %s", terminal_id, name)


def _is_behind(due: Version, sent: str | None) -> bool:
    return due.sha256 != sent and (sent is not None or bool(due.row and due.row.author))
