"""The table of which employers' workers an account may see: one row for each employer of an account."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Column, Connection, ForeignKey, Table, select

from central.store.metadata import metadata

account_employer = Table(
    "account_employer",
    metadata,
    Column("account_id", ForeignKey("account.account_id"), primary_key=True),
    Column("employer_id", ForeignKey("employer.employer_id"), primary_key=True, index=True),
)
"""Employers of accounts: a dispatcher of two firms has two rows."""


def of_accounts(connection: Connection, account_ids: Collection[str] | None = None) -> Mapping[str, tuple[str, ...]]:
    """The employers of each of these accounts (None: of all) that has any."""
    c = account_employer.c
    query = select(c.account_id, c.employer_id).order_by(c.account_id, c.employer_id)
    if account_ids is not None:
        query = query.where(c.account_id.in_(account_ids))
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(query):
        found[row.account_id] = (*found.get(row.account_id, ()), row.employer_id)
    return found


def set_employers(connection: Connection, account_id: str, employer_ids: Iterable[str]) -> None:
    """These, and no others, are the account's."""
    connection.execute(account_employer.delete().where(account_employer.c.account_id == account_id))
    rows = [{"account_id": account_id, "employer_id": one} for one in dict.fromkeys(employer_ids)]
    if rows:
        connection.execute(account_employer.insert(), rows)
