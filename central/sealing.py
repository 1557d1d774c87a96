"""The sealer: hashes, chains and signs what the centre itself wrote. One per centre, called by the dispatcher's thread."""

from dataclasses import replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine

from central.store import seals
from central.store.engine import reading, writing
from central.store.metadata import now_utc
from central.store.seals import SEALED, Seal
from sync.contract.canonical import GENESIS_HASH

OVERLAP = timedelta(minutes=15)
"""A transaction may commit later than others whose times are younger; longer than this none of ours is open."""
MOST_ROWS = 2000
"""Rows in one seal, so that memory stays bounded after a long pause."""


class Sealer:
    """`run` seals what is new. Not for several threads."""

    def __init__(self, engine: Engine, key: Ed25519PrivateKey) -> None:
        self._engine, self._key = engine, key

    def run(self) -> int:
        """Seal everything that is committed and has no seal yet; returns the number of rows."""
        total = 0
        while count := self._run_once():
            total += count
        return total

    def _run_once(self) -> int:
        with reading(self._engine) as connection:
            if not any(self._unsealed(connection, kind, limit=1) for kind in SEALED):
                return 0
        count = 0
        with writing(self._engine) as connection:
            for kind in SEALED:
                keys = self._unsealed(connection, kind, limit=MOST_ROWS)
                if keys:
                    self._seal(connection, kind, keys)
                    count += len(keys)
        return count

    def _unsealed(self, connection: Connection, kind: str, limit: int) -> list[str]:
        """Keys of rows without a seal, the oldest first."""
        one, newest = SEALED[kind], seals.last_of(connection, kind)
        if newest is None:
            return seals.new_keys(connection, one, None, limit)
        # The earliest of three: a clock that had jumped ahead must not hide what is written after its return.
        reached = seals.moment_of(newest.newest_row) or newest.made_at
        since = min(reached, newest.made_at, now_utc()) - OVERLAP
        known = {key for made in seals.reaching(connection, one, since) for key, _ in made.rows}
        keys = seals.new_keys(connection, one, since, limit + len(known))
        return [key for key in keys if key not in known][:limit]

    def _seal(self, connection: Connection, kind: str, keys: list[str]) -> None:
        one, before = SEALED[kind], seals.last(connection)
        found = seals.rows_by_key(connection, one, keys)
        rows = [found[key] for key in keys]
        unsigned = Seal(
            seal_no=1 if before is None else before.seal_no + 1,
            kind=kind,
            rows=[[one.key_of(row), seals.row_hash(one, row)] for row in rows],
            newest_row=max(one.since_of(row) for row in rows),
            prev_hash=GENESIS_HASH if before is None else before.sha256,
            made_at=_to_ms(now_utc()),
            signature=b"",
        )
        seals.add(connection, replace(unsigned, signature=self._key.sign(unsigned.body())))


def _to_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
