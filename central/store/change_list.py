"""The changes of all registers as one list, newest first, page by page from one place to the next. Owns no table.

Changes of one import carry one moment, so a place is a moment and an id, compared as a pair: an index finds it, however many
changes were made at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, select, tuple_

from central.store.accounts import account
from central.store.api_keys import api_key
from central.store.instruments import instrument
from central.store.key_carriers import key_carrier
from central.store.medics import medic
from central.store.register_changes import Change, register_change
from central.store.registry import employer, organisation, worker
from central.store.terminals import terminal

BY_COMMAND = "-"
"""As `account_id` of a filter: changes from the command line, which no account made."""
Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """What is asked for. Empty fields do not restrict; `until` is excluded."""

    orgs: tuple[str, ...]
    kind: str = ""
    account_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedChange:
    """One change with the entry that it is about."""

    change_id: str
    kind: str
    entry_id: str
    change: Change


def page(
    connection: Connection, wanted: ChangeFilter, after: Place | None, limit: int, *, oldest_first: bool = False
) -> list[ListedChange]:
    """The next changes after that place, the newest or the oldest first."""
    c = register_change.c
    order = (c.at, c.change_id) if oldest_first else (c.at.desc(), c.change_id.desc())
    found: list[ListedChange] = []
    # One organisation at a time: an index gives those of one in order, and those of several only sorted anew.
    for org in wanted.orgs:
        query = (
            select(register_change, func.coalesce(account.c.full_name, api_key.c.name).label("full_name"))
            .outerjoin(account, account.c.account_id == c.account_id)
            .outerjoin(api_key, api_key.c.key_id == c.account_id)
            .where(c.org == org, *_conditions(wanted))
            .order_by(*order)
            .limit(limit)
        )
        if after is not None:
            place = tuple_(c.at, c.change_id)
            query = query.where(place > after if oldest_first else place < after)
        found += [
            ListedChange(
                row.change_id, row.kind, row.entry_id, Change(row.at, row.full_name or "", row.action, row.fields)
            )
            for row in connection.execute(query)
        ]
    return sorted(found, key=lambda item: (item.change.at, item.change_id), reverse=not oldest_first)[:limit]


def authors(connection: Connection, orgs: Sequence[str]) -> dict[str, str]:
    """Who has changed something, by id, in order of names; from one to the next in their index: changes are many."""
    c, ids = register_change.c, set[str]()
    for org in orgs:
        last: str | None = ""
        while last is not None:
            following = select(func.min(c.account_id)).where(c.org == org, c.account_id > last)
            last = connection.execute(following).scalar_one()
            ids |= {last} if last is not None else set()
    query = select(account.c.account_id, account.c.full_name).where(account.c.account_id.in_(sorted(ids)))
    programs = select(api_key.c.key_id, api_key.c.name).where(api_key.c.key_id.in_(sorted(ids)))
    people = {row.account_id: row.full_name for row in connection.execute(query.order_by(account.c.full_name))}
    return people | {row.key_id: row.name for row in connection.execute(programs.order_by(api_key.c.name))}


def names(connection: Connection, changes: Sequence[ListedChange]) -> dict[tuple[str, str], str]:
    """What the entries are called now, by register and id."""
    model: ColumnElement[str] = instrument.c.maker + " " + instrument.c.model + ", " + instrument.c.serial
    employer_of = employer.alias("employer_of")
    sources: Mapping[str, tuple[Column[Any], ColumnElement[Any]]] = {
        # One person may have several entries, and one number several people.
        "workers": (
            worker.c.worker_id,
            worker.c.full_name + ", " + employer_of.c.name + ", " + worker.c.personnel_number,
        ),
        "employers": (employer.c.employer_id, employer.c.name),
        "medics": (medic.c.medic_id, medic.c.full_name),
        "rooms": (terminal.c.terminal_id, terminal.c.name),
        "carriers": (key_carrier.c.carrier_id, key_carrier.c.number),
        "devices": (instrument.c.instrument_id, model),
        "organisations": (organisation.c.org, organisation.c.name),
    }
    found: dict[tuple[str, str], str] = {}
    for kind, (key, name) in sources.items():
        ids = sorted({item.entry_id for item in changes if item.kind == kind})
        if ids:
            query = select(key, name).where(key.in_(ids))
            if kind == "workers":
                query = query.where(employer_of.c.employer_id == worker.c.employer_id)
            rows = connection.execute(query)
            found |= {(kind, entry_id): called for entry_id, called in rows}
    return found


def _conditions(wanted: ChangeFilter) -> list[ColumnElement[bool]]:
    c = register_change.c
    found: list[ColumnElement[bool]] = []
    if wanted.kind:
        found.append(c.kind == wanted.kind)
    if wanted.account_id:
        found.append(c.account_id.is_(None) if wanted.account_id == BY_COMMAND else c.account_id == wanted.account_id)
    if wanted.since is not None:
        found.append(c.at >= wanted.since)
    if wanted.until is not None:
        found.append(c.at < wanted.until)
    return found
