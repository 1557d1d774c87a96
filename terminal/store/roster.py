"""The roster: who may be examined at this terminal, as the centre last sent it. Replaced as a whole by a higher version."""

import json

from sqlite_utils import Database, Migrations

from sync.contract.roster import Roster, RosterWorker
from sync.transactions import writing

migrations = Migrations("terminal.roster")


@migrations()
def m001_roster(db: Database) -> None:
    """The roster: its version, its workers, and the keys that find them."""
    db.execute("CREATE TABLE roster_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT")
    db.execute("CREATE TABLE roster_worker (worker_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT")
    db.execute(
        "CREATE TABLE roster_key (kind TEXT NOT NULL, value TEXT NOT NULL, worker_id TEXT NOT NULL,"
        " PRIMARY KEY (kind, value)) STRICT"
    )


class RosterStore:
    """The roster in one database. Only the terminal's core thread writes it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def version(self) -> int:
        """0 while there is no roster."""
        row = next(iter(self._db.query("SELECT version FROM roster_version")), None)
        return 0 if row is None else int(row["version"])

    def replace(self, roster: Roster) -> bool:
        """Take a roster. False if a newer one is there already (messages may come out of order)."""
        if roster.version <= self.version():
            return False
        # By difference: of twenty thousand workers few change, and the kiosk stands still while it writes.
        bodies = {worker.worker_id: worker.model_dump_json() for worker in roster.workers}
        keys: dict[tuple[str, str], str] = {}
        for worker in roster.workers:
            for key in keys_of(worker):
                keys.setdefault(key, worker.worker_id)
        with writing(self._db):
            stored = dict(self._db.execute("SELECT worker_id, body FROM roster_worker").fetchall())
            known = {(row[0], row[1]): row[2] for row in self._db.execute("SELECT * FROM roster_key").fetchall()}
            # In the order of the list: what a set is walked in differs from process to process, and so would the store.
            for worker_id in stored:
                if worker_id not in bodies:
                    self._db.execute("DELETE FROM roster_worker WHERE worker_id = ?", (worker_id,))
            for kind, value in known:
                if (kind, value) not in keys:
                    self._db.execute("DELETE FROM roster_key WHERE kind = ? AND value = ?", (kind, value))
            for worker_id, body in bodies.items():
                if stored.get(worker_id) != body:
                    self._db.execute("INSERT OR REPLACE INTO roster_worker VALUES (?, ?)", (worker_id, body))
            for (kind, value), worker_id in keys.items():
                if known.get((kind, value)) != worker_id:
                    self._db.execute("INSERT OR REPLACE INTO roster_key VALUES (?, ?, ?)", (kind, value, worker_id))
            self._db.execute("INSERT OR REPLACE INTO roster_version VALUES (1, ?)", (roster.version,))
        return True

    def find(self, kind: str, value: str) -> RosterWorker | None:
        """The worker with that `personnel_number`, `card` or `snils` (keyed hash)."""
        row = next(
            iter(
                self._db.query(
                    "SELECT body FROM roster_worker JOIN roster_key USING (worker_id) WHERE kind = ? AND value = ?",
                    (kind, value),
                )
            ),
            None,
        )
        return None if row is None else RosterWorker.model_validate(json.loads(row["body"]))

    def photos_to_compare(self) -> dict[str, str]:
        """Worker → hash of the reference photo, of those who have consented to the comparison."""
        query = (
            "SELECT worker_id, json_extract(body, '$.photo_sha256') FROM roster_worker"
            " WHERE json_extract(body, '$.biometric_consent') AND json_extract(body, '$.photo_sha256') IS NOT NULL"
            " ORDER BY worker_id"
        )
        return dict(self._db.execute(query).fetchall())

    def worker(self, worker_id: str) -> RosterWorker | None:
        """The worker with that id."""
        row = next(iter(self._db.query("SELECT body FROM roster_worker WHERE worker_id = ?", (worker_id,))), None)
        return None if row is None else RosterWorker.model_validate(json.loads(row["body"]))


def keys_of(worker: RosterWorker) -> list[tuple[str, str]]:
    """Kind and value of everything that finds a worker."""
    keys = [("personnel_number", worker.personnel_number)]
    keys += [("card", card) for card in worker.cards]
    return keys + ([("snils", worker.snils_hmac)] if worker.snils_hmac else [])
