"""The table of changes of the registers: who changed which entry when, from what to what. Rows are added, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, ForeignKey, Index, Table, Text, func, select

from central.store.accounts import account
from central.store.api_keys import api_key
from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

register_change = Table(
    "register_change",
    metadata,
    Column("change_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("kind", Text, nullable=False, comment="register: workers, employers, medics, devices, organisations"),
    Column("entry_id", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", Text, comment="account, or key of a program; empty: from the command line"),
    Column("action", Text, nullable=False, comment="create, change, archive, restore"),
    Column("fields", JSON, nullable=False, comment="name: [before, after]; secrets without values"),
    Index("ix_register_change_entry_id_at", "entry_id", "at"),
    # The list of all changes, and by each of its filters, in its own order.
    Index("ix_register_change_org_at", "org", "at", "change_id"),
    Index("ix_register_change_org_kind_at", "org", "kind", "at", "change_id"),
    Index("ix_register_change_org_account_id_at", "org", "account_id", "at", "change_id"),
)

_OWN = frozenset({"created_at", "updated_at", "snils_sealed", "limits", "certificate_id", "revoked_at"})
"""Columns that say nothing of their own: moments, the sealed form of a number, limits (they keep their own history), what
follows from the certificate."""
_HIDDEN = {
    "phone_sealed": "phone",
    "email_sealed": "email",
    "snils_hmac": "snils",
    "encrypted_key": "key",
    "certificate_pem": "certificate",
}
"""Columns of which only the change is written down, and under what name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one entry. `author` is a name, empty for the command line."""

    at: datetime
    author: str
    action: str
    fields: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a change and its moment. `account_id` is empty for the command line."""

    account_id: str | None
    at: datetime


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What is different, by column: before and after; `[]` for a secret."""
    found: dict[str, list[Any]] = {}
    for name, value in after.items():
        if name in _OWN:
            continue
        old = before[name] if before is not None and name in before else None
        if before is None:
            # A file brings a hundred thousand new entries of thirty columns each.
            is_same = value is None or (isinstance(value, str | list | tuple) and not value)
        else:
            is_same = old == value or _plain(old) == _plain(value)
        if is_same:
            continue
        found[_HIDDEN.get(name, name)] = [] if name in _HIDDEN else [_plain(old), _plain(value)]
    return found


def note(
    connection: Connection,
    author: Author,
    kind: str,
    org: str,
    changes: Sequence[tuple[str, Mapping[str, Any] | None, Mapping[str, Any]]],
) -> None:
    """Write down changes: entry, its row before (None for a new one) and after. What did not change leaves no trace."""
    rows = []
    for entry_id, before, after in changes:
        fields = difference(before, after)
        if fields:
            rows.append(_row(author, kind, org, entry_id, "create" if before is None else _action(fields), fields))
    if rows:
        connection.execute(register_change.insert(), rows)


def of_entry(connection: Connection, kind: str, entry_id: str) -> list[Change]:
    """The history of one entry, newest first."""
    query = (
        select(register_change, func.coalesce(account.c.full_name, api_key.c.name).label("full_name"))
        .outerjoin(account, account.c.account_id == register_change.c.account_id)
        .outerjoin(api_key, api_key.c.key_id == register_change.c.account_id)
        .where(register_change.c.entry_id == entry_id, register_change.c.kind == kind)
        .order_by(register_change.c.at.desc(), register_change.c.change_id.desc())
    )
    return [Change(row.at, row.full_name or "", row.action, row.fields) for row in connection.execute(query)]


def count(connection: Connection, kind: str, entry_id: str) -> int:
    """How many changes an entry has seen: a form remembers it, and two that change one entry are told apart."""
    query = select(func.count()).where(register_change.c.entry_id == entry_id, register_change.c.kind == kind)
    return int(connection.execute(query).scalar_one())


def last_author(connection: Connection, kind: str, entry_id: str) -> str | None:
    """Who changed an entry last: an account, a key of a program, or None for the command line."""
    c = register_change.c
    query = select(c.account_id).where(c.entry_id == entry_id, c.kind == kind)
    found: str | None = connection.execute(query.order_by(c.at.desc(), c.change_id.desc()).limit(1)).scalar()
    return found


def count_of(connection: Connection, org: str) -> int:
    """How many changes the registers of an organisation have seen: what was checked at one count holds at the same one."""
    query = select(func.count()).where(register_change.c.org == org)
    return int(connection.execute(query).scalar_one())


def _action(fields: Mapping[str, list[Any]]) -> str:
    if "archived_at" in fields:
        return "archive" if fields["archived_at"][1] else "restore"
    if "active" in fields:
        return "restore" if fields["active"][1] else "archive"
    return "change"


def _row(
    author: Author, kind: str, org: str, entry_id: str, action: str, fields: dict[str, list[Any]]
) -> dict[str, Any]:
    return {
        "change_id": new_id(),
        "org": org,
        "kind": kind,
        "entry_id": entry_id,
        "at": author.at,
        "account_id": author.account_id,
        "action": action,
        "fields": fields,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return list(value) if isinstance(value, tuple) else value
