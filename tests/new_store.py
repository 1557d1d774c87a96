"""New stores of the centre for tests: the tables are made once in a process, and every other SQLite store is a copy of that file.

Making them takes a third of a second of a processor, and some thousand tests want a store of their own.
`tests/integration/central/test_migrations.py` is where the migrations themselves are looked at.
"""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from central.store import schema
from central.store.engine import create_schema, open_engine


def migrate(engine: Engine) -> None:
    """What `dopusk central migrate` does with an empty store: all tables, their guards, the newest version."""
    _fill(engine, schema.upgrade)


def make_tables(engine: Engine) -> None:
    """All tables without guards and without a version, for tests that look at the tables alone."""
    _fill(engine, create_schema)


def _fill(engine: Engine, make: Callable[[Engine], None]) -> None:
    path = engine.url.database
    if engine.dialect.name != "sqlite" or path is None or Path(path).exists():
        make(engine)
    else:
        shutil.copyfile(_made_once(make), path)


@functools.cache
def _made_once(make: Callable[[Engine], None]) -> Path:
    path = folder_of_the_process() / f"{make.__module__}.{make.__name__}.db"
    engine = open_engine(f"sqlite:///{path}")
    make(engine)
    engine.dispose()  # the last connection writes its log into the file and takes it away
    assert [file.name for file in path.parent.glob(f"{path.name}*")] == [path.name]
    return path


@functools.cache
def folder_of_the_process() -> Path:
    """Made once, and gone with the process."""
    folder = Path(tempfile.mkdtemp(prefix="dopusk-new-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
