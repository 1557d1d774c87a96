"""Addresses of stores. That of a SQLite file is `sqlite:///` and its path as it is: `?`, `#`, `%` are letters of a name there."""

from pathlib import Path

from sqlalchemy import URL, make_url

SQLITE = "sqlite:///"


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file."""
    return SQLITE + str(path)


def sqlite_file(url: str) -> Path | None:
    """The file of such an address; None for a store of another kind."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def parsed(url: str) -> URL:
    """The address as the database's library takes it. Raises `ValueError` (SQLAlchemy's) for what is none."""
    file = sqlite_file(url)
    # The library's own reading of a URL ends a file's name at the first question mark.
    return make_url(url) if file is None else URL.create("sqlite", database=str(file))
