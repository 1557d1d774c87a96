"""The table of terminals' employers: whose workers a terminal serves."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, Table, and_, delete, exists, not_, select

from central.store.metadata import metadata
from central.store.registry import employer

terminal_employer = Table(
    "terminal_employer",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("employer_id", ForeignKey("employer.employer_id"), primary_key=True, index=True),
)
"""Employers whose workers a terminal knows; no row of a terminal: all employers of its organisation."""


def of_terminal(connection: Connection, terminal_id: str) -> list[str] | None:
    """Employers of one terminal, by id; None for one that knows all of its organisation."""
    query = select(terminal_employer.c.employer_id).where(terminal_employer.c.terminal_id == terminal_id)
    found = list(connection.execute(query.order_by(terminal_employer.c.employer_id)).scalars())
    return found or None


def of_all(connection: Connection) -> dict[str, list[str]]:
    """Employers of each terminal that does not know all of its organisation, by id."""
    found: dict[str, list[str]] = {}
    columns = (terminal_employer.c.terminal_id, terminal_employer.c.employer_id)
    for terminal_id, employer_id in connection.execute(select(*columns).order_by(*columns)):
        found.setdefault(terminal_id, []).append(employer_id)
    return found


def names(connection: Connection, terminal_ids: Collection[str]) -> dict[str, list[str]]:
    """Names of the employers of these terminals, of those that do not know all of their organisation."""
    c = terminal_employer.c
    query = select(c.terminal_id, employer.c.name).join_from(terminal_employer, employer)
    found: dict[str, list[str]] = {}
    for terminal_id, name in connection.execute(query.where(c.terminal_id.in_(terminal_ids)).order_by(employer.c.name)):
        found.setdefault(terminal_id, []).append(name)
    return found


def is_of_another(terminal_id: ColumnElement[str], employer_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a terminal is bound, and to other employers than that one. An employer that is not known is no other."""
    bound = terminal_employer.alias("bound")
    to_this = terminal_employer.alias("to_this")
    return and_(
        employer_id.is_not(None),
        exists().where(bound.c.terminal_id == terminal_id),
        not_(exists().where(to_this.c.terminal_id == terminal_id, to_this.c.employer_id == employer_id)),
    )


def bind(connection: Connection, terminal_id: str, employer_ids: Collection[str]) -> None:
    """Let a terminal know these employers' workers and nobody else's; none: those of all employers of its organisation."""
    connection.execute(delete(terminal_employer).where(terminal_employer.c.terminal_id == terminal_id))
    rows = [{"terminal_id": terminal_id, "employer_id": one} for one in sorted(set(employer_ids))]
    if rows:
        connection.execute(terminal_employer.insert(), rows)
