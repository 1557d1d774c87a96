"""Seals over invented rows, in the transaction that writes them: a population that was broken off has no row without one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select

from central.core.clock import now_utc
from central.store import seals
from central.store.alerts import alert
from central.store.audit import audit
from central.store.decisions import decision
from central.store.outgoing import centre_outbox
from central.store.sealing import MOST_ROWS
from central.store.seals import SEALED, Seal, Sealed
from dopusk.lab.population.bulk import Bulk
from sync.contract.canonical import GENESIS_HASH

Named = list[list[str]]
"""Key and SHA-256 of each row."""


Due = tuple[str, Named, str]
"""A seal to be made: the table, what it names, and the newest of its rows."""
_BY_BULK = frozenset(table.name for table in (alert, audit, centre_outbox, decision))


def named_rows(bulk: Bulk) -> list[Due]:
    """The seals that are due for rows of a `Bulk`, before they are written."""
    return [
        _due(one, part)
        for table, rows in bulk.rows.items()
        if (one := SEALED.get(table.name)) is not None
        for part in _parts(one, rows)
    ]


def keys_there(connection: Connection) -> dict[str, set[str]]:
    """Keys of the rows of every sealed table that registers write to."""
    return {
        kind: {one.key_of(row) for row in connection.execute(select(*one.table.primary_key)).mappings()}
        for kind, one in SEALED.items()
        if kind not in _BY_BULK
    }


def named_since(connection: Connection, before: dict[str, set[str]]) -> list[Due]:
    """The seals that are due for rows that came after `keys_there`, in the same transaction: what the registers have written."""
    due: list[Due] = []
    for kind, known in keys_there(connection).items():
        one, new = SEALED[kind], sorted(known - before[kind])
        found = seals.rows_by_key(connection, one, new)
        due += [_due(one, part) for part in _parts(one, [dict(found[key]) for key in new])]
    return due


def _due(one: Sealed, rows: list[Any]) -> Due:
    named = [[one.key_of(row), seals.row_hash(one, row)] for row in rows]
    return str(one.table.name), named, max(map(one.since_of, rows))


def _parts(one: Sealed, rows: Sequence[dict[str, Any]]) -> Iterator[list[Any]]:
    blank: dict[str, Any] = {column.name: None for column in one.columns}
    for start in range(0, len(rows), MOST_ROWS):
        yield [blank | row for row in rows[start : start + MOST_ROWS]]


def seal(connection: Connection, key: Ed25519PrivateKey, named: Sequence[Due]) -> None:
    """Seal rows of the same transaction, at its end: whoever seals beside waits from here on."""
    for kind, rows, newest_row in named:
        while not _add(connection, key, kind, rows, newest_row):
            pass


def _add(connection: Connection, key: Ed25519PrivateKey, kind: str, rows: Named, newest_row: str) -> bool:
    before, now = seals.head(connection), now_utc()
    unsigned = Seal(
        seal_no=1 if before is None else before.seal_no + 1,
        kind=kind,
        rows=rows,
        newest_row=newest_row,
        prev_hash=GENESIS_HASH if before is None else before.sha256,
        made_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
        signature=b"",
    )
    return seals.add(connection, replace(unsigned, signature=key.sign(unsigned.body())), before)
