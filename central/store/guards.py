"""Triggers of the store that refuse to change or delete rows of append-only tables.

They stand against mistakes (a script, a hand at the database's own prompt, a query of ours that forgot its condition), and
not against somebody who owns the database: whoever takes them out is found by `verify`. Put in place after each migration, so
that a table which a migration has made anew has its guard again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, inspect, text

from central.store.messages import message
from central.store.seals import SEALED, seal, seal_head

_FUNCTION = "dopusk_refuse_change"
_PREFIX = "guard_"
_WORDS = "rows are added and never changed"


@dataclass(frozen=True, slots=True)
class _Guard:
    name: str
    sql: str


def put_in_place(connection: Connection) -> None:
    """Make every guard anew, in the caller's transaction."""
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.execute(text(_function()))
    for table, guard in _all(is_sqlite):
        on = "" if is_sqlite else f" ON {table.name}"
        connection.execute(text(f"DROP TRIGGER IF EXISTS {guard.name}{on}"))
        connection.execute(text(guard.sql))


def missing(connection: Connection) -> list[str]:
    """Tables of which a guard is not in place, or stands otherwise than it was made; none in a store without migrations."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname, '' FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    found = {row[0]: row[1] for row in connection.execute(text(query))}
    lacking = {
        table.name
        for table, guard in _all(is_sqlite)
        if guard.name not in found or (is_sqlite and found[guard.name] != guard.sql)
    }
    return sorted(lacking)


def _all(is_sqlite: bool) -> Iterator[tuple[Table, _Guard]]:
    tables: dict[Table, frozenset[str]] = {message: frozenset(), seal: frozenset()}
    tables |= {one.table: one.mutable for one in SEALED.values()}
    for table, working in tables.items():
        columns = ", ".join(column.name for column in table.c if column.name not in working)
        make = _sqlite if is_sqlite else _postgres
        yield table, make(table, "update", f"UPDATE OF {columns}")
        yield table, make(table, "delete", "DELETE")
        if "wire" in working:
            # The bytes of what was answered may go. Other bytes never come.
            yield table, make(table, "bytes", "UPDATE OF wire", "length(NEW.wire) > 0 AND NEW.wire <> OLD.wire")
        if not is_sqlite:
            yield table, _truncate(table)
    make = _sqlite if is_sqlite else _postgres
    yield seal_head, make(seal_head, "update", "UPDATE", "NEW.seal_no <= OLD.seal_no")
    yield seal_head, make(seal_head, "delete", "DELETE")
    if not is_sqlite:
        yield seal_head, _truncate(seal_head)


def _sqlite(table: Table, what: str, event: str, condition: str = "") -> _Guard:
    name = f"{_PREFIX}{table.name}_{what}"
    when = f" WHEN {condition}" if condition else ""
    words = f"{table.name}: {_WORDS}"
    body = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    return _Guard(name, f"CREATE TRIGGER {name} BEFORE {event} ON {table.name}{when} {body}")


def _postgres(table: Table, what: str, event: str, condition: str = "") -> _Guard:
    name = f"{_PREFIX}{table.name}_{what}"
    when = f" WHEN ({condition})" if condition else ""
    body = f"FOR EACH ROW{when} EXECUTE FUNCTION {_FUNCTION}()"
    return _Guard(name, f"CREATE TRIGGER {name} BEFORE {event} ON {table.name} {body}")


def _truncate(table: Table) -> _Guard:
    name = f"{_PREFIX}{table.name}_truncate"
    body = f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
    return _Guard(name, f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table.name} {body}")


def _function() -> str:
    return f"""CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: {_WORDS}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$"""
