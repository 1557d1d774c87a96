"""The version of the store: brought up to date by one command, checked by every process before it starts."""

from sqlalchemy import Engine, inspect

from central.store.engine import create_schema


class StoreVersionError(Exception):
    """The store is not of the version that this program works with. The message says what to run."""


def upgrade(engine: Engine) -> None:
    """Create or bring up to date all tables."""
    create_schema(engine)


def check(engine: Engine) -> None:
    """Raise `StoreVersionError` unless the store is of this program's version."""
    if not inspect(engine).has_table("message"):
        raise StoreVersionError("the store is empty; run `dopusk central migrate` first")
