"""Tables of media files: what has come of each, chunk by chunk. The bytes are files named by their hash."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from central.store.metadata import UtcDateTime, metadata

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

media_chunk = Table(
    "media_chunk",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("chunk_index", Integer, primary_key=True),
    Column("chunk_sha256", Text, nullable=False),
)
