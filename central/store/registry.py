"""Tables of people: organisations, employers, workers; what is written into them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    Select,
    Table,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)

from central.core.name_folding import fold_name
from central.core.parties import Employer, Organisation, Worker
from central.store import persons
from central.store.metadata import UtcDateTime, metadata
from central.store.persons import Assigned, Said
from sync.contract.canonical import new_id

_ORGANISATION_COLUMNS = (
    *("name", "licence", "licence_until", "oid", "inn", "kpp", "ogrn", "address", "region_code", "email", "phone"),
    *("profile", "hours", "oid_checked_at", "oid_source", "conclusions_keeper"),
)
_EMPLOYER_COLUMNS = (
    *("org", "name", "inn", "okved", "region_code", "alert_contact"),
    *("waybill_operator", "waybill_titles", "exchange_id"),
)
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
    "position_code",
    "department",
    "regime",
    "since",
    "until",
    "external_id",
    "inn",
    "driving_licence",
    "post_number",
)


def _folded(context: Any) -> str:
    """What a new worker is found by, whoever enters the row."""
    return fold_name(context.get_current_parameters()["full_name"])


organisation = Table(
    "organisation",
    metadata,
    Column("org", Text, primary_key=True, comment="name in topics: sync.contract.model.Name"),
    Column("name", Text, nullable=False),
    Column("licence", Text, nullable=False, comment="number, date and works of the medical licence; empty = none"),
    Column("licence_until", Date, comment="last day of the licence; empty = no term"),
    Column("oid", Text, comment="OID in the federal register of medical organisations"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("inn", Text),
    Column("kpp", Text),
    Column("ogrn", Text),
    Column("address", Text),
    Column("region_code", Text, comment="subject of the Russian Federation"),
    Column("email", Text),
    Column("phone", Text),
    Column("profile", Text, comment="what it does, for people"),
    Column("hours", Text, comment="when it is open, for people"),
    Column("oid_checked_at", Date, comment="day when the OID was seen in the federal register"),
    Column("oid_source", Text, comment="form, file or the mapping that read it"),
    Column("conclusions_keeper", Text, comment="who answers for conclusions and their copies, by what order"),
)
"""Medical organisations, with their licence, and what the federal register (ФРМО) says of them."""

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
    Column("waybill_operator", Text, comment="operator of electronic waybills in central.toml; empty: paper waybills"),
    Column("waybill_titles", Text, comment="before, after or both; empty: none"),
    Column("exchange_id", Text, comment="identifier as a participant of electronic exchange"),
)
"""Employers, each of one organisation."""

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
    Column(
        "search_name",
        Text,
        nullable=False,
        server_default="",
        default=_folded,
        comment="the name as central.core.name_folding folds it",
    ),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("position_code", Text, comment="code of the book of positions"),
    Column("department", Text, nullable=False, server_default=""),
    Column("regime", Text, comment="general, railway, other; empty: not said"),
    Column("harm_factors", JSON, nullable=False, server_default="[]", comment="codes of the book of harmful factors"),
    Column("since", Date, comment="first day of the employment; empty: not said"),
    Column("until", Date, comment="last day of the employment; empty: it goes on"),
    Column("external_id", Text, comment="key of the employer's own system"),
    Column("inn", Text, comment="the person's own taxpayer number; electronic waybills name drivers by it"),
    Column("driving_licence", Text, comment="series and number; electronic waybills name drivers by it too"),
    Column("post_number", Text, comment="number of the post in the employer's staffing table; empty: not said"),
)
"""Employments: each of one person with one employer of an organisation."""

_NOT_ARCHIVED = text("archived_at IS NULL")
Index(
    "uq_worker_org_employer_id_personnel_number",
    worker.c.org,
    worker.c.employer_id,
    worker.c.personnel_number,
    unique=True,
    sqlite_where=_NOT_ARCHIVED,
    postgresql_where=_NOT_ARCHIVED,
)
Index("ix_worker_employer_id_external_id", worker.c.employer_id, worker.c.external_id)
Index("ix_worker_personnel_number_org", worker.c.personnel_number, worker.c.org)
Index("ix_worker_employer_id_post_number", worker.c.employer_id, worker.c.post_number)


# By the beginning of a name: in a language's own order PostgreSQL cannot look for that in an index.
Index(
    "ix_worker_org_search_name",
    worker.c.org,
    worker.c.search_name,
    postgresql_ops={"search_name": "text_pattern_ops"},
)


_KEY = "key"
_AT_ONCE = 500
Written = tuple[dict[str, Any] | None, dict[str, Any]]
"""A row before it was written (None for a new one) and the values that it has now."""


def put_organisation(connection: Connection, new: Organisation, *, now: datetime) -> Written:
    """Insert or change by `org`."""
    values = {name: getattr(new, name) for name in _ORGANISATION_COLUMNS}
    return _put(connection, organisation, {"org": new.org}, values, {"created_at": now})


def put_employer(connection: Connection, new: Employer, *, now: datetime) -> Written:
    """Insert or change by `employer_id`."""
    values = {name: getattr(new, name) for name in _EMPLOYER_COLUMNS} | {"limits": list(new.limits)}
    return _put(connection, employer, {"employer_id": new.employer_id}, values, {"created_at": now})


@dataclass(frozen=True, slots=True)
class SealedWorker:
    """A worker to be written, with the SNILS as it is kept; None keeps the one on record."""

    worker: Worker
    snils_hmac: str | None
    snils_sealed: bytes | None


def put_workers(connection: Connection, sealed: Sequence[SealedWorker], *, now: datetime) -> list[Written]:
    """Insert or change by `worker_id`, all in a few statements: everybody else's writing waits meanwhile.

    What is said of a person is written into the other employments that the organisation has of the same person. Those follow in
    the list behind the given ones, which stand in their order.

    Raises `ValueError` when another worker of the employer has a number, among these too, and for a worker twice.
    """
    ids = [item.worker.worker_id for item in sealed]
    if len(set(ids)) < len(ids):
        raise ValueError("one worker is to be written twice at once")
    _refuse_taken(connection, sealed)
    before: dict[str, dict[str, Any]] = {}
    for part in _parts(ids):
        query = select(worker).where(worker.c.worker_id.in_(part))
        before |= {row["worker_id"]: dict(row) for row in connection.execute(query).mappings()}
    assigned = _assign(connection, sealed, before, now)
    # Another employment of a person whose SNILS is on record.
    unsaid = [
        item.worker.worker_id for item in sealed if item.snils_hmac is None and item.worker.worker_id not in before
    ]
    numbers = persons.numbers(connection, {one: assigned.of_worker[one] for one in unsaid}, assigned.new)
    written: list[Written] = []
    statements: dict[tuple[bool, tuple[str, ...]], list[dict[str, Any]]] = {}
    for item in sealed:
        new = item.worker
        values = {name: getattr(new, name) for name in _WORKER_COLUMNS} | {
            "cards": list(new.cards),
            "harm_factors": list(new.harm_factors),
            "person_id": assigned.of_worker[new.worker_id],
            "updated_at": now,
        }
        if item.snils_hmac is not None:
            values |= {"snils_hmac": item.snils_hmac, "snils_sealed": item.snils_sealed}
        elif (number := numbers.get(new.worker_id)) is not None:
            values |= number
        # What follows from the name is no change of its own.
        row = values | {"search_name": fold_name(new.full_name)}
        if (old := before.get(new.worker_id)) is not None:
            # SQLite writes an index anew for each of its columns that is set, were it to the same value.
            row = {name: value for name, value in row.items() if old[name] != value or name == "updated_at"}
        statements.setdefault((old is not None, tuple(row)), []).append(row | {_KEY: new.worker_id})
        written.append((old, values))
    for (is_there, _), rows in statements.items():
        named: dict[str, Any] = {name: bindparam(f"of_{name}") for name in rows[0] if name != _KEY}
        given = [{_KEY: row[_KEY]} | {f"of_{name}": row[name] for name in rows[0] if name != _KEY} for row in rows]
        change = update(worker).where(worker.c.worker_id == bindparam(_KEY)).values(named)
        insert = worker.insert().values({"worker_id": bindparam(_KEY)} | named)
        connection.execute(change if is_there else insert, given)
    return written + _tell_employments(connection, sealed, assigned, now)


def _assign(
    connection: Connection, sealed: Sequence[SealedWorker], before: Mapping[str, Mapping[str, Any]], now: datetime
) -> Assigned:
    said = {}
    for item in sealed:
        new = item.worker
        of = before[new.worker_id]["person_id"] if new.worker_id in before else new.person_id
        said[new.worker_id] = Said(of, item.snils_hmac, item.snils_sealed, new.full_name, new.birth_date, new.sex)
    orgs = {item.worker.org for item in sealed}

    def known_elsewhere(person_ids: list[str]) -> set[str]:
        found: set[str] = set()
        for part in _parts(person_ids):
            query = select(worker.c.person_id).where(worker.c.person_id.in_(part), worker.c.org.not_in(orgs)).distinct()
            found |= set(connection.execute(query).scalars())
        return found

    return persons.assign(connection, said, iter(new_id, None), known_elsewhere, now=now)


def _tell_employments(
    connection: Connection, sealed: Sequence[SealedWorker], assigned: Assigned, now: datetime
) -> list[Written]:
    """Write what was said of a person into the other employments that the same organisation has of the person."""
    said = {
        (item.worker.org, person_id): item
        for item in sorted(sealed, key=lambda item: item.snils_hmac is not None)
        if (person_id := assigned.of_worker[item.worker.worker_id]) not in assigned.new
    }
    own = {item.worker.worker_id for item in sealed}
    written: list[Written] = []
    for part in _parts(sorted({person_id for _, person_id in said})):
        for row in connection.execute(select(worker).where(worker.c.person_id.in_(part))).mappings().all():
            item = said.get((row["org"], row["person_id"]))
            if item is None or row["worker_id"] == item.worker.worker_id:
                continue
            # What was given too says the names itself, and may have left the SNILS out.
            names = () if row["worker_id"] in own else ("full_name", "birth_date", "sex")
            given: dict[str, Any] = {name: getattr(item.worker, name) for name in names}
            if item.snils_hmac is not None:
                given |= {"snils_hmac": item.snils_hmac, "snils_sealed": item.snils_sealed}
            if all(row[name] == value for name, value in given.items() if name != "snils_sealed"):
                continue
            values = given | {"updated_at": now}
            named = values | ({"search_name": fold_name(item.worker.full_name)} if names else {})
            connection.execute(update(worker).where(worker.c.worker_id == row["worker_id"]).values(named))
            written.append((dict(row), values))
    return written


def _refuse_taken(connection: Connection, sealed: Sequence[SealedWorker]) -> None:
    """Numbers are unique with an employer, among those who are not archived."""
    by_number: dict[tuple[str, str], str] = {}
    for item in sealed:
        new = item.worker
        if by_number.setdefault((new.employer_id, new.personnel_number), new.worker_id) != new.worker_id:
            raise ValueError(f"personnel number {new.personnel_number} is taken by another worker of {new.employer_id}")
    for employer_id in {employer_id for employer_id, _ in by_number}:
        for part in _parts([number for of, number in by_number if of == employer_id]):
            query = select(worker.c.worker_id, worker.c.personnel_number).where(
                worker.c.employer_id == employer_id,
                worker.c.personnel_number.in_(part),
                worker.c.archived_at.is_(None),
            )
            for row in connection.execute(query):
                if by_number[employer_id, row.personnel_number] != row.worker_id:
                    raise ValueError(
                        f"personnel number {row.personnel_number} is taken by another worker of {employer_id}"
                    )


def same_person(worker_id: str) -> Select[Any]:
    """Ids of all entries, archived too, that the organisation of an entry has of the same person; its own among them."""
    own = worker.alias("own")
    together = and_(own.c.person_id == worker.c.person_id, own.c.org == worker.c.org)
    return select(worker.c.worker_id).join(own, together).where(own.c.worker_id == worker_id)


def same_person_ids(connection: Connection, worker_id: str) -> list[str]:
    """What `same_person` selects."""
    return [str(found) for found in connection.execute(same_person(worker_id)).scalars()]


def is_employed(day: date) -> ColumnElement[bool]:
    """The condition for employments that hold on a day: begun, not over, not put away."""
    c = worker.c
    return and_(c.archived_at.is_(None), or_(c.since.is_(None), c.since <= day), or_(c.until.is_(None), c.until >= day))


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at once as statements of both stores take."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


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


def set_photo(connection: Connection, org: str, worker_id: str, photo_sha256: str, *, now: datetime) -> None:
    """Name the reference picture of a worker of this organisation. Raises `LookupError`."""
    done = connection.execute(
        update(worker)
        .where(worker.c.org == org, worker.c.worker_id == worker_id)
        .values(photo_sha256=photo_sha256, updated_at=now)
    )
    if done.rowcount == 0:
        raise LookupError("no such worker")


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
    query = select(employer).where(employer.c.org == org, is_archived(employer, archived)).order_by(employer.c.name)
    return connection.execute(query).mappings().all()


def is_archived(table: Table, archived: bool) -> ColumnElement[bool]:
    """The condition for entries that were put away, or for those that were not."""
    return table.c.archived_at.is_not(None) if archived else table.c.archived_at.is_(None)


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
