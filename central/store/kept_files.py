"""The files that must be whole in the folder of media: one list for `verify`, `backup` and whoever else walks them all."""

from collections.abc import Iterator

from sqlalchemy import Connection

from central.store import copies, documents, media, signed_papers
from central.store.workers import photo_hashes


def hashes(connection: Connection) -> Iterator[str]:
    """SHA-256 of every file that must be there; one that two rows name comes twice."""
    yield from media.completed(connection)
    yield from beside_media(connection)


def beside_media(connection: Connection) -> Iterator[str]:
    """Those that are no film or picture of an exam: a file of the same bytes is theirs too, and no act takes it."""
    yield from photo_hashes(connection)
    yield from documents.stored_hashes(connection)
    yield from signed_papers.stored_hashes(connection)
    yield from copies.stored_hashes(connection)
