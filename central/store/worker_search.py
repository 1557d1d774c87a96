"""Conditions that find workers by a typed name or personnel number. Owns no table.

Names are compared folded (`central.core.name_folding`), by their beginning and through the index on both stores.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, or_

from central.core.name_folding import fold_name
from central.core.text_cleaning import clean_line
from central.store.registry import worker


def of_organisations(orgs: Sequence[str]) -> ColumnElement[bool]:
    """Workers of these organisations."""
    return worker.c.org == orgs[0] if len(orgs) == 1 else worker.c.org.in_(orgs)


def is_meant(connection: Connection, orgs: Sequence[str], typed: str) -> ColumnElement[bool]:
    """Workers of these organisations whose name begins with the words, or who have them as their number."""
    own = of_organisations(orgs)
    return or_(
        and_(own, _begins(connection, fold_name(typed))), and_(own, worker.c.personnel_number == clean_line(typed))
    )


def _begins(connection: Connection, folded: str) -> ColumnElement[bool]:
    name = worker.c.search_name
    if connection.dialect.name == "sqlite":
        # SQLite uses no index for a pattern with an escape. Between two names it does, byte by byte.
        return and_(name >= folded, name < f"{folded}\U0010ffff")
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return name.like(f"{escaped}%", escape="\\")
