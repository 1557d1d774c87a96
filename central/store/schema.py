"""The version of the store: brought up to date by one command, checked by every process before it starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Engine, func, select

import central.store.migrations
from central.store import guards, reading_views
from central.store.engine import reading, rebuilding


class StoreVersionError(Exception):
    """The store is not of the version that this program works with. The message says what to run."""


def upgrade(engine: Engine) -> None:
    """Create or bring up to date all tables and their guards, in one transaction: a kill leaves the version before.

    Raises `StoreVersionError` for a store that a newer program has made.
    """
    config = _config()
    _refuse_newer(engine)
    with reading(engine) as connection:
        # Whoever reads moments from PostgreSQL opens the file of its time zone: now, and not while others wait for the store.
        connection.execute(select(func.current_timestamp()))
    with rebuilding(engine) as connection:
        config.attributes["connection"] = connection
        with reading_views.set_aside(connection):
            command.upgrade(config, "head")
        guards.put_in_place(connection)


def check(engine: Engine) -> None:
    """Raise `StoreVersionError` unless the store is of this program's version."""
    _refuse_newer(engine)
    current, head = _current(engine), ScriptDirectory.from_config(_config()).get_current_head()
    if current is None:
        raise StoreVersionError("the store is empty; run `dopusk central migrate` first")
    if current != head:
        raise StoreVersionError(
            f"the store is of version {current}, the program needs {head}; run `dopusk central migrate` first"
        )


def _refuse_newer(engine: Engine) -> None:
    current = _current(engine)
    try:
        if current is not None:
            ScriptDirectory.from_config(_config()).get_revision(current)
    except (ResolutionError, CommandError) as error:
        raise StoreVersionError(
            f"the store is of version {current}, which this program does not know; start the newer program"
        ) from error


def _current(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    folder = Path(central.store.migrations.__file__).parent
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config
