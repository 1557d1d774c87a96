"""Tables of people: organisations, employers, workers with their personal limits."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.schema import UniqueConstraint

from central.parties import Employer, Organisation, Worker
from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id
from sync.contract.roster import ConsentKind, RosterWorker

_EMPLOYER_COLUMNS = ("org", "name", "inn", "okved", "region_code", "alert_contact")
_WORKER_COLUMNS = (
    "org",
    "employer_id",
    "personnel_number",
    "full_name",
    "position",
    "sex",
    "birth_date",
    "status",
    "remote_allowed",
    "block_text",
    "photo_sha256",
    "toxicology_at",
)

organisation = Table(
    "organisation",
    metadata,
    Column("org", Text, primary_key=True, comment="name in topics: sync.contract.model.Name"),
    Column("name", Text, nullable=False),
    Column("licence", Text, nullable=False, comment="number, date and works of the medical licence; empty = none"),
    Column("licence_until", Date, comment="last day of the licence; empty = no term"),
    Column("oid", Text, comment="OID in the federal register of medical organisations"),
    Column("created_at", UtcDateTime, nullable=False),
)

employer = Table(
    "employer",
    metadata,
    Column("employer_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("inn", Text),
    Column("okved", Text, comment="main activity, OKVED 2"),
    Column("region_code", Text, comment="subject of the Russian Federation"),
    Column("alert_contact", Text, comment="who is told at once about signs of intoxication"),
    Column("limits", JSON, nullable=False, comment="entries of the limits file with source employer"),
    Column("archived_at", UtcDateTime, comment="no longer served; kept for the journal"),
    Column("created_at", UtcDateTime, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("org", ForeignKey("organisation.org"), nullable=False),
    Column("employer_id", ForeignKey("employer.employer_id"), nullable=False, index=True),
    Column("personnel_number", Text, nullable=False),
    Column("cards", JSON, nullable=False),
    Column("snils_hmac", Text, index=True, comment="keyed hash; the number itself is in snils_sealed"),
    Column("snils_sealed", LargeBinary, comment="AES-256-GCM: 12 bytes of nonce, ciphertext, tag"),
    Column("full_name", Text, nullable=False),
    Column("sex", Text, comment="male or female"),
    Column("birth_date", Date),
    Column("position", Text, nullable=False),
    Column("status", Text, nullable=False, comment="active or suspended"),
    Column("remote_allowed", Boolean, nullable=False),
    Column("block_text", Text, nullable=False),
    Column("photo_sha256", Text),
    Column("toxicology_at", Date, comment="last in-person chemical-toxicological study"),
    Column("archived_at", UtcDateTime, comment="left; goes down to no terminal, kept for the journal"),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("org", "personnel_number"),
)

worker_limit = Table(
    "worker_limit",
    metadata,
    Column("limit_id", Text, primary_key=True),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False, index=True),
    Column("entry", JSON, nullable=False, comment="entry of the limits file with source worker"),
    Column("author", Text, nullable=False, comment="the medic who set it"),
    Column("basis", Text, nullable=False),
    Column("valid_until", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)

# By the beginning of a name: in a language's own order PostgreSQL cannot look for that in an index.
Index(
    "ix_worker_org_full_name",
    worker.c.org,
    worker.c.full_name,
    postgresql_ops={"full_name": "text_pattern_ops"},
)


Written = tuple[dict[str, Any] | None, dict[str, Any]]
"""A row before it was written (None for a new one) and the values that it has now."""


def put_organisation(connection: Connection, new: Organisation, *, now: datetime) -> Written:
    """Insert or change by `org`."""
    values = {"name": new.name, "licence": new.licence, "licence_until": new.licence_until, "oid": new.oid}
    return _put(connection, organisation, {"org": new.org}, values, {"created_at": now})


def put_employer(connection: Connection, new: Employer, *, now: datetime) -> Written:
    """Insert or change by `employer_id`."""
    values = {name: getattr(new, name) for name in _EMPLOYER_COLUMNS} | {"limits": list(new.limits)}
    return _put(connection, employer, {"employer_id": new.employer_id}, values, {"created_at": now})


def put_worker(
    connection: Connection, new: Worker, *, snils_hmac: str | None, snils_sealed: bytes | None, now: datetime
) -> Written:
    """Insert or change by `worker_id`. Raises `ValueError` when another worker of the organisation has the number."""
    other = connection.execute(
        select(worker.c.worker_id).where(
            worker.c.org == new.org,
            worker.c.personnel_number == new.personnel_number,
            worker.c.worker_id != new.worker_id,
        )
    ).first()
    if other is not None:
        raise ValueError(f"personnel number {new.personnel_number} is taken by another worker of {new.org}")
    values = {name: getattr(new, name) for name in _WORKER_COLUMNS} | {"cards": list(new.cards), "updated_at": now}
    if snils_hmac is not None:
        values |= {"snils_hmac": snils_hmac, "snils_sealed": snils_sealed}
    return _put(connection, worker, {"worker_id": new.worker_id}, values, {})


def set_archived(connection: Connection, table: Table, entry_id: str, at: datetime | None) -> Written:
    """Archive a row of `worker` or `employer` by its id, or take it back with None. Raises `LookupError`."""
    (key,) = table.primary_key.columns
    before = connection.execute(select(table).where(key == entry_id)).mappings().one_or_none()
    if before is None:
        raise LookupError("no such entry")
    connection.execute(update(table).where(key == entry_id).values(archived_at=at))
    return dict(before), {"archived_at": at}


def workers_of_employer(connection: Connection, employer_id: str) -> int:
    """How many workers of an employer are not archived."""
    query = select(func.count()).where(worker.c.employer_id == employer_id, worker.c.archived_at.is_(None))
    return int(connection.execute(query).scalar_one())


def alike_workers(
    connection: Connection, org: str, number: str, full_name: str, snils_hmac: str | None
) -> Sequence[RowMapping]:
    """Workers of an organisation, archived or not, with that number, that name in whatever capitals, or that SNILS."""
    names = {full_name, full_name.title(), full_name.upper(), full_name.lower()}
    alike = [worker.c.personnel_number == number, worker.c.full_name.in_(names)]
    if snils_hmac is not None:
        alike.append(worker.c.snils_hmac == snils_hmac)
    query = select(worker).where(worker.c.org == org, or_(*alike)).order_by(worker.c.personnel_number)
    return connection.execute(query).mappings().all()


def card_holders(connection: Connection, org: str) -> Sequence[RowMapping]:
    """Workers of an organisation with cards, archived or not."""
    columns = (worker.c.worker_id, worker.c.full_name, worker.c.personnel_number, worker.c.cards)
    rows = connection.execute(select(*columns).where(worker.c.org == org)).mappings()
    return [row for row in rows if row["cards"]]


def worker_id_of(connection: Connection, org: str, personnel_number: str) -> str | None:
    """The worker of an organisation with that personnel number."""
    query = select(worker.c.worker_id).where(worker.c.org == org, worker.c.personnel_number == personnel_number)
    return connection.execute(query).scalar_one_or_none()


def set_photo(connection: Connection, org: str, worker_id: str, photo_sha256: str, *, now: datetime) -> None:
    """Name the reference picture of a worker of this organisation. Raises `LookupError`."""
    done = connection.execute(
        update(worker)
        .where(worker.c.org == org, worker.c.worker_id == worker_id)
        .values(photo_sha256=photo_sha256, updated_at=now)
    )
    if done.rowcount == 0:
        raise LookupError("no such worker")


def photo_hashes(connection: Connection) -> Sequence[str]:
    """Hashes of all reference pictures that workers have now."""
    query = select(worker.c.photo_sha256).where(worker.c.photo_sha256.is_not(None)).distinct()
    return connection.execute(query.order_by(worker.c.photo_sha256)).scalars().all()


def worker_org(connection: Connection, worker_id: str) -> str:
    """The organisation of a worker. Raises `LookupError`."""
    org = connection.execute(select(worker.c.org).where(worker.c.worker_id == worker_id)).scalar_one_or_none()
    if org is None:
        raise LookupError("no such worker")
    return str(org)


def find_worker(connection: Connection, org: str, personnel_number: str) -> RowMapping | None:
    """One worker by number."""
    query = select(worker).where(worker.c.org == org, worker.c.personnel_number == personnel_number)
    return connection.execute(query).mappings().one_or_none()


def get_worker(connection: Connection, worker_id: str) -> RowMapping | None:
    """One worker by id."""
    return connection.execute(select(worker).where(worker.c.worker_id == worker_id)).mappings().one_or_none()


def list_workers(
    connection: Connection, org: str, employer_id: str | None = None, *, archived: bool = False
) -> Sequence[RowMapping]:
    """Workers of an organisation, or of one employer, by name; those at work, or the archived ones."""
    query = select(worker).where(worker.c.org == org, _archived(worker, archived)).order_by(worker.c.full_name)
    if employer_id is not None:
        query = query.where(worker.c.employer_id == employer_id)
    return connection.execute(query).mappings().all()


def count_workers(connection: Connection, org: str) -> int:
    """How many workers `list_workers` gives: those at work."""
    query = select(func.count()).where(worker.c.org == org, _archived(worker, archived=False))
    return int(connection.execute(query).scalar_one())


def workers_by_number(
    connection: Connection, orgs: Sequence[str], numbers: Sequence[str], snils_hmac: str | None
) -> list[str]:
    """Ids of workers, archived or not, with one of those personnel numbers or that hash of a SNILS."""
    meant: list[ColumnElement[bool]] = [worker.c.personnel_number.in_(numbers)]
    if snils_hmac is not None:
        meant.append(worker.c.snils_hmac == snils_hmac)
    query = select(worker.c.worker_id).where(worker.c.org.in_(orgs), or_(*meant)).order_by(worker.c.worker_id)
    return list(connection.execute(query).scalars())


def named_workers(connection: Connection, orgs: Sequence[str], worker_ids: Sequence[str]) -> Sequence[RowMapping]:
    """Those of these workers, archived or not, that are of these organisations; by name."""
    query = select(worker).where(worker.c.org.in_(orgs), worker.c.worker_id.in_(worker_ids))
    return connection.execute(query.order_by(worker.c.full_name)).mappings().all()


def search_workers(
    connection: Connection, orgs: Sequence[str], words: str, limit: int, *, archived: bool = False
) -> tuple[Sequence[RowMapping], int]:
    """Workers by the beginning of a name or by number: the first by name, and how many more there are."""
    name = words.title().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    wanted = [worker.c.org.in_(orgs), _archived(worker, archived)]
    if words:
        # Names begin with a capital letter, and SQLite folds case in ASCII only.
        wanted.append(or_(worker.c.full_name.like(f"{name}%", escape="\\"), worker.c.personnel_number == words))
    rows = connection.execute(select(worker).where(*wanted).order_by(worker.c.full_name).limit(limit)).mappings().all()
    if len(rows) < limit:
        return rows, 0
    total = connection.execute(select(func.count()).select_from(worker).where(*wanted)).scalar_one()
    return rows, int(total) - len(rows)


def get_organisation(connection: Connection, org: str) -> RowMapping | None:
    """One organisation by name in topics."""
    return connection.execute(select(organisation).where(organisation.c.org == org)).mappings().one_or_none()


def list_organisations(connection: Connection) -> Sequence[RowMapping]:
    """All organisations, by name."""
    return connection.execute(select(organisation).order_by(organisation.c.name)).mappings().all()


def get_employer(connection: Connection, employer_id: str) -> RowMapping | None:
    """One employer by id."""
    return connection.execute(select(employer).where(employer.c.employer_id == employer_id)).mappings().one_or_none()


def list_employers(connection: Connection, org: str, *, archived: bool = False) -> Sequence[RowMapping]:
    """Employers of an organisation, by name; those served, or the archived ones."""
    query = select(employer).where(employer.c.org == org, _archived(employer, archived)).order_by(employer.c.name)
    return connection.execute(query).mappings().all()


def _archived(table: Table, archived: bool) -> ColumnElement[bool]:
    return table.c.archived_at.is_not(None) if archived else table.c.archived_at.is_(None)


def add_worker_limit(
    connection: Connection,
    worker_id: str,
    entry: dict[str, Any],
    *,
    author: str,
    basis: str,
    valid_until: date | None,
    now: datetime,
) -> str:
    """Insert a personal limit; returns its id."""
    limit_id = new_id()
    connection.execute(
        worker_limit.insert().values(
            limit_id=limit_id,
            worker_id=worker_id,
            entry=entry,
            author=author,
            basis=basis,
            valid_until=valid_until,
            created_at=now,
        )
    )
    return limit_id


def withdraw_worker_limit(connection: Connection, limit_id: str, *, now: datetime) -> str:
    """End a personal limit; returns the worker's organisation. Raises `LookupError`."""
    chosen = worker_limit.c.limit_id == limit_id
    worker_id = connection.execute(select(worker_limit.c.worker_id).where(chosen)).scalar_one_or_none()
    if worker_id is None:
        raise LookupError("no such limit")
    connection.execute(update(worker_limit).where(chosen).values(withdrawn_at=now))
    return worker_org(connection, worker_id)


def worker_limits(connection: Connection, worker_id: str) -> Sequence[RowMapping]:
    """All personal limits of a worker, also ended ones, newest first."""
    query = select(worker_limit).where(worker_limit.c.worker_id == worker_id)
    return connection.execute(query.order_by(worker_limit.c.created_at.desc())).mappings().all()


def roster_workers(
    connection: Connection, org: str, today: date, consents: Mapping[str, Mapping[ConsentKind, str]]
) -> list[RosterWorker]:
    """The workers of an organisation as its terminals need them, with the limits in force today.

    `consents` gives for each worker kind and version of the text of what is in force.
    """
    in_force = select(worker_limit.c.worker_id, worker_limit.c.entry).where(
        worker_limit.c.withdrawn_at.is_(None),
        or_(worker_limit.c.valid_until.is_(None), worker_limit.c.valid_until >= today),
    )
    personal: dict[str, list[dict[str, Any]]] = {}
    for worker_id, entry in connection.execute(in_force.order_by(worker_limit.c.created_at)):
        personal.setdefault(worker_id, []).append(entry)
    query = (
        select(worker, employer.c.name.label("employer_name"), employer.c.limits.label("employer_limits"))
        .join_from(worker, employer, worker.c.employer_id == employer.c.employer_id)
        .where(worker.c.org == org, worker.c.archived_at.is_(None))
        .order_by(worker.c.personnel_number)
    )
    fields = RosterWorker.model_fields.keys() - {"limits", "consents", "biometric_consent"}
    return [
        RosterWorker.model_validate(
            {name: row[name] for name in fields}
            | _consent_fields(consents.get(row["worker_id"], {}))
            | {"limits": personal.get(row["worker_id"], []) + list(row["employer_limits"])}
        )
        for row in connection.execute(query).mappings()
    ]


def _consent_fields(given: Mapping[ConsentKind, str]) -> dict[str, Any]:
    consents = [{"kind": kind, "text_version": version} for kind, version in sorted(given.items())]
    return {"consents": consents, "biometric_consent": "biometric_comparison" in given}


def _put(
    connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any], at_first: dict[str, Any]
) -> Written:
    [(name, value)] = key.items()
    before = connection.execute(select(table).where(table.c[name] == value)).mappings().one_or_none()
    if before is None:
        connection.execute(table.insert().values(**key, **values, **at_first))
    else:
        connection.execute(update(table).where(table.c[name] == value).values(**values))
    return (None if before is None else dict(before)), values
