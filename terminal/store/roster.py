"""The roster: who may be examined at this terminal, as the centre last sent it; replaced as a whole, or by a difference.

Each worker stands here as they travelled, with the hash of those bytes: from these hashes the digest of the whole list is made.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database, Migrations

from sync.contract.canonical import canonical, sha256_hex
from sync.contract.roster import Roster, RosterWorker
from sync.contract.roster_delta import RosterHeld, employer_digest, list_digest, worker_digest
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


@migrations()
def m002_digests_and_shared_keys(db: Database) -> None:
    """A hash of each worker as they travelled; a number, a card or a SNILS may lead to several employments."""
    bodies = [row[0] for row in db.execute("SELECT body FROM roster_worker ORDER BY rowid").fetchall()]
    db.execute("DROP TABLE roster_worker")
    db.execute("DROP TABLE roster_key")
    db.execute(
        "CREATE TABLE roster_worker (worker_id TEXT PRIMARY KEY, body TEXT NOT NULL, employer_id TEXT NOT NULL,"
        " sha256 TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX roster_worker_digest ON roster_worker (employer_id, sha256)")
    db.execute(
        "CREATE TABLE roster_key (kind TEXT NOT NULL, value TEXT NOT NULL, worker_id TEXT NOT NULL,"
        " PRIMARY KEY (kind, value, worker_id)) STRICT"
    )
    db.execute("CREATE INDEX roster_key_worker_id ON roster_key (worker_id)")
    _Writing(db).put(json.loads(body) for body in bodies)


class RosterStore:
    """The roster in one database. Only the terminal's core thread writes it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def version(self) -> int:
        """0 while there is no roster."""
        row = next(iter(self._db.query("SELECT version FROM roster_version")), None)
        return 0 if row is None else int(row["version"])

    def held(self) -> RosterHeld:
        """Version and digest of the list that is in force."""
        return RosterHeld(version=self.version(), sha256=self.digest())

    def digest(self) -> str:
        """`list_digest` of the workers that are there."""
        employers: dict[str, list[str]] = {}
        query = "SELECT employer_id, sha256 FROM roster_worker ORDER BY employer_id, sha256"
        for employer_id, sha256 in self._db.execute(query):
            employers.setdefault(employer_id, []).append(sha256)
        return list_digest({employer_id: employer_digest(digests) for employer_id, digests in employers.items()})

    def count(self) -> int:
        """How many employments the list has."""
        (number,) = self._db.execute("SELECT count(*) FROM roster_worker").fetchone()
        return int(number)

    def replace(self, roster: Roster) -> bool:
        """Take a roster. False if a newer one is there already (messages may come out of order)."""
        return self.replace_plain(roster.version, [worker.model_dump(mode="json") for worker in roster.workers])

    def replace_plain(self, version: int, workers: Sequence[Mapping[str, Any]]) -> bool:
        """Take a list as it travelled. False if a newer one is there already."""
        if version <= self.version():
            return False
        # By difference: of twenty thousand workers few change, and the kiosk stands still while it writes.
        bodies = {str(worker["worker_id"]): worker_digest(worker) for worker in workers}
        with writing(self._db):
            stored = dict(self._db.execute("SELECT worker_id, sha256 FROM roster_worker ORDER BY rowid").fetchall())
            # In the order of the list: what a set is walked in differs from process to process, and so would the store.
            change = _Writing(self._db)
            change.remove(worker_id for worker_id in stored if worker_id not in bodies)
            latest = {str(worker["worker_id"]): worker for worker in workers}
            change.put(worker for worker_id, worker in latest.items() if stored.get(worker_id) != bodies[worker_id])
            change.set_version(version)
        return True

    def change(
        self,
        version: int,
        employers: Sequence[str] | None,
        removed: Sequence[str],
        changed: Sequence[Mapping[str, Any]],
    ) -> str:
        """Apply a difference and return the digest of the list afterwards; call inside a transaction."""
        change = _Writing(self._db)
        if employers is not None:
            query = (
                "SELECT worker_id FROM roster_worker WHERE employer_id NOT IN (SELECT value FROM json_each(?))"
                " ORDER BY rowid"
            )
            gone = self._db.execute(query, (json.dumps(list(employers)),)).fetchall()
            change.remove(row[0] for row in gone)
        change.remove(removed)
        change.put(changed)
        change.set_version(version)
        return self.digest()

    def find(self, kind: str, value: str) -> RosterWorker | None:
        """The only employment with that `personnel_number`, `card` or `snils` (keyed hash); None where several have it."""
        found = self.find_all(kind, value)
        return found[0] if len(found) == 1 else None

    def find_all(self, kind: str, value: str) -> tuple[RosterWorker, ...]:
        """Every employment with that `personnel_number`, `card` or `snils` (keyed hash), by name of the employer."""
        query = "SELECT body FROM roster_worker JOIN roster_key USING (worker_id) WHERE kind = ? AND value = ?"
        rows = self._db.execute(query, (kind, value)).fetchall()
        return _by_employer(RosterWorker.model_validate(json.loads(body)) for (body,) in rows)

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

    def employments_of(self, worker: RosterWorker) -> tuple[RosterWorker, ...]:
        """Every employment here of the person whose employment this is, itself among them, by name of the employer."""
        others = self.find_all("person", worker.person_id) if worker.person_id else ()
        if not others and worker.snils_hmac:
            others = self.find_all("snils", worker.snils_hmac)
        return others or (worker,)


class _Writing:
    """Writes single workers with their keys."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, workers: Iterable[Mapping[str, Any]]) -> None:
        for plain in workers:
            wire = canonical(dict(plain))
            worker = RosterWorker.model_validate(plain)
            row = (worker.worker_id, wire.decode("utf-8"), worker.employer_id, sha256_hex(wire))
            self._db.execute(
                "INSERT INTO roster_worker (worker_id, body, employer_id, sha256) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (worker_id) DO UPDATE SET body = excluded.body, employer_id = excluded.employer_id,"
                " sha256 = excluded.sha256",
                row,
            )
            self._db.execute("DELETE FROM roster_key WHERE worker_id = ?", (worker.worker_id,))
            for kind, value in dict.fromkeys(keys_of(worker)):
                self._db.execute("INSERT INTO roster_key VALUES (?, ?, ?)", (kind, value, worker.worker_id))

    def remove(self, worker_ids: Iterable[str]) -> None:
        for worker_id in worker_ids:
            self._db.execute("DELETE FROM roster_worker WHERE worker_id = ?", (worker_id,))
            self._db.execute("DELETE FROM roster_key WHERE worker_id = ?", (worker_id,))

    def set_version(self, version: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO roster_version VALUES (1, ?)", (version,))


def keys_of(worker: RosterWorker) -> list[tuple[str, str]]:
    """Kind and value of everything that finds a worker."""
    keys = [("personnel_number", worker.personnel_number)]
    keys += [("card", card) for card in worker.cards]
    keys += [("snils", worker.snils_hmac)] if worker.snils_hmac else []
    return keys + ([("person", worker.person_id)] if worker.person_id else [])


def _by_employer(workers: Iterable[RosterWorker]) -> tuple[RosterWorker, ...]:
    return tuple(sorted(workers, key=lambda one: (one.employer_name, one.position, one.worker_id)))
