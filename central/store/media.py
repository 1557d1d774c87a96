"""Tables of media files: what has come of each, chunk by chunk. The bytes are files named by their hash."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Integer, RowMapping, Table, Text, func, select, update

from central.store.deletions import deletion
from central.store.exams import exam
from central.store.metadata import UtcDateTime, insert_for, metadata
from sync.contract.media import MediaChunk

media = Table(
    "media",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("exam_id", Text, nullable=False, index=True),
    Column("content_type", Text, nullable=False),
    Column("chunk_count", Integer, nullable=False),
    Column("size_bytes", BigInteger, comment="known once complete"),
    Column("first_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime, comment="empty until every chunk has come and the hash is right"),
)
"""One row for each file: its hash, its exam, what is still missing."""

media_chunk = Table(
    "media_chunk",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("chunk_index", Integer, primary_key=True),
    Column("chunk_sha256", Text, nullable=False),
)
"""The chunks of a file that have arrived."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """A file of which every chunk has come."""

    sha256: str
    chunk_count: int


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A whole file with what a hold or a term asks of its exam."""

    sha256: str
    exam_id: str
    content_type: str
    size_bytes: int
    finished_at: datetime
    worker_id: str | None
    terminal_id: str


def note_chunk(connection: Connection, chunk: MediaChunk, *, now: datetime) -> None:
    """Record that a chunk is on disk. The same chunk twice changes nothing."""
    connection.execute(
        insert_for(connection, media)
        .values(
            sha256=chunk.sha256,
            exam_id=chunk.exam_id,
            content_type=chunk.content_type,
            chunk_count=chunk.count,
            first_at=now,
        )
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    connection.execute(
        insert_for(connection, media_chunk)
        .values(sha256=chunk.sha256, chunk_index=chunk.index, chunk_sha256=chunk.chunk_sha256)
        .on_conflict_do_nothing(index_elements=["sha256", "chunk_index"])
    )


def assembled(connection: Connection) -> list[Assembled]:
    """Files whose chunks are all here and that have not been put together yet."""
    come = select(media_chunk.c.sha256, func.count().label("come")).group_by(media_chunk.c.sha256).subquery()
    query = (
        select(media.c.sha256, media.c.chunk_count)
        .join_from(media, come, media.c.sha256 == come.c.sha256)
        .where(media.c.completed_at.is_(None), come.c.come >= media.c.chunk_count)
    )
    return [Assembled(*row) for row in connection.execute(query)]


def complete(connection: Connection, sha256: str, size_bytes: int, *, now: datetime) -> None:
    """The file stands under its hash, whole."""
    connection.execute(update(media).where(media.c.sha256 == sha256).values(size_bytes=size_bytes, completed_at=now))
    connection.execute(media_chunk.delete().where(media_chunk.c.sha256 == sha256))


def start_again(connection: Connection, sha256: str) -> None:
    """Forget the chunks of a file that did not give its hash."""
    connection.execute(media_chunk.delete().where(media_chunk.c.sha256 == sha256))


def media_of_exam(connection: Connection, exam_id: str) -> Sequence[RowMapping]:
    """Files that came for an exam."""
    return connection.execute(select(media).where(media.c.exam_id == exam_id)).mappings().all()


def completed(connection: Connection) -> Sequence[str]:
    """Hashes of all files that stand whole."""
    return connection.execute(select(media.c.sha256).where(media.c.completed_at.is_not(None))).scalars().all()


_KEPT = (
    media.c.sha256,
    media.c.exam_id,
    media.c.content_type,
    func.coalesce(media.c.size_bytes, 0).label("size_bytes"),
    exam.c.finished_at,
    exam.c.worker_id,
    exam.c.terminal_id,
)


def kept_before(connection: Connection, org: str, group: str, before: datetime) -> Iterator[KeptFile]:
    """Whole files of an organisation's exams before a moment, the oldest first, that no act has destroyed.

    `group`: first part of the content type, `video` or `image`.
    """
    gone = select(deletion.c.sha256).where(deletion.c.result == "gone")
    query = (
        select(*_KEPT)
        .join_from(media, exam, media.c.exam_id == exam.c.exam_id)
        .where(
            exam.c.org == org,
            exam.c.finished_at < before,
            media.c.completed_at.is_not(None),
            media.c.content_type.like(f"{group}/%"),
            media.c.sha256.not_in(gone),
        )
        .order_by(exam.c.finished_at, media.c.sha256)
    )
    for row in connection.execute(query.execution_options(yield_per=500)).mappings():
        yield KeptFile(**row)


def kept_files(connection: Connection, sha256s: Sequence[str]) -> dict[str, KeptFile]:
    """What is known of these whole files, by hash."""
    query = select(*_KEPT).join_from(media, exam, media.c.exam_id == exam.c.exam_id)
    rows = connection.execute(query.where(media.c.sha256.in_(sha256s), media.c.completed_at.is_not(None))).mappings()
    return {row["sha256"]: KeptFile(**row) for row in rows}
