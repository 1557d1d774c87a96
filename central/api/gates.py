"""Gates over REST: the controller asks before each passage, and says afterwards whether somebody went through.

POST /gates/{gate}/passages asks; POST /gates/{gate}/passages/{request_id}/result tells. The key belongs to one employer: the gate
answers for this employer's workers and for nobody else's. A key of an organisation opens no gate.
"""

import time
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import BaseRoute

from central.core.gate_config import GateConfig, GatesConfig
from central.deciding.passages import REPEAT_WITHIN, Asked, GatePassages, employers_of
from central.store.api_keys import ApiKey
from central.store.engine import reading
from central.store.gate_passages import Passage
from sync.contract.model import Utc

RequestId = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]


class PassageRequest(BaseModel):
    """A worker stands at the gate. `request_id`: a new one for each passage; the same one again only where the answer was lost."""

    model_config = ConfigDict(extra="forbid", strict=True)
    request_id: RequestId
    personnel_number: Annotated[str, Field(min_length=1, max_length=200)]


class PassageAnswer(BaseModel):
    """Open only where `open` is true, at once, and once for each `request_id`. `reason` is `open` or why not."""

    request_id: str
    open: bool
    reason: str
    at: Utc
    valid_until: Utc | None
    state: str


class PassageResult(BaseModel):
    """What became of an opening."""

    model_config = ConfigDict(extra="forbid", strict=True)
    passed: bool


class GateDoor:
    """The routes of gates; `key_of` is the API's own door."""

    def __init__(self, config: GatesConfig, passages: GatePassages) -> None:
        self._config, self._passages = config, passages

    def ask(self, name: str, key: ApiKey, asked: PassageRequest) -> PassageAnswer:
        """The answer to a gate, written into the log before it leaves. Raises 404 for a gate that is not this key's."""
        began_s = time.monotonic()
        gate = self._gate(name, key)
        worker_id = self._passages.worker_by_number(gate, asked.personnel_number, key.employer_id or "")
        passage = self._passages.ask(gate, Asked(asked.request_id, worker_id, asked.personnel_number))
        now = self._passages.now()
        is_open = self._passages.may_open(gate, passage, now, time.monotonic() - began_s)
        is_same = passage.worker_id == worker_id and now - passage.asked_at <= REPEAT_WITHIN
        if passage.is_open and not (is_open and is_same and passage.state == "answered"):
            return _answer(passage, is_open=False, reason="late" if is_same else "already_opened")
        return _answer(passage, is_open=is_open, reason=passage.answer)

    def tell(self, name: str, key: ApiKey, request_id: str, result: PassageResult) -> PassageAnswer:
        """What became of an opening. Raises 404 for a request that this gate never made, or that opened nothing."""
        found = self._passages.confirm(self._gate(name, key), request_id, passed=result.passed)
        if found is None:
            raise HTTPException(404)
        return _answer(found, is_open=False, reason=found.answer)

    def _gate(self, name: str, key: ApiKey) -> GateConfig:
        gate = self._config.gate(name)
        if gate is None or gate.kind != "rest" or gate.org != key.org:
            raise HTTPException(404)
        with reading(self._passages.engine) as connection:
            if key.employer_id not in employers_of(connection, gate):
                raise HTTPException(404)
        return gate


def _answer(passage: Passage, *, is_open: bool, reason: str) -> PassageAnswer:
    return PassageAnswer(
        request_id=passage.request_key,
        open=is_open,
        reason=reason,
        at=passage.asked_at,
        valid_until=passage.valid_until,
        state=passage.state,
    )


def gate_routes(key_dependency: Any, errors: dict[int | str, dict[str, object]]) -> list[BaseRoute]:
    """The routes of gates; the door that they knock at is `GateDoor` in the state of the interface."""
    router = APIRouter()

    def ask(
        request: Request, key: key_dependency, gate: Annotated[str, Path(max_length=40)], asked: PassageRequest
    ) -> PassageAnswer:
        """May this worker pass in here now? Every call is written into the log of passages."""
        return _door(request).ask(gate, key, asked)

    def tell(
        request: Request,
        key: key_dependency,
        gate: Annotated[str, Path(max_length=40)],
        request_id: Annotated[str, Path(max_length=64)],
        result: PassageResult,
    ) -> PassageAnswer:
        """Did somebody go through after the gate opened?"""
        return _door(request).tell(gate, key, request_id, result)

    router.post("/gates/{gate}/passages", responses=errors, summary="A worker stands at the gate")(ask)
    router.post("/gates/{gate}/passages/{request_id}/result", responses=errors, summary="What became of an opening")(
        tell
    )
    return router.routes


def _door(request: Request) -> GateDoor:
    door: GateDoor = request.app.state.door
    return door
