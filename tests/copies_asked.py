"""A request for copies, for tests."""

from sqlalchemy import Connection

from central.conclusions.requests import Asked, Hand, calendar_for, extend, take
from central.core.clock import now_utc
from central.core.days import day_of
from central.store import copy_requests
from central.store.copy_requests import CopyRequest
from central.store.workers import get_worker


def asked(connection: Connection, worker_id: str) -> str:
    """One that came today, by the worker, for all papers; returns its id."""
    today = day_of(now_utc())
    done = take(
        connection,
        get_worker(connection, worker_id),
        Asked("patient", True, "", None, None, today),
        Hand("stage", now_utc(), today),
    )
    assert isinstance(done, CopyRequest), done
    return done.request_id


def extended(connection: Connection, request_id: str) -> None:
    """Extend it to the fifth working day."""
    known = copy_requests.find(connection, request_id)
    assert known is not None
    today, item = day_of(now_utc()), known.item
    until = calendar_for(connection, item.org, today).after(today, 5)
    faults = extend(connection, known, until, today, "дело в архиве " * 5, Hand("stage", now_utc(), today))
    assert faults == {}, faults
