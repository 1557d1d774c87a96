"""REST, version 1: who may work now, and the outcomes of a period. Made by `create_api`, mounted at `/api/v1`.

Every call carries `Authorization: Bearer <key>` (`doors`): a key of an employer sees nothing of others. `gates` has those of gates.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import AwareDatetime
from sqlalchemy import Connection, Engine
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import BaseRoute

from central.api.answers import AdmissionList, AdmissionState, ExamOutcome, ExamPage
from central.api.doors import ERRORS, Admissions, EmployerId, Exams, Refused, Shop, employer_of, note_call
from central.api.gates import GateDoor, gate_routes
from central.api.observations import observation_routes
from central.api.shifts import shift_routes
from central.api.webhooks import webhooks
from central.api.workers import worker_routes
from central.core.config import RatesConfig
from central.core.once_per_hour import OncePerHour
from central.core.rate_limit import RateLimit, TooMany
from central.deciding.admissions import Admission, admissions
from central.people.registry import Registry
from central.store import outcomes
from central.store.api_keys import ApiKey
from central.store.engine import reading, writing
from central.store.workers import find_worker

MAX_ROWS = 1000


def create_api(
    engine: Engine,
    clock: Callable[[], datetime],
    rates: RatesConfig,
    gates: GateDoor,
    registry: Registry,
    wake: Callable[[], None],
    *,
    confirm_changes: bool,
) -> FastAPI:
    """The application with its OpenAPI description at `/openapi.json`. No page of it loads anything from outside."""
    api = FastAPI(
        title="Dopusk",
        version="1.0",
        description="Admission to work: states and outcomes for employers' systems and gates.",
        routes=_routes(),
        docs_url=None,
        redoc_url=None,
        servers=[{"url": "/api/v1"}],
        webhooks=webhooks,
    )
    api.state.door = gates
    api.state.shop = Shop(
        engine,
        clock,
        RateLimit("api", rates.api_per_minute),
        RateLimit("api_failures", rates.api_failures_per_minute),
        OncePerHour(clock),
        registry,
        wake,
        confirm_changes,
    )
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(StarletteHTTPException, _problem)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(TooMany, _too_many)
    return api


@cache
def _routes() -> list[BaseRoute]:
    """What can be asked. It knows nothing of one centre, and FastAPI takes long to make it: made once."""
    router = APIRouter()
    router.get("/admissions", responses=ERRORS, summary="All workers")(list_admissions)
    # Whatever a register takes as a number can be asked for: a path may hold slashes. "." and ".." cannot stand in an address,
    # clients take them out: `GET /admissions?personnel_number=` takes every number.
    router.get("/admissions/{personnel_number:path}", responses=ERRORS, summary="One worker")(get_admission)
    router.get("/exams", responses=ERRORS, summary="Outcomes of a period")(list_exams)
    own = (gate_routes(Admissions, ERRORS), observation_routes(), worker_routes(), shift_routes())
    every = [*router.routes, *(route for routes in own for route in routes)]
    for route in every:
        if isinstance(route, APIRoute):
            # Clients that are made from the document call their functions so.
            route.operation_id = route.name
    return every


def list_admissions(
    request: Request,
    key: Admissions,
    personnel_number: Annotated[
        str | None, Query(max_length=200, description="Only the worker with this number; nobody else is in the answer.")
    ] = None,
    employer_id: EmployerId = None,
) -> AdmissionList:
    """The state of every active worker of the key's employer, or of one."""
    shop: Shop = request.app.state.shop
    now = shop.clock()
    with reading(shop.engine) as connection:
        own = employer_of(connection, key, employer_id)
        if personnel_number is None:
            found = admissions(connection, own, now)
        else:
            worker_id = _worker_id(connection, key, own, personnel_number)
            found = admissions(connection, own, now, worker_id) if worker_id is not None else []
    _note_states(request, key)
    return AdmissionList(at=now, workers=[_state(item) for item in found])


def get_admission(
    request: Request,
    key: Admissions,
    personnel_number: Annotated[str, Path(min_length=1, max_length=200)],
    employer_id: EmployerId = None,
) -> AdmissionState:
    """The state of one worker: what a gate asks at each passage."""
    shop: Shop = request.app.state.shop
    with reading(shop.engine) as connection:
        own = employer_of(connection, key, employer_id)
        worker_id = _worker_id(connection, key, own, personnel_number)
        if worker_id is None:
            raise HTTPException(404)
        found = admissions(connection, own, shop.clock(), worker_id)
    if not found:
        raise HTTPException(404)
    _note_states(request, key)
    return _state(found[0])


def _worker_id(connection: Connection, key: ApiKey, employer_id: str, personnel_number: str) -> str | None:
    """The key's own worker with that number."""
    # PostgreSQL knows no text with a zero in it; neither does any register of workers.
    if "\x00" in personnel_number:
        return None
    row = find_worker(connection, key.org, personnel_number, employer_id)
    return str(row["worker_id"]) if row is not None else None


def _note_states(request: Request, key: ApiKey) -> None:
    """Write into the access log that a program follows the states, once an hour for a key: a gate asks at each passage."""
    shop: Shop = request.app.state.shop
    if shop.once_per_hour.is_due(key.key_id):
        with writing(shop.engine) as connection:
            note_call(connection, request, key, "api.admissions")


def list_exams(
    request: Request,
    key: Exams,
    since: AwareDatetime,
    days: Annotated[int, Query(ge=1, le=31)] = 1,
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 100,
    employer_id: EmployerId = None,
) -> ExamPage:
    """Outcomes of examinations that ended within so many days from `since` on."""
    shop: Shop = request.app.state.shop
    begin = _shifted(since, timedelta(0))
    until = _shifted(since, timedelta(days=days))
    with writing(shop.engine) as connection:
        rows = outcomes.page(connection, employer_of(connection, key, employer_id), begin, until, after, limit + 1)
        note_call(connection, request, key, "api.exams", {"rows": min(len(rows), limit)})
    shown = [
        ExamOutcome(
            exam_id=row.exam_id,
            personnel_number=row.personnel_number,
            exam_type=row.exam_type,
            finished_at=row.finished_at,
            outcome=row.outcome,
            decided_at=row.decided_at,
        )
        for row in rows[:limit]
    ]
    return ExamPage(exams=shown, next_after=rows[limit - 1].place if len(rows) > limit else None)


def _shifted(moment: datetime, by: timedelta) -> datetime:
    """The moment in UTC, moved; at the ends of the calendar it stays there."""
    try:
        return (moment + by).astimezone(UTC)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if moment.year > 5000 else datetime.min.replace(tzinfo=UTC)


def _state(item: Admission) -> AdmissionState:
    return AdmissionState(
        personnel_number=item.personnel_number,
        state=item.state,
        may_work=item.state == "admitted",
        exam_id=item.exam_id,
        exam_type=item.exam_type,
        decided_at=item.decided_at,
        valid_until=item.valid_until,
    )


_MESSAGES = {
    401: ("no_key", "send Authorization: Bearer with a key that is in force"),
    404: ("not_found", "there is nothing like this for this key"),
    405: ("method_not_allowed", "this address is not called in this way"),
}


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, StarletteHTTPException) else 500
    headers = getattr(error, "headers", None)
    code, message = _MESSAGES.get(status, ("refused", "the request was refused"))
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refused):
        raise error
    return JSONResponse({"code": error.code, "message": error.message}, status_code=error.status)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in faults)
    return JSONResponse({"code": "invalid", "message": said[:1000]}, status_code=422)


async def _too_many(_request: Request, error: Exception) -> JSONResponse:
    wait_s = error.retry_after_s if isinstance(error, TooMany) else 1
    body = {"code": "too_many", "message": f"too many calls; ask again in {wait_s} s"}
    return JSONResponse(body, status_code=429, headers={"Retry-After": str(wait_s)})
