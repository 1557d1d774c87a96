"""Parts of a roster that is still on its way. Their content stays in the inbox; here stands which of them have come.

Only parts of the newest list wait. The list takes effect when the last of them is there, in one transaction, and the content
of every older roster is let go of then: it names people whom the terminal has no reason to know any more.
"""

from sqlite_utils import Database, Migrations

from sync.contract.envelope import ContractError, read_unverified
from sync.contract.roster import Roster, RosterWorker, roster_digest
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


class RosterParts:
    """Takes rosters, whole or in parts. Only the terminal's core thread uses it, inside its transactions."""

    def __init__(self, db: Database, inbox: Inbox, roster: RosterStore) -> None:
        self._db, self._inbox, self._roster = db, inbox, roster

    def take(self, roster: Roster, message_id: str) -> bool:
        """Take a roster or a part of one; True when a new list is in force. Call after its message is marked as applied.

        Raises `ContractError` (`wrong_digest`) when all parts are there and are not those of one list.
        """
        if roster.version <= self._roster.version() or roster.version < self._awaited():
            self._inbox.empty(message_id)
            return False
        if roster.parts == 1:
            self._roster.replace(roster)
            self._let_go_but([message_id])
            return True
        if not self._belongs(roster):
            for (stale,) in self._db.execute("SELECT message_id FROM roster_part").fetchall():
                self._inbox.empty(stale)
            self._db.execute("DELETE FROM roster_part")
        self._db.execute(
            "INSERT OR IGNORE INTO roster_part VALUES (?, ?, ?, ?, ?)",
            (roster.part, roster.version, roster.parts, roster.sha256, message_id),
        )
        ids = [row[0] for row in self._db.execute("SELECT message_id FROM roster_part ORDER BY part").fetchall()]
        if len(ids) < roster.parts:
            return False
        self._roster.replace(Roster(version=roster.version, workers=self._whole(ids, roster.sha256)))
        self._let_go_but(ids)
        return True

    def _awaited(self) -> int:
        """Version of the list whose parts are coming in; 0 while none is."""
        (version,) = self._db.execute("SELECT coalesce(max(version), 0) FROM roster_part").fetchone()
        return int(version)

    def _belongs(self, roster: Roster) -> bool:
        """Whether it is a part of the very list whose parts are coming in."""
        row = self._db.execute("SELECT version, parts, sha256 FROM roster_part LIMIT 1").fetchone()
        return row is not None and tuple(row) == (roster.version, roster.parts, roster.sha256)

    def _whole(self, message_ids: list[str], sha256: str | None) -> tuple[RosterWorker, ...]:
        plain = [
            worker
            for message_id in message_ids
            for worker in read_unverified(self._inbox.content(message_id))[0].payload["workers"]
        ]
        if roster_digest(plain) != sha256:
            raise ContractError("wrong_digest", "the parts do not give the list that they name")
        return tuple(RosterWorker.model_validate(worker) for worker in plain)

    def _let_go_but(self, message_ids: list[str]) -> None:
        """The list in force is these messages: nothing waits, and older ones are emptied."""
        self._db.execute("DELETE FROM roster_part")
        for message in self._inbox.kept("roster"):
            if message.message_id not in message_ids:
                self._inbox.empty(message.message_id)
