"""SQL that one engine has made serves every other: a process of the tests opens some thousand stores, one of the product one.

Making the text of a statement takes longer than SQLite takes to execute it, and SQLAlchemy keeps the texts engine by engine,
under the dialect's object. All stores of the tests on SQLite have the same dialect with the same settings.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_KEPT = 3000


def share() -> None:
    """Give all engines on SQLite of this process one cache of compiled statements."""
    shared: LRUCache[Any, Any] = LRUCache(_KEPT)

    def read(engine: Engine) -> Any:
        return shared if type(engine.dialect) is SQLiteDialect_pysqlite else engine.__dict__["own_compiled_cache"]

    def keep(engine: Engine, cache: Any) -> None:
        engine.__dict__["own_compiled_cache"] = cache

    Engine._compiled_cache = property(read, keep)  # type: ignore[assignment]
    SQLiteDialect_pysqlite.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign,assignment]
    SQLiteDialect_pysqlite.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign,assignment]
