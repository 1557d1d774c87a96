"""Read-only questions about workers. Owns no table."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Text, cast, func, or_, select

from central.core.name_folding import fold_name
from central.core.ordering import AS_IT_COMES, Order
from central.store.ordering import order_by
from central.store.registry import employer, is_archived, is_employed, worker
from central.store.worker_search import is_meant, of_organisations


def alike_workers(
    connection: Connection, org: str, number: str, full_name: str, snils_hmac: str | None
) -> Sequence[RowMapping]:
    """Workers of an organisation, archived or not, with that number, that name however it is written, or that SNILS."""
    alike = [worker.c.personnel_number == number, worker.c.search_name == fold_name(full_name)]
    if snils_hmac is not None:
        alike.append(worker.c.snils_hmac == snils_hmac)
    query = select(worker).where(worker.c.org == org, or_(*alike)).order_by(worker.c.personnel_number)
    return connection.execute(query).mappings().all()


def card_holders(connection: Connection, org: str) -> Sequence[RowMapping]:
    """Workers of an organisation with cards, archived or not."""
    c = worker.c
    columns = (c.worker_id, c.person_id, c.snils_hmac, c.full_name, c.personnel_number, c.cards, c.employer_id)
    rows = connection.execute(select(*columns).where(worker.c.org == org)).mappings()
    return [row for row in rows if row["cards"]]


def last_written(connection: Connection, org: str) -> datetime | None:
    """When a worker of an organisation was written last; None where it has none."""
    newest: datetime | None = connection.execute(
        select(func.max(worker.c.updated_at)).where(worker.c.org == org)
    ).scalar_one()
    return newest


def photo_hashes(connection: Connection) -> Sequence[str]:
    """Hashes of all reference pictures that workers have now."""
    query = select(worker.c.photo_sha256).where(worker.c.photo_sha256.is_not(None)).distinct()
    return connection.execute(query.order_by(worker.c.photo_sha256)).scalars().all()


def employed_workers(connection: Connection, org: str, day: date) -> list[tuple[str, str]]:
    """Worker and employer of every employment of an organisation that holds on that day."""
    query = select(worker.c.worker_id, worker.c.employer_id).where(worker.c.org == org, is_employed(day))
    return [(row[0], row[1]) for row in connection.execute(query.order_by(worker.c.worker_id))]


def workers_in_lists(connection: Connection, worker_ids: Sequence[str]) -> Sequence[RowMapping]:
    """Id, name, number and employer's name of these workers."""
    c = worker.c
    query = (
        select(c.worker_id, c.full_name, c.personnel_number, employer.c.name.label("employer_name"))
        .join_from(worker, employer, employer.c.employer_id == c.employer_id)
        .where(c.worker_id.in_(worker_ids))
    )
    return connection.execute(query).mappings().all()


def worker_org(connection: Connection, worker_id: str) -> str:
    """The organisation of a worker. Raises `LookupError`."""
    org = connection.execute(select(worker.c.org).where(worker.c.worker_id == worker_id)).scalar_one_or_none()
    if org is None:
        raise LookupError("no such worker")
    return str(org)


def names_of(connection: Connection, worker_ids: Sequence[str]) -> dict[str, str]:
    """Names by id."""
    query = select(worker.c.worker_id, worker.c.full_name).where(worker.c.worker_id.in_(set(worker_ids)))
    return {row[0]: row[1] for row in connection.execute(query)}


def with_inn(connection: Connection, employer_id: str, inn: str) -> Sequence[RowMapping]:
    """Workers of an employer whose own taxpayer number that is, those who are not archived."""
    query = select(worker).where(
        worker.c.employer_id == employer_id, worker.c.inn == inn, worker.c.archived_at.is_(None)
    )
    return connection.execute(query).mappings().all()


def with_licences(connection: Connection, employer_id: str) -> Sequence[RowMapping]:
    """Workers of an employer whose driving licence is known, those who are not archived."""
    own = (worker.c.employer_id == employer_id, worker.c.driving_licence.is_not(None), worker.c.archived_at.is_(None))
    return connection.execute(select(worker).where(*own)).mappings().all()


def with_snils(connection: Connection, employer_id: str, snils_hmac: str) -> Sequence[RowMapping]:
    """Workers of an employer whose SNILS has that keyed hash, those who are not archived."""
    own = (worker.c.employer_id == employer_id, worker.c.snils_hmac == snils_hmac, worker.c.archived_at.is_(None))
    return connection.execute(select(worker).where(*own)).mappings().all()


def find_worker(
    connection: Connection, org: str, personnel_number: str, employer_id: str | None = None
) -> RowMapping | None:
    """The worker with that number at an employer. Without one: the only one with it; nobody where several employers use it."""
    found = workers_with_number(connection, org, personnel_number)
    if employer_id is not None:
        found = [row for row in found if row["employer_id"] == employer_id]
    return found[0] if len(found) == 1 else None


def workers_with_number(connection: Connection, org: str, personnel_number: str) -> Sequence[RowMapping]:
    """Workers with that number, at most one of each employer: those who are not archived."""
    query = select(worker).where(
        worker.c.org == org, worker.c.personnel_number == personnel_number, worker.c.archived_at.is_(None)
    )
    return connection.execute(query.order_by(worker.c.worker_id)).mappings().all()


def get_worker(connection: Connection, worker_id: str) -> RowMapping | None:
    """One worker by id."""
    return connection.execute(select(worker).where(worker.c.worker_id == worker_id)).mappings().one_or_none()


def employs(connection: Connection, employer_id: str, worker_id: str, day: date) -> bool:
    """Whether that employment is of this employer and holds on that day."""
    c = worker.c
    query = select(c.worker_id).where(c.worker_id == worker_id, c.employer_id == employer_id, is_employed(day))
    return connection.execute(query).first() is not None


def with_numbers(connection: Connection, org: str, numbers: Sequence[str]) -> Sequence[RowMapping]:
    """Workers with one of these numbers, at work and archived, of any employer."""
    query = select(worker).where(worker.c.org == org, worker.c.personnel_number.in_(numbers))
    return connection.execute(query).mappings().all()


def with_external_id(connection: Connection, employer_id: str, external_id: str) -> Sequence[RowMapping]:
    """Workers of an employer with that key of the employer's own system, archived ones too."""
    query = select(worker).where(worker.c.employer_id == employer_id, worker.c.external_id == external_id)
    return connection.execute(query.order_by(worker.c.worker_id)).mappings().all()


def ids_of_numbers(connection: Connection, org: str, numbers: Sequence[str]) -> Sequence[RowMapping]:
    """`worker_id`, `employer_id` and `personnel_number` of those at work who have one of these numbers."""
    c = worker.c
    query = select(c.worker_id, c.employer_id, c.personnel_number).where(
        c.org == org, c.personnel_number.in_(numbers), c.archived_at.is_(None)
    )
    return connection.execute(query).mappings().all()


_IDENTITY = [
    worker.c[name]
    for name in (
        *("worker_id", "person_id", "employer_id", "personnel_number", "full_name", "search_name", "birth_date"),
        *("snils_hmac", "cards", "since", "until", "archived_at"),
    )
]
_AT_ONCE = 500


def identities(connection: Connection, org: str) -> Iterator[Mapping[str, Any]]:
    """Who an organisation has on record, archived too: what people are told apart by, one after the other."""
    query = select(*_IDENTITY).where(worker.c.org == org).order_by(worker.c.worker_id)
    for row in connection.execute(query.execution_options(yield_per=_AT_ONCE)).mappings():
        yield dict(row)


def identities_alike(
    connection: Connection,
    org: str,
    names: Sequence[str],
    numbers: Sequence[str],
    hashes: Sequence[str],
    *,
    cards: bool,
) -> Iterator[Mapping[str, Any]]:
    """Those of `identities` who have one of these folded names, numbers or hashes of a SNILS, and all employments of theirs.

    `cards`: and everybody who has a card.
    """
    c = worker.c
    found: dict[str, Mapping[str, Any]] = {}

    def look(column: ColumnElement[Any], values: Sequence[str]) -> None:
        for start in range(0, len(values), _AT_ONCE):
            query = select(*_IDENTITY).where(c.org == org, column.in_(values[start : start + _AT_ONCE]))
            found.update((row["worker_id"], dict(row)) for row in connection.execute(query).mappings())

    for column, values in ((c.search_name, names), (c.personnel_number, numbers), (c.snils_hmac, hashes)):
        look(column, values)
    look(c.person_id, sorted({row["person_id"] for row in found.values()}))
    if cards:
        query = select(*_IDENTITY).where(c.org == org, cast(c.cards, Text) != "[]")
        found.update((row["worker_id"], dict(row)) for row in connection.execute(query).mappings())
    yield from found.values()


def list_workers(
    connection: Connection, org: str, employer_id: str | None = None, *, archived: bool = False
) -> Sequence[RowMapping]:
    """Workers of an organisation, or of one employer, by name; those at work, or the archived ones."""
    query = (
        select(worker)
        .where(worker.c.org == org, is_archived(worker, archived))
        .order_by(worker.c.search_name, worker.c.worker_id)
    )
    if employer_id is not None:
        query = query.where(worker.c.employer_id == employer_id)
    return connection.execute(query).mappings().all()


def count_workers(connection: Connection, org: str) -> int:
    """How many workers `list_workers` gives: those at work."""
    query = select(func.count()).where(worker.c.org == org, is_archived(worker, archived=False))
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


ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    # Numbers of one length in the order of their digits: 2 stands before 10.
    "personnel_number": (func.length(worker.c.personnel_number), worker.c.personnel_number),
    "full_name": (worker.c.search_name,),
    "position": (worker.c.position,),
    "employer": (employer.c.name,),
    "birth_date": (worker.c.birth_date,),
    "snils": (worker.c.snils_hmac.is_(None),),
    "remote": (worker.c.status != "suspended", worker.c.remote_allowed),
    "toxicology_at": (worker.c.toxicology_at,),
}
"""What a list of workers may be sorted by."""
_BY_NAME: tuple[ColumnElement[Any], ...] = (worker.c.search_name, worker.c.worker_id)


def named_workers(
    connection: Connection, orgs: Sequence[str], worker_ids: Sequence[str], order: Order = AS_IT_COMES
) -> Sequence[RowMapping]:
    """Those of these workers, archived or not, that are of these organisations; by name, or by a column of `ORDERS`."""
    query = _listed(order).where(worker.c.org.in_(orgs), worker.c.worker_id.in_(worker_ids))
    return connection.execute(query).mappings().all()


def _listed(order: Order) -> Select[Any]:
    query = select(worker).order_by(*order_by(order, ORDERS, _BY_NAME))
    return (
        query.outerjoin(employer, employer.c.employer_id == worker.c.employer_id)
        if order.column == "employer"
        else query
    )


def search_workers(
    connection: Connection,
    orgs: Sequence[str],
    words: str,
    limit: int,
    *,
    archived: bool = False,
    order: Order = AS_IT_COMES,
) -> tuple[Sequence[RowMapping], int]:
    """Workers by the beginning of a name or by number: the first in that order, and how many more there are."""
    wanted = [of_organisations(orgs), is_archived(worker, archived)]
    if words:
        wanted.append(is_meant(connection, orgs, words))
    rows = connection.execute(_listed(order).where(*wanted).limit(limit)).mappings().all()
    if len(rows) < limit:
        return rows, 0
    total = connection.execute(select(func.count()).select_from(worker).where(*wanted)).scalar_one()
    return rows, int(total) - len(rows)
