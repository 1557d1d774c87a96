"""Readings of workers' personal devices over REST: kept and shown, in no limit, exam or admission.

POST /observations, with the scope `observations:write`, for keys of a medical organisation.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.routing import BaseRoute

from central.api.doors import ERRORS, Door, Shop, note_call
from central.people.self_readings import Observation, take
from central.store.api_keys import ApiKey
from central.store.engine import writing

MOST = 100
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Writer = Annotated[ApiKey, Depends(Door("observations:write", of_organisation=True))]


class SentObservation(BaseModel):
    """One reading. `id`: the program's own; the same one again changes nothing."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[0-9A-Za-z_.:-]+$")]
    employer_id: Line
    personnel_number: Line
    system: Literal["loinc", "mdc"]
    code: Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[0-9-]+$")]
    unit: Annotated[
        str, Field(min_length=1, max_length=20, description="UCUM: mm[Hg], /min, Cel, %", pattern=r"^[^\x00]*$")
    ]
    value: Annotated[float, Field(allow_inf_nan=False)]
    measured_at: AwareDatetime
    device: Line


class SentObservations(BaseModel):
    """Readings, of one worker or of many."""

    model_config = ConfigDict(extra="forbid")
    observations: Annotated[list[SentObservation], Field(min_length=1, max_length=MOST)]


class TakenObservation(BaseModel):
    """What became of one. `outcome`: taken, known (it came before), or why it was refused."""

    id: str
    outcome: Literal[
        "taken",
        "known",
        "unknown_worker",
        "no_consent",
        "unknown_code",
        "wrong_unit",
        "wrong_value",
        "wrong_time",
    ]


class TakenObservations(BaseModel):
    """In the order in which they were sent."""

    observations: list[TakenObservation]


def observation_routes() -> list[BaseRoute]:
    """The route of personal devices."""
    router = APIRouter()
    router.post("/observations", responses=ERRORS, summary="Readings of personal devices")(send_observations)
    return list(router.routes)


def send_observations(request: Request, key: Writer, sent: SentObservations) -> TakenObservations:
    """Keep readings of workers who have agreed to it. They are shown under their own heading and are no examination."""
    shop: Shop = request.app.state.shop
    now = shop.clock()
    with writing(shop.engine) as connection:
        found = [
            TakenObservation(
                id=one.id,
                outcome=take(  # type: ignore[arg-type]  # the words of `take` are those of the model
                    connection,
                    key.org,
                    key.key_id,
                    Observation(
                        one.id,
                        one.employer_id,
                        one.personnel_number,
                        one.system,
                        one.code,
                        one.unit,
                        one.value,
                        one.measured_at,
                        one.device,
                    ),
                    now,
                ),
            )
            for one in sent.observations
        ]
        taken = sum(one.outcome == "taken" for one in found)
        note_call(connection, request, key, "api.observations", {"rows": taken, "refused": len(found) - taken})
    return TakenObservations(observations=found)
