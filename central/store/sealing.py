"""The sealer: hashes, chains and signs what the centre itself wrote, and the thread of `serve` in which it works.

The thread needs nothing but the store and the key: neither the broker nor the dispatcher's troubles keep rows unsealed.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from central.core import metrics
from central.core.clock import now_utc
from central.core.supervision import Step, Supervised
from central.store import seals
from central.store.engine import reading, writing
from central.store.seals import SEALED, Head, Seal
from sync.contract.canonical import GENESIS_HASH

OVERLAP = timedelta(minutes=15)
"""A transaction may commit later than others whose times are younger; longer than this none of ours is open."""
MOST_ROWS = 2000
"""Rows in one seal, so that memory stays bounded after a long pause."""
SEAL_EVERY_S = 10.0
"""How often `serve` looks for new rows."""
UNSEALED_FOR_AT_MOST = timedelta(minutes=1)
"""A row that has no seal after this time is a fault: `serve` looks six times as often."""
_LONGEST_LOOK_S = 60.0
_LAST_LOOK_S = 5.0
"""So long the end of `serve` waits for the last seals."""
_log = logging.getLogger(__name__)


class Sealer:
    """`run` seals what is new. Not for several threads; other processes may seal the same store."""

    def __init__(self, engine: Engine, key: Ed25519PrivateKey) -> None:
        self._engine, self._key = engine, key

    def run(self, enough: Callable[[], bool] = lambda: False) -> int:
        """Seal everything that is committed and has no seal yet; returns the number of rows.

        `enough` is asked between seals, of which there may be many after a long pause: True ends the run early.
        """
        total = 0
        while True:
            counts = [self._seal_next(kind) for kind in SEALED if not enough()]
            total += sum(counts)
            if not any(counts):
                return total

    def _seal_next(self, kind: str) -> int:
        """One seal, if there is anything to seal of that kind; returns how many rows it names.

        Sealed rows never change, so they are read and hashed before the store is locked.
        """
        while True:
            with reading(self._engine) as connection:
                before = seals.head(connection)  # first of all: what is sealed meanwhile moves it
                keys = self._unsealed(connection, kind, MOST_ROWS)
                made = self._made(connection, kind, keys, before) if keys else None
            if made is None:
                return 0
            try:
                with writing(self._engine) as connection:
                    if seals.add(connection, made, before):
                        return len(made.rows)
            except IntegrityError:
                _log.debug("another process has sealed at the same moment")

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

    def _made(self, connection: Connection, kind: str, keys: list[str], before: Head | None) -> Seal | None:
        one = SEALED[kind]
        found = seals.rows_by_key(connection, one, keys)
        rows = [found[key] for key in keys if key in found]
        if not rows:
            return None
        unsigned = Seal(
            seal_no=1 if before is None else before.seal_no + 1,
            kind=kind,
            rows=[[one.key_of(row), seals.row_hash(one, row)] for row in rows],
            newest_row=max(one.since_of(row) for row in rows),
            prev_hash=GENESIS_HASH if before is None else before.sha256,
            made_at=_to_ms(now_utc()),
            signature=b"",
        )
        return replace(unsigned, signature=self._key.sign(unsigned.body()))


class NewestHead:
    """How far the seals have come, for who tells it outside: read now and again, and None while the store cannot be read."""

    def __init__(self, engine: Engine, every_s: float = SEAL_EVERY_S) -> None:
        self._engine, self._every_s = engine, every_s
        self._read_s = float("-inf")
        self._head: Head | None = None

    def get(self) -> Head | None:
        """The newest seal. Not for several threads."""
        moment_s = time.monotonic()
        if moment_s - self._read_s >= self._every_s:
            self._read_s = moment_s
            try:
                with reading(self._engine) as connection:
                    self._head = seals.noted_head(connection)
            except (SQLAlchemyError, OSError) as error:
                _log.warning(
                    "how far the seals have come cannot be read now: %s", getattr(error, "orig", None) or error
                )
        return self._head


class Sealing:
    """The sealer at work in a thread of its own, from the start of `serve` to its end, where it looks once more."""

    def __init__(self, engine: Engine, key: Ed25519PrivateKey, every_s: float = SEAL_EVERY_S) -> None:
        self._sealer = Sealer(engine, key)
        self._loop = Supervised("sealing", (Step("seals", self._look),), poll_s=every_s, daemon=True)

    def start(self) -> None:
        """Begin with what was left unsealed."""
        self._loop.start()

    def stop(self) -> None:
        """Seal what came last and end. Call it when nobody writes any more."""
        self._loop.stop()
        ends_s = time.monotonic() + _LAST_LOOK_S
        try:
            self._sealer.run(lambda: time.monotonic() > ends_s)
        except (SQLAlchemyError, OSError) as error:
            _log.error("the last rows are sealed at the next start: %s", getattr(error, "orig", None) or error)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _look(self) -> None:
        ends_s = time.monotonic() + _LONGEST_LOOK_S
        metrics.sealed_rows.inc(self._sealer.run(lambda: self._loop.stopping or time.monotonic() > ends_s))
        if time.monotonic() > ends_s:
            self._loop.wake()  # a long pause is caught up with in several passes, so that this one is not said to be stuck
        else:
            metrics.sealed_at.set_to_current_time()


def _to_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
