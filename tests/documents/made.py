"""The pages and files that are made from the code."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.documents import centre_schema, decisions, terminal_schema, views_page
from tests.documents.pages import ROOT

_SCHEMA_HEAD = """# Tables

Made from the code by `python -m tests.documents --write`; do not edit. One module owns all SQL on a table. The statements are in
[schema.sql](schema.sql) (centre) and [schema-terminal.sql](schema-terminal.sql).

## The centre

PostgreSQL or SQLite. Made and brought up to date by `dopusk central migrate`; where the two differ, both types are named. Triggers
that refuse a change of rows which are only ever added are put in place after each step (`central/store/guards.py`).

"""
_TERMINAL_HEAD = """## The terminal

SQLite encrypted by SQLCipher. Brought up to date whenever it is opened.

"""
_CENTRE_SQL = """-- The centre's tables as PostgreSQL has them; a line that SQLite has otherwise stands behind it.
-- Made from the code by `python -m tests.documents --write`; do not edit. `dopusk central migrate` makes a store, not this file.

"""
_TERMINAL_SQL = """-- The terminal's tables, indices and triggers.
-- Made from the code by `python -m tests.documents --write`; do not edit. The terminal makes its store itself.

"""


def _schema() -> str:
    whole = _SCHEMA_HEAD + centre_schema.section() + _TERMINAL_HEAD + terminal_schema.section()
    return whole.rstrip() + "\n"


MADE: Mapping[Path, Callable[[], str]] = {
    decisions.PAGE: decisions.page,
    ROOT / "docs" / "schema.md": _schema,
    ROOT / "docs" / "views.md": views_page.page,
    ROOT / "docs" / "schema.sql": lambda: _CENTRE_SQL + centre_schema.statements(),
    ROOT / "docs" / "schema-terminal.sql": lambda: _TERMINAL_SQL + terminal_schema.statements(),
}
"""What is made, and what makes it."""


def stale() -> list[str]:
    """The files that are not as they would be made now."""
    return [
        str(file.relative_to(ROOT))
        for file, make in MADE.items()
        if not file.exists() or file.read_text(encoding="utf-8") != make()
    ]
