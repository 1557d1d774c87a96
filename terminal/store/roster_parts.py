"""Rosters and their differences as they come, whole or in parts, in any order, twice or not at all.

Parts wait in the inbox; here stands which of them have come. A list or a difference takes effect when its last part is there,
in one transaction, and the content of every older one is let go of then: it names people whom the terminal has no reason to
know any more. What is in force stays provable: the newest message names the digest of the whole list.
"""

from enum import Enum
from typing import Any

from sqlite_utils import Database, Migrations

from sync.contract.envelope import ContractError, read_unverified
from sync.contract.roster import Roster, roster_digest
from sync.contract.roster_delta import RosterDelta, RosterState
from sync.inbox import Inbox
from terminal.store.roster import RosterStore

migrations = Migrations("terminal.roster_parts")


@migrations()
def m001_roster_part(db: Database) -> None:
    """Parts of a roster that have come, until the last one is here."""
    db.execute(
        "CREATE TABLE roster_part (part INTEGER PRIMARY KEY, version INTEGER NOT NULL, parts INTEGER NOT NULL,"
        " sha256 TEXT NOT NULL, message_id TEXT NOT NULL) STRICT"
    )


class Taken(Enum):
    """What became of a difference."""

    IN_FORCE = "in_force"
    NOTHING_NEW = "nothing_new"
    """A part that waits for the others, or something that a newer list has overtaken."""
    DOES_NOT_FIT = "does_not_fit"
    """It leads on from another list than this one, or not to the list that it names; nothing was changed."""


class RosterParts:
    """Takes rosters and differences. Only the terminal's core thread uses it, inside its transactions."""

    def __init__(self, db: Database, inbox: Inbox, roster: RosterStore) -> None:
        self._db, self._inbox, self._roster = db, inbox, roster

    def state(self, *, asks_whole: bool = False) -> RosterState:
        """What the centre is told of the list in force."""
        held = self._roster.held()
        return RosterState(version=held.version, sha256=held.sha256, asks_whole=asks_whole)

    def take(self, roster: Roster, message_id: str) -> bool:
        """Take a roster or a part of one; True when a new list is in force. Call after its message is marked as applied.

        Raises `ContractError` (`wrong_digest`) when all parts are there and are not those of one list.
        """
        if roster.version <= self._roster.version() or roster.version < self._awaited():
            self._inbox.empty(message_id)
            return False
        if roster.parts == 1:
            self._roster.replace_plain(roster.version, self._payload(message_id)["workers"])
            self._let_go_but([message_id])
            return True
        ids = self._gather(roster, message_id)
        if len(ids) < roster.parts:
            return False
        plain = [worker for one in ids for worker in self._payload(one)["workers"]]
        if roster_digest(plain) != roster.sha256:
            raise ContractError("wrong_digest", "the parts do not give the list that they name")
        self._roster.replace_plain(roster.version, plain)
        self._let_go_but(ids)
        return True

    def take_delta(self, delta: RosterDelta, message_id: str) -> Taken:
        """Take a difference or a part of one. Call after its message is marked as applied."""
        held = self._roster.held()
        if delta.version <= held.version or delta.version < self._awaited():
            self._inbox.empty(message_id)
            return Taken.NOTHING_NEW
        if delta.base != held:
            self._inbox.empty(message_id)
            return Taken.DOES_NOT_FIT
        ids = self._gather(delta, message_id) if delta.parts > 1 else [message_id]
        if len(ids) < delta.parts:
            return Taken.NOTHING_NEW
        self._db.execute("SAVEPOINT difference")
        if self._applied(delta, ids) == delta.sha256:
            self._db.execute("RELEASE difference")
            self._let_go_but(ids)
            return Taken.IN_FORCE
        self._db.execute("ROLLBACK TO difference")
        self._db.execute("RELEASE difference")
        for one in ids:
            self._inbox.empty(one)
        self._db.execute("DELETE FROM roster_part")
        return Taken.DOES_NOT_FIT

    def _applied(self, delta: RosterDelta, message_ids: list[str]) -> str:
        payloads = [self._payload(message_id) for message_id in message_ids]
        return self._roster.change(
            delta.version,
            delta.employers,
            [worker_id for payload in payloads for worker_id in payload.get("removed", ())],
            [worker for payload in payloads for worker in payload.get("changed", ())],
        )

    def _gather(self, one: Roster | RosterDelta, message_id: str) -> list[str]:
        """Note a part; parts of another list or difference are dropped. Returns the parts that are here, in their order."""
        if not self._belongs(one):
            for (stale,) in self._db.execute("SELECT message_id FROM roster_part").fetchall():
                self._inbox.empty(stale)
            self._db.execute("DELETE FROM roster_part")
        self._db.execute(
            "INSERT OR IGNORE INTO roster_part VALUES (?, ?, ?, ?, ?)",
            (one.part, one.version, one.parts, one.sha256, message_id),
        )
        return [row[0] for row in self._db.execute("SELECT message_id FROM roster_part ORDER BY part").fetchall()]

    def _awaited(self) -> int:
        """Version of the list whose parts are coming in; 0 while none is."""
        (version,) = self._db.execute("SELECT coalesce(max(version), 0) FROM roster_part").fetchone()
        return int(version)

    def _belongs(self, one: Roster | RosterDelta) -> bool:
        """Whether it is a part of the very list or difference whose parts are coming in."""
        row = self._db.execute("SELECT version, parts, sha256 FROM roster_part LIMIT 1").fetchone()
        return row is not None and tuple(row) == (one.version, one.parts, one.sha256)

    def _payload(self, message_id: str) -> dict[str, Any]:
        return read_unverified(self._inbox.content(message_id))[0].payload

    def _let_go_but(self, message_ids: list[str]) -> None:
        """The list in force is these messages: nothing waits, and older ones are emptied."""
        self._db.execute("DELETE FROM roster_part")
        for message in self._inbox.kept("roster"):
            if message.message_id not in message_ids:
                self._inbox.empty(message.message_id)
