"""Rows of the centre's own tables with the seals that name them: decisions and the access log as they stood when sealed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from central.store import seals
from central.store.seals import SEALED, Seal, Sealed


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row as it was sealed: the bytes whose SHA-256 stands in the seal. `seal` is None for what is not sealed yet."""

    kind: str
    key: str
    content: bytes
    seal: Seal | None


def sealed_rows(connection: Connection, kind: str, keys: Iterable[str]) -> Iterator[SealedRow]:
    """The named rows of a table, each with its seal."""
    one = SEALED[kind]
    found = seals.rows_by_key(connection, one, list(keys))
    for key, row in sorted(found.items()):
        yield SealedRow(kind, key, seals.row_content(one, row), _seal_of(connection, one, key, row))


def _seal_of(connection: Connection, one: Sealed, key: str, row: RowMapping) -> Seal | None:
    sha256 = seals.row_hash(one, row)
    written = seals.moment_of(row[one.since])
    if written is None:
        return None
    return next((seal for seal in seals.reaching(connection, one, written) if [key, sha256] in seal.rows), None)
