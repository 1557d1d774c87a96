"""Read-only: workers as terminals need them. Owns no table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from central.store import consents, ground_effects
from central.store.registry import employer, worker
from central.store.roster_entries import Entry
from central.store.worker_limits import worker_limit
from central.store.worker_terms import WorkerTerm, terms_of
from sync.contract.canonical import canonical, sha256_hex
from sync.contract.roster import ConsentKind, RosterWorker


@dataclass(frozen=True, slots=True)
class Made:
    """By worker: the entry, and the ends of documents that were judged for it."""

    entries: dict[str, Entry]
    terms: dict[str, list[WorkerTerm]]


def entries(connection: Connection, org: str, worker_ids: Sequence[str], today: date) -> Made:
    """The entries of those of these workers whom terminals need: employments that have ended are left out.

    One that is still to come is in, with its first day. Give at most some hundreds of workers at once.
    """
    given = consents.in_force(connection, org, worker_ids)
    # SQLite, which knows no numbers of rows, would go through all of the organisation's rather than look some hundreds up.
    chosen = (func.coalesce(worker.c.org, "") == org) & worker.c.worker_id.in_(worker_ids)
    until: dict[str, date] = {}
    limits = _limits(worker.c.worker_id, func.min(worker_limit.c.valid_until)).where(
        _limit_in_force(today), worker.c.worker_id.in_(worker_ids), worker_limit.c.valid_until.is_not(None)
    )
    for worker_id, day in connection.execute(limits.group_by(worker.c.worker_id)):
        until[worker_id] = day
    judged = ground_effects.judged(connection, org, worker_ids, today)
    names = ground_effects.public_names(connection, org, today)
    other_rules_on = ground_effects.next_rules_on(connection, org, today)
    found = Made({}, {})
    for fields in _workers(connection, chosen, today, given):
        said, over_on = ground_effects.for_roster(judged[fields["worker_id"]], names, today)
        one = RosterWorker.model_validate(fields | said)
        body = canonical(one.model_dump(mode="json"))
        ends = [day + timedelta(days=1) for day in (one.until, until.get(one.worker_id)) if day is not None]
        ends += [*over_on, *([other_rules_on] if other_rules_on is not None else [])]
        if terms := terms_of(judged[one.worker_id]):
            found.terms[one.worker_id] = terms
        found.entries[one.worker_id] = Entry(
            one.worker_id,
            org,
            one.employer_id,
            body.decode("utf-8"),
            sha256_hex(body),
            one.since,
            min(ends, default=None),
        )
    return found


def with_their_persons(connection: Connection, worker_ids: Sequence[str]) -> dict[str, list[str]]:
    """By organisation: these workers and the other employments of their persons there."""
    persons = select(worker.c.person_id).where(worker.c.worker_id.in_(worker_ids))
    query = select(worker.c.org, worker.c.worker_id).where(worker.c.person_id.in_(persons))
    found: dict[str, list[str]] = {}
    for org, worker_id in connection.execute(query.order_by(worker.c.worker_id)):
        found.setdefault(org, []).append(worker_id)
    return found


def _limits(*columns: ColumnElement[Any]) -> Select[Any]:
    """Personal limits beside each employment of the person in the organisation: they are the person's."""
    holder = worker.alias("holder")
    together = (worker.c.person_id == holder.c.person_id) & (worker.c.org == holder.c.org)
    return (
        select(*columns)
        .select_from(worker_limit)
        .join(holder, holder.c.worker_id == worker_limit.c.worker_id)
        .join(worker, together)
    )


def _limit_in_force(today: date) -> ColumnElement[bool]:
    c = worker_limit.c
    return c.withdrawn_at.is_(None) & or_(c.valid_until.is_(None), c.valid_until >= today)


def _workers(
    connection: Connection,
    condition: ColumnElement[bool],
    today: date,
    consents: Mapping[str, Mapping[ConsentKind, str]],
) -> list[dict[str, Any]]:
    """The fields of a `RosterWorker`, for each worker of the condition who is not archived and whose employment has not ended."""
    c = worker.c
    served = c.archived_at.is_(None) & or_(c.until.is_(None), c.until >= today)
    chosen = select(c.worker_id).where(condition)
    personal: dict[str, dict[str, dict[str, Any]]] = {}
    limits = _limits(c.worker_id, worker_limit.c.entry).where(_limit_in_force(today), c.worker_id.in_(chosen))
    for worker_id, entry in connection.execute(limits.order_by(worker_limit.c.created_at, worker_limit.c.limit_id)):
        # Of two entries that turned out to be one person's, the limit that was set last.
        personal.setdefault(worker_id, {})[str(entry.get("parameter"))] = entry
    persons = select(c.person_id).where(condition)
    several = select(c.org, c.person_id).where(served, c.person_id.in_(persons))
    several = several.group_by(c.org, c.person_id).having(func.count() > 1)
    shared = {(row.org, row.person_id) for row in connection.execute(several)}
    query = (
        select(worker, employer.c.name.label("employer_name"), employer.c.limits.label("employer_limits"))
        .join_from(worker, employer, c.employer_id == employer.c.employer_id)
        .where(condition, served)
        .order_by(c.personnel_number, c.worker_id)
    )
    names = RosterWorker.model_fields.keys() - {
        *("limits", "consents", "biometric_consent", "person_id", "holds", "notices"),
    }
    return [
        {name: row[name] for name in names}
        | _consent_fields(consents.get(row["worker_id"], {}))
        | {
            "limits": [*personal.get(row["worker_id"], {}).values(), *row["employer_limits"]],
            # Only where it says something: most persons have one employment.
            "person_id": row["person_id"] if (row["org"], row["person_id"]) in shared else None,
        }
        for row in connection.execute(query).mappings()
    ]


def _consent_fields(given: Mapping[ConsentKind, str]) -> dict[str, Any]:
    consents = [{"kind": kind, "text_version": version} for kind, version in sorted(given.items())]
    return {"consents": consents, "biometric_consent": "biometric_comparison" in given}
