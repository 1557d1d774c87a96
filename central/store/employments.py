"""Read-only questions about persons and their employments. Owns no table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from central.store.persons import person
from central.store.registry import worker

_AT_ONCE = 500


def of_snils(connection: Connection, snils_hmac: str) -> dict[str, Any] | None:
    """The person with that keyed hash of a SNILS, with `orgs`: the organisations that have the person on record."""
    return of_snils_many(connection, [snils_hmac]).get(snils_hmac)


def of_snils_many(connection: Connection, hashes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Persons by the keyed hash of their SNILS, each as `of_snils` gives them."""
    found: dict[str, dict[str, Any]] = {}
    c = person.c
    for start in range(0, len(hashes), _AT_ONCE):
        query = (
            select(c.snils_hmac, c.person_id, c.full_name, c.birth_date, c.sex, worker.c.org)
            .outerjoin(worker, worker.c.person_id == c.person_id)
            .where(c.snils_hmac.in_(hashes[start : start + _AT_ONCE]))
        )
        for row in connection.execute(query):
            one = found.setdefault(row.snils_hmac, dict(row._mapping) | {"orgs": set()})  # noqa: SLF001 - public name
            if row.org is not None:
                one["orgs"].add(row.org)
    return found
