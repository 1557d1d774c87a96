"""The workers of an employer as its HR department sees them: no SNILS, no photo, nothing of what is the medic's. Owns no table."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from central.core.ordering import AS_IT_COMES, Order
from central.store.ordering import order_by
from central.store.registry import worker
from central.store.worker_search import is_meant

_C = worker.c
_COLUMNS = (
    *(_C.worker_id, _C.org, _C.employer_id, _C.personnel_number, _C.full_name, _C.birth_date, _C.sex, _C.position),
    *(
        _C.position_code,
        _C.department,
        _C.post_number,
        _C.harm_factors,
        _C.since,
        _C.until,
        _C.external_id,
        _C.archived_at,
    ),
)
ORDERS: Mapping[str, Sequence[ColumnElement[Any]]] = {
    "personnel_number": (func.length(_C.personnel_number), _C.personnel_number),
    "full_name": (_C.search_name,),
    "position": (_C.position,),
    "department": (_C.department,),
    "since": (_C.since,),
    "until": (_C.until,),
}


def page(
    connection: Connection,
    orgs: Sequence[str],
    employer_ids: Sequence[str],
    today: date,
    *,
    words: str = "",
    worker_ids: Sequence[str] = (),
    gone: bool = False,
    also: Sequence[ColumnElement[bool]] = (),
    order: Order = AS_IT_COMES,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Sequence[RowMapping], int]:
    """Some of the workers by name, or in that order, and how many there are in all. `gone`: those who have left instead.

    `also`: conditions of the worker's row that have to hold besides.
    """
    has_left = or_(_C.archived_at.is_not(None), _C.until < today)
    wanted = [_C.employer_id.in_(employer_ids), has_left if gone else _is_there(today), *also]
    if words:
        wanted.append(is_meant(connection, orgs, words))
    if worker_ids:
        wanted.append(_C.worker_id.in_(worker_ids))
    query = select(*_COLUMNS).where(*wanted).order_by(*order_by(order, ORDERS, (_C.search_name, _C.worker_id)))
    total = select(func.count()).select_from(worker).where(*wanted)
    rows = connection.execute(query.limit(limit).offset(offset)).mappings().all()
    return rows, int(connection.execute(total).scalar_one())


def get(connection: Connection, employer_ids: Sequence[str], worker_id: str) -> RowMapping | None:
    """One of these employers' workers, who have left too; None for anybody else's."""
    query = select(*_COLUMNS).where(_C.worker_id == worker_id, _C.employer_id.in_(employer_ids))
    return connection.execute(query).mappings().one_or_none()


def _is_there(today: date) -> ColumnElement[bool]:
    return _C.archived_at.is_(None) & (_C.until.is_(None) | (_C.until >= today))
