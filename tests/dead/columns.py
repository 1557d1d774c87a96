"""Columns of both stores that nobody reads.

A column is read where its name stands in the code of its side other than in its own definition, in the values of an insert or
update, or as a column of another table. Names alone are compared, so one that other things share passes for read.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.dead.found import Unused, sources

_TERMINAL = ("sync", "terminal", "dopusk")
_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) ?\((.*)\)", re.DOTALL)
_ADDED = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+)")
_CONSTRAINTS = {"PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"}
_WRITTEN = (
    re.compile(r"^\s*(?:CREATE|ALTER) .*", re.DOTALL),
    re.compile(r"(?<=INTO )\w+ ?\([^)]*\)"),
    re.compile(r"\w+ = (?=\?|:\w|excluded)"),
)
"""Parts of a statement that define or set columns."""


@dataclass(slots=True)
class _Reads:
    names: set[str] = field(default_factory=set)
    of_table: dict[str, set[str]] = field(default_factory=dict)
    """Column → variables of the tables as which it is asked for (`worker.c.name`)."""


def unread_columns(root: Path) -> Iterator[Unused]:
    """Each by the file and line that defines it, as `table.column`."""
    yield from _of_the_centre(root)
    yield from _of_the_terminal(root)


def _of_the_centre(root: Path) -> Iterator[Unused]:
    defined = list(_defined(root))
    tables = {table for _, _, table, _ in defined}
    reads = _Reads()
    for path, tree in sources(root, "central", "dopusk"):
        if "migrations" not in path.parts:
            _read(tree, reads)
    for page in (root / "central").rglob("*.html"):
        reads.names |= set(re.findall(r"\w+", page.read_text(encoding="utf-8")))
    for path, line, table, column in defined:
        asked = reads.of_table.get(column, set())
        if column not in reads.names and table not in asked and asked <= tables:
            yield Unused(str(path.relative_to(root)), line, "column", f"{table}.{column}")


def _defined(root: Path) -> Iterator[tuple[Path, int, str, str]]:
    for path, tree in sources(root, "central/store"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) == "Table" and isinstance(node.args[0], ast.Constant):
                for part in node.args:
                    if (
                        isinstance(part, ast.Call)
                        and _name(part.func) == "Column"
                        and isinstance(part.args[0], ast.Constant)
                    ):
                        yield path, part.lineno, str(node.args[0].value), str(part.args[0].value)


def _read(tree: ast.Module, reads: _Reads) -> None:
    passed_over = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "Column":
            passed_over |= {id(part) for part in node.args[:1]}
        elif isinstance(node, ast.Call) and _name(node.func) in {"Index", "UniqueConstraint", "ForeignKeyConstraint"}:
            passed_over |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.Dict):
            passed_over |= {id(key) for key in node.keys}
    for node in ast.walk(tree):
        if id(node) in passed_over:
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            holder = node.value
            if isinstance(holder, ast.Attribute) and holder.attr == "c" and isinstance(holder.value, ast.Name):
                reads.of_table.setdefault(node.attr, set()).add(holder.value.id)
            else:
                reads.names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            reads.names.add(node.value)


def _of_the_terminal(root: Path) -> Iterator[Unused]:
    defined = list[tuple[Path, int, str, str]]()
    read = set[str]()
    for path, tree in sources(root, *_TERMINAL):
        if "lab" in path.parts:
            continue
        keys = {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                read.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in keys:
                defined += [(path, node.lineno + line, table, column) for line, table, column in _created(node.value)]
                read |= _read_of(node.value)
    for path, line, table, column in defined:
        if column not in read:
            yield Unused(str(path.relative_to(root)), line, "column", f"{table}.{column}")


def _created(statement: str) -> Iterator[tuple[int, str, str]]:
    """Line within the statement, table and column of each column that it makes."""
    if made := _TABLE.search(statement):
        depth, begin = 0, made.start(2)
        for at in range(made.start(2), made.end(2) + 1):
            sign = statement[at] if at < made.end(2) else ","
            depth += (sign == "(") - (sign == ")")
            if sign == "," and depth == 0:
                part = statement[begin:at]
                word = part.split()[0] if part.split() else ""
                if word and word not in _CONSTRAINTS:
                    yield statement.count("\n", 0, begin + len(part) - len(part.lstrip())), made[1], word
                begin = at + 1
    for added in _ADDED.finditer(statement):
        yield statement.count("\n", 0, added.start()), added[1], added[2]


def _read_of(text: str) -> set[str]:
    for written in _WRITTEN:
        text = written.sub(" ", text)
    return set(re.findall(r"\w+", text))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
