"""Every table that keeps signatures of people and organisations for years, read in one way: what was signed, and the signature."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    LargeBinary,
    RowMapping,
    Select,
    literal,
    null,
    select,
)

from central.store.acts import act, act_signature
from central.store.copies import copy
from central.store.decisions import decision
from central.store.paper_records import paper_record
from central.store.passport_records import passport_record
from central.store.signed_papers import signed_paper
from central.store.walking import OnBad, stream
from central.store.waybill_titles import waybill_title

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class KeptFile:
    """Where the signed file lies. `file_id`: what its seal is bound to."""

    file_id: str
    stored_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptSignature:
    """One signature. `record`: exactly the bytes that it covers; empty where they are in `file`.

    `cms` is empty where the signature is inside of the file.
    """

    kind: str
    signature_id: str
    record: bytes
    cms: bytes
    file: KeptFile | None


@dataclass(frozen=True, slots=True)
class _Source:
    signature_id: ColumnElement[str]
    cms: ColumnElement[bytes]
    record: ColumnElement[bytes] | None = None
    file: tuple[ColumnElement[str], ColumnElement[str], ColumnElement[str]] | None = None
    joined: FromClause | None = None
    where: ColumnElement[bool] | None = None

    def rows(self) -> Select[tuple[Any, ...]]:
        """Of each signature the same columns, the oldest first."""
        record = self.record if self.record is not None else literal(b"", LargeBinary)
        file = self.file or (null(), null(), null())
        names = ("signature_id", "cms", "record", "file_id", "stored_sha256", "sha256")
        columns = (self.signature_id, self.cms, record, *file)
        query = select(*(column.label(name) for name, column in zip(names, columns, strict=True)))
        return self._from(query).order_by(self.signature_id)

    def ids(self) -> Select[tuple[Any, ...]]:
        """Their ids alone."""
        return self._from(select(self.signature_id))

    def _from(self, query: Select[tuple[Any, ...]]) -> Select[tuple[Any, ...]]:
        joined = query if self.joined is None else query.select_from(self.joined)
        return joined if self.where is None else joined.where(self.where)


DECISION = "decision"
_SOURCES = {
    DECISION: _Source(decision.c.decision_id, decision.c.cms, decision.c.record),
    "act_signature": _Source(
        act_signature.c.signature_id,
        act_signature.c.cms,
        act.c.record,
        joined=act_signature.join(act, act.c.act_id == act_signature.c.act_id),
    ),
    "paper_record": _Source(paper_record.c.record_id, paper_record.c.cms, paper_record.c.record),
    "passport_record": _Source(passport_record.c.record_id, passport_record.c.cms, passport_record.c.record),
    "waybill_title": _Source(waybill_title.c.title_id, waybill_title.c.cms, waybill_title.c.content),
    "signed_paper": _Source(
        signed_paper.c.signed_id,
        signed_paper.c.signature,
        file=(signed_paper.c.signed_id, signed_paper.c.stored_sha256, signed_paper.c.sha256),
    ),
    # The first original of a paper is the file of the signed paper itself.
    "copy": _Source(
        copy.c.copy_id,
        copy.c.signature,
        file=(copy.c.file_id, copy.c.stored_sha256, copy.c.sha256),
        where=copy.c.file_id == copy.c.copy_id,
    ),
}
KINDS = tuple(_SOURCES)


def of_ids(connection: Connection, kind: str, ids: Collection[str]) -> list[KeptSignature]:
    """Those of a kind that are there."""
    source = _SOURCES[kind]
    query = source.rows().where(source.signature_id.in_(list(ids)))
    return [_kept(kind, row) for row in connection.execute(query).mappings()]


def every(connection: Connection, kind: str, on_bad: OnBad | None = None) -> Iterator[KeptSignature]:
    """All of a kind, the oldest first, without holding them in memory."""
    for row in stream(connection, _SOURCES[kind].rows(), _AT_ONCE, on_bad):
        yield _kept(kind, row)


def without(connection: Connection, kind: str, known: Select[tuple[str]], limit: int) -> list[str]:
    """Ids of a kind that are not among the `known` ones."""
    source = _SOURCES[kind]
    query = source.ids().where(source.signature_id.not_in(known)).order_by(source.signature_id).limit(limit)
    return list(connection.execute(query).scalars())


def _kept(kind: str, row: RowMapping) -> KeptSignature:
    file = None if row["file_id"] is None else KeptFile(row["file_id"], row["stored_sha256"], row["sha256"])
    return KeptSignature(kind, row["signature_id"], row["record"], row["cms"], file)
