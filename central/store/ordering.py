"""The order of a list where the store makes it: for lists of which only a part is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from central.core.ordering import Order


def order_by(
    order: Order, columns: Mapping[str, Sequence[ColumnElement[Any]]], usual: Sequence[ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """What to sort by: the chosen column's expressions with what is empty last, then `usual`, so that no two rows are equal."""
    chosen = columns.get(order.column, ())
    found: list[ColumnElement[Any]] = []
    for one in chosen:
        found += [one.is_(None), one.desc() if order.is_descending else one.asc()]
    return [*found, *usual]
