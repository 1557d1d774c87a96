"""PUT /shifts: the plan of an employer's shifts from another system, by the rules of the form and of the file."""

from datetime import tzinfo
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, RowMapping
from starlette.routing import BaseRoute

from central.api.doors import ERRORS, Door, EmployerId, Refused, Shop, employer_of, note_call
from central.core.days import zone_of
from central.store import shift_plans
from central.store.api_keys import ApiKey
from central.store.engine import writing
from central.store.shift_plans import PlannedShift
from central.store.workers import with_numbers
from central.workforce.shift_rules import Planning, by_number, planned

MOST_ROWS = 1000
Planner = Annotated[ApiKey, Depends(Door("shifts:write"))]
Line = Annotated[str, Field(max_length=200)]


class ShiftRow(BaseModel):
    """One shift: by when the worker has to have passed which examination."""

    model_config = ConfigDict(extra="forbid")
    personnel_number: Line
    day: Annotated[str, Field(max_length=10, description="YYYY-MM-DD")]
    begin: Annotated[str, Field(max_length=8, description="HH:MM by the clock of `zone`")]
    exam_type: Annotated[str, Field(max_length=40, description="Empty: before the shift.")] = ""


class ShiftPlan(BaseModel):
    """Up to 1,000 shifts of one employer."""

    model_config = ConfigDict(extra="forbid")
    zone: Annotated[str, Field(max_length=64, description="Whose clock: a name such as Europe/Moscow, or +0300.")]
    rows: Annotated[list[ShiftRow], Field(min_length=1, max_length=MOST_ROWS)]


class ShiftAnswer(BaseModel):
    """`planned`, also of one that was planned before; or `invalid`, with a code by field."""

    code: str
    fields: dict[str, str]


class ShiftAnswers(BaseModel):
    """The answers, row by row in the order of the call."""

    rows: list[ShiftAnswer]


def shift_routes() -> list[BaseRoute]:
    """The route of shifts."""
    router = APIRouter()
    router.put("/shifts", responses=ERRORS, summary="Up to 1,000 planned shifts")(put_shifts)
    return router.routes


def put_shifts(request: Request, key: Planner, plan: ShiftPlan, employer_id: EmployerId = None) -> ShiftAnswers:
    """Plan shifts. A shift that is planned already stays one; a row with a fault stops no other row."""
    shop: Shop = request.app.state.shop
    zone = _zone(plan.zone)
    now = shop.clock()
    answers: list[ShiftAnswer] = []
    with writing(shop.engine) as connection:
        own = employer_of(connection, key, employer_id)
        people = by_number(_people(connection, key.org, plan))
        planning = Planning((own,), people, now.astimezone(zone).date(), zone)
        for row in plan.rows:
            found = planned(row.model_dump() | {"employer_id": own}, planning)
            if isinstance(found, PlannedShift):
                shift_plans.put(connection, found, now, key.key_id)
                answers.append(ShiftAnswer(code="planned", fields={}))
            else:
                answers.append(ShiftAnswer(code="invalid", fields=found))
        note_call(connection, request, key, "api.shifts", {"rows": sum(one.code == "planned" for one in answers)})
    return ShiftAnswers(rows=answers)


def _zone(name: str) -> tzinfo:
    found = zone_of(name) if name and "\x00" not in name else None
    if found is None:
        raise Refused(422, "invalid", "zone: no such zone; such as Europe/Moscow or +0300 is needed")
    return found


def _people(connection: Connection, org: str, plan: ShiftPlan) -> list[RowMapping]:
    numbers = sorted({row.personnel_number for row in plan.rows if "\x00" not in row.personnel_number})
    return [
        one
        for start in range(0, len(numbers), 500)
        for one in with_numbers(connection, org, numbers[start : start + 500])
    ]
