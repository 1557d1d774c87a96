"""The centre's tables, told from the models of `central.store`."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from itertools import pairwise, zip_longest

from sqlalchemy import Column, Dialect, Index, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from central.store.engine import load_tables
from central.store.metadata import metadata
from central.store.seals import SEALED

_PACKAGE = "central.store."
POSTGRESQL: Dialect = postgresql.dialect()
SQLITE: Dialect = sqlite.dialect()


@dataclass(frozen=True, slots=True)
class Owner:
    """The module that holds all SQL on a table, and what the table is for, in its words."""

    module: str
    purpose: str


@cache
def owners() -> dict[str, Owner]:
    """By table. Raises `LookupError` for a table whose purpose nobody tells."""
    load_tables()
    found: dict[str, Owner] = {}
    for name in sorted(name for name in sys.modules if name.startswith(_PACKAGE) and name.count(".") == 2):
        tables = {table: words for table, words in _tables_of(name) if table in metadata.tables}
        about = (sys.modules[name].__doc__ or "").partition("\n")[0]
        for table, purpose in tables.items():
            if not purpose and len(tables) > 1:
                raise LookupError(f"{name}: the table {table} needs a docstring")
            found[table] = Owner(name, purpose or _without_article(about))
    return {table.name: found[table.name] for table in metadata.sorted_tables}


def _tables_of(module: str) -> Iterator[tuple[str, str]]:
    """The tables that a module declares, with the docstring that follows the declaration."""
    body = [*ast.parse(getsource(sys.modules[module])).body, None]
    for statement, after in pairwise(body):
        match statement:
            case ast.Assign(value=ast.Call(func=ast.Name(id="Table"), args=[ast.Constant(value=str(name)), *_])):
                match after:
                    case ast.Expr(value=ast.Constant(value=str(words))):
                        yield name, words.partition("\n")[0]
                    case _:
                        yield name, ""


def _without_article(heading: str) -> str:
    for start in ("The table of ", "Table of "):
        if heading.startswith(start):
            rest = heading.removeprefix(start)
            return rest[:1].upper() + rest[1:]
    return heading


def section() -> str:
    """Every table with its columns."""
    parts = []
    for name, owner in sorted(owners().items()):
        table = metadata.tables[name]
        sealed = " Its rows are sealed." if any(one.table is table for one in SEALED.values()) else ""
        module = owner.module.replace(".", "/")
        parts.append(f"### {name}\n\n{owner.purpose}{sealed} SQL in `{module}.py`.\n\n")
        parts.append("| column | type | may be empty | about |\n|---|---|---|---|\n")
        parts += [_row(column) for column in table.columns]
        parts.append("\n")
    return "".join(parts)


def _row(column: Column[object]) -> str:
    types = [column.type.compile(dialect=dialect) for dialect in (POSTGRESQL, SQLITE)]
    kind = types[0] if types[0] == types[1] else f"{types[0]}; SQLite {types[1]}"
    about = [
        "key" if column.primary_key else "",
        *sorted(f"→ {key.target_fullname}" for key in column.foreign_keys),
        (column.comment or "").replace("|", "\\|"),
    ]
    return f"| {column.name} | {kind} | {'yes' if column.nullable else ''} | {'; '.join(part for part in about if part)} |\n"


def statements() -> str:
    """The statements that make the tables on PostgreSQL; a line that SQLite has otherwise stands behind it as a remark."""
    load_tables()
    parts = []
    for table in metadata.sorted_tables:
        parts.append(_side_by_side(*(str(CreateTable(table).compile(dialect=one)) for one in (POSTGRESQL, SQLITE))))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            parts.append(_side_by_side(*(_index(index, one) for one in (POSTGRESQL, SQLITE))))
    return "\n".join(parts)


def _index(index: Index, dialect: Dialect) -> str:
    return str(CreateIndex(index).compile(dialect=dialect))


def _side_by_side(ours: str, others: str) -> str:
    lines = []
    for line, other in zip_longest(_lines(ours), _lines(others), fillvalue=""):
        lines += [line] if line == other else [line, f"    -- SQLite: {other.strip()}"]
    return "\n".join(lines) + "\n"


def _lines(statement: str) -> list[str]:
    return [line.rstrip().replace("\t", "    ") for line in f"{statement.strip()};".splitlines()]


def tables() -> list[Table]:
    """All tables, in an order in which they can be made."""
    load_tables()
    return metadata.sorted_tables
