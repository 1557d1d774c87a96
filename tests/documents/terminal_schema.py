"""The terminal's tables, told from the steps that make its store."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlcipher3
from sqlite_utils import Database

from terminal.store.database import MIGRATIONS

_STATEMENT = re.compile(r"^CREATE (TABLE|INDEX|UNIQUE INDEX|TRIGGER) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kept:
    """A table, the module whose steps made it, and what the first of them says of it."""

    name: str
    module: str
    purpose: str
    columns: tuple[tuple[str, str, bool, bool], ...]
    """Name, type, whether it may be empty, whether it belongs to the key."""


def _made() -> tuple[Database, dict[str, tuple[str, str]]]:
    """A new store in memory, and module and words of the step that made each table."""
    db = Database(sqlcipher3.connect(":memory:"))
    made: dict[str, tuple[str, str]] = {}
    for steps in MIGRATIONS:
        pending = list(steps.pending(db))
        for number, step in enumerate(pending):
            before = set(db.table_names())
            steps.apply(db, stop_before=[later.name for later in pending[number + 1 :]])
            about = (step.fn.__doc__ or "").partition("\n")[0]
            for table in set(db.table_names()) - before - {steps.migrations_table}:
                made[table] = (step.fn.__module__, about)
    return db, {name: words for name, words in made.items() if name in db.table_names()}


def kept() -> list[Kept]:
    """All tables, by name."""
    db, made = _made()
    found = []
    for name, (module, purpose) in sorted(made.items()):
        info = db.execute(f"PRAGMA table_info({name})").fetchall()
        columns = tuple((row[1], row[2], not row[3] and not row[5], bool(row[5])) for row in info)
        found.append(Kept(name, module, purpose, columns))
    return found


def section() -> str:
    """Every table with its columns."""
    return "".join(_table(one) for one in kept())


def _table(one: Kept) -> str:
    rows = "".join(
        f"| {name} | {kind} | {'yes' if empty else ''} | {'key' if key else ''} |\n"
        for name, kind, empty, key in one.columns
    )
    head = "| column | type | may be empty | about |\n|---|---|---|---|\n"
    return f"### {one.name} (terminal)\n\n{one.purpose} SQL in `{one.module.replace('.', '/')}.py`.\n\n{head}{rows}\n"


def statements() -> str:
    """The statements as the finished store keeps them: tables, indices, triggers."""
    db, made = _made()
    return "\n".join(_in_order(db, sorted(made)))


def _in_order(db: Database, names: list[str]) -> Iterator[str]:
    for name in names:
        query = (
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type != 'table', type, name"
        )
        for (sql,) in db.execute(query, [name]).fetchall():
            assert _STATEMENT.match(sql), sql
            lines = sql.strip().splitlines()
            indent = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
            yield "\n".join([lines[0], *(line[indent:].rstrip() for line in lines[1:])]) + ";\n"
