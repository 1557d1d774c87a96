"""Tables of persons: who somebody is, once in the whole centre, whatever number of employments; and which doubles were judged.

A row of `worker` is an employment of a person. What an organisation has on record of the person (name, birth date, sex) stands
with each of its employments too, because that is its own record and what it is searched by; SNILS is the same in both.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import JSON, Column, Connection, Date, ForeignKey, LargeBinary, Table, Text, bindparam, select, update

from central.store.metadata import UtcDateTime, metadata

person = Table(
    "person",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("snils_hmac", Text, unique=True, comment="keyed hash; empty: no SNILS on record"),
    Column("snils_sealed", LargeBinary, comment="AES-256-GCM: 12 bytes of nonce, ciphertext, tag"),
    Column("full_name", Text, nullable=False),
    Column("birth_date", Date),
    Column("sex", Text, comment="male or female"),
    Column("phone_sealed", LargeBinary, comment="as snils_sealed"),
    Column("email_sealed", LargeBinary, comment="as snils_sealed"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
"""Persons, once per centre."""

person_verdict = Table(
    "person_verdict",
    metadata,
    Column("verdict_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True, comment="who stays"),
    Column("other_id", ForeignKey("person.person_id"), nullable=False, index=True, comment="the likely double"),
    Column("verdict", Text, nullable=False, comment="joined, apart, undone"),
    Column("worker_ids", JSON, nullable=False, comment="employments that went from other_id to person_id"),
    Column("reason", Text, nullable=False),
    Column("account_id", Text, nullable=False, comment="who judged"),
    Column("at", UtcDateTime, nullable=False),
)
"""Which two persons a medic has joined or kept apart, and what was taken back. Rows are added; the newest of a pair holds."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry of a worker says of the person. `person_id`: whose employment it is already, or is to be."""

    person_id: str | None
    snils_hmac: str | None
    snils_sealed: bytes | None
    full_name: str
    birth_date: date | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class Assigned:
    """Whose each employment is (person's id by worker's id), and which of these persons are new."""

    of_worker: dict[str, str]
    new: frozenset[str]


def assign(
    connection: Connection,
    said: Mapping[str, Said],
    make_id: Iterable[str],
    others: Callable[[list[str]], set[str]],
    *,
    now: datetime,
) -> Assigned:
    """The person of each employment (by worker's id), in a few statements: who has the SNILS, who is named, or somebody new.

    `others` gives those of these persons whom another organisation has on record: they keep the name that `person` has, which is
    otherwise what was said last.
    """
    by_snils = _by_snils(connection, [one.snils_hmac for one in said.values() if one.snils_hmac is not None])
    ids = iter(make_id)
    found: dict[str, str] = {}
    new: dict[str, dict[str, object]] = {}
    changed: dict[str, dict[str, object]] = {}
    for worker_id, one in said.items():
        person_id = (by_snils.get(one.snils_hmac) if one.snils_hmac else None) or one.person_id
        is_there = person_id is not None and person_id not in new
        if person_id is None:
            person_id = next(ids)
        values: dict[str, object] = {"full_name": one.full_name, "birth_date": one.birth_date, "sex": one.sex}
        if one.snils_hmac is not None:
            by_snils[one.snils_hmac] = person_id
            values |= {"snils_hmac": one.snils_hmac, "snils_sealed": one.snils_sealed}
        if is_there:
            changed[person_id] = changed.get(person_id, {}) | values
        else:
            new[person_id] = new.get(person_id, {"snils_hmac": None, "snils_sealed": None}) | values
        found[worker_id] = person_id
    if new:
        rows = [{"person_id": key, "created_at": now, "updated_at": now} | values for key, values in new.items()]
        connection.execute(person.insert(), rows)
    shared = others(list(changed)) if changed else set()
    _change(connection, {key: values for key, values in changed.items() if key not in shared}, now)
    return Assigned(found, frozenset(new))


def numbers(connection: Connection, of_worker: Mapping[str, str], new: frozenset[str]) -> dict[str, dict[str, object]]:
    """SNILS as it is kept (`snils_hmac`, `snils_sealed`), by worker's id, of those whose person is not new and has one."""
    known = sorted({person_id for person_id in of_worker.values() if person_id not in new})
    found: dict[str, dict[str, object]] = {}
    c = person.c
    for start in range(0, len(known), _AT_ONCE):
        query = select(c.person_id, c.snils_hmac, c.snils_sealed).where(
            c.person_id.in_(known[start : start + _AT_ONCE]), c.snils_hmac.is_not(None)
        )
        for row in connection.execute(query):
            found[row.person_id] = {"snils_hmac": row.snils_hmac, "snils_sealed": row.snils_sealed}
    return {worker_id: found[person_id] for worker_id, person_id in of_worker.items() if person_id in found}


def contacts(connection: Connection, person_id: str) -> tuple[bytes | None, bytes | None]:
    """Sealed telephone and e-mail of a person."""
    c = person.c
    row = connection.execute(select(c.phone_sealed, c.email_sealed).where(c.person_id == person_id)).one_or_none()
    return (None, None) if row is None else (row.phone_sealed, row.email_sealed)


def set_contacts(connection: Connection, person_id: str, values: Mapping[str, bytes | None], *, now: datetime) -> None:
    """Write `phone_sealed` or `email_sealed` of a person."""
    connection.execute(update(person).where(person.c.person_id == person_id).values(**values, updated_at=now))


def _change(connection: Connection, changed: Mapping[str, Mapping[str, object]], now: datetime) -> None:
    by_names: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for person_id, values in changed.items():
        given = {"of_person": person_id} | {f"to_{name}": value for name, value in values.items()}
        by_names.setdefault(tuple(values), []).append(given)
    for names, rows in by_names.items():
        to: dict[str, object] = {name: bindparam(f"to_{name}") for name in names} | {"updated_at": now}
        connection.execute(update(person).where(person.c.person_id == bindparam("of_person")).values(to), rows)


def _by_snils(connection: Connection, hashes: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(hashes), _AT_ONCE):
        query = select(person.c.snils_hmac, person.c.person_id).where(
            person.c.snils_hmac.in_(hashes[start : start + _AT_ONCE])
        )
        found |= {row.snils_hmac: row.person_id for row in connection.execute(query)}
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was judged of two persons. `worker_ids`: the employments that went from `other_id` to `person_id`."""

    verdict_id: str
    org: str
    person_id: str
    other_id: str
    verdict: str
    worker_ids: list[str]
    reason: str
    account_id: str
    at: datetime


def add_verdict(connection: Connection, verdict: Verdict) -> None:
    """Insert a verdict."""
    connection.execute(person_verdict.insert().values(**{name: getattr(verdict, name) for name in Verdict.__slots__}))


def verdicts(connection: Connection, orgs: Sequence[str]) -> list[Verdict]:
    """All verdicts of these organisations, newest first."""
    c = person_verdict.c
    columns = [c[name] for name in Verdict.__slots__]
    query = select(*columns).where(c.org.in_(orgs)).order_by(c.at.desc(), c.verdict_id.desc())
    return [Verdict(*row) for row in connection.execute(query)]
