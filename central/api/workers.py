"""Workers by the key of another system: GET, PUT and DELETE /workers/{external_id}, POST /workers:batch.

`Idempotency-Key`: the same call again within a day gets the same answer and does nothing; `dry_run=true`: what would become of it.
"""

import json
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.routing import BaseRoute

from central.api.answers import Problem
from central.api.doors import ERRORS, Door, EmployerId, Refused, Shop, employer_of, note_call
from central.api.worker_sync import Outcome, Wanted, WorkerSync
from central.core.text_cleaning import clean_line
from central.store import api_answers
from central.store.api_answers import KeptAnswer
from central.store.api_keys import ApiKey
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author

MOST_ROWS = 1000
_AT_ONCE = 50
"""Rows of a batch that are written in one transaction: medics and terminals write in between."""
Writer = Annotated[ApiKey, Depends(Door("workers:write"))]
ExternalId = Annotated[str, Path(min_length=1, max_length=200, description="The key of the other system.")]
IfMatch = Annotated[str | None, Header(max_length=300, description="The ETag that was read, or `*`.")]
IdempotencyKey = Annotated[str | None, Header(min_length=8, max_length=200, description="A new one for each new call.")]
DryRun = Annotated[bool, Query(description="Say what would become of it, and store nothing.")]
Line = Annotated[str | None, Field(max_length=1000)]


class WorkerEntry(BaseModel):
    """What is said of a worker. What is left out stays as it is; null or an empty text empties it.

    A key of an employer says neither `snils`, `cards`, `regime`, `inn`, `driving_licence` nor what decides about exams.
    """

    model_config = ConfigDict(extra="forbid")
    personnel_number: Line = None
    full_name: Line = None
    birth_date: Line = None
    sex: Literal["male", "female"] | None = None
    position: Line = None
    position_code: Line = None
    department: Line = None
    harm_factors: Annotated[list[str] | None, Field(max_length=50)] = None
    since: Line = None
    until: Line = None
    snils: Line = None
    inn: Line = None
    driving_licence: Line = None
    regime: Literal["general", "railway", "other"] | None = None
    cards: Annotated[list[str] | None, Field(max_length=50)] = None
    status: Literal["active", "suspended"] | None = None
    remote_allowed: bool | None = None
    block_text: Line = None
    toxicology_at: Line = None

    def said(self) -> dict[str, str]:
        """The fields that were said, as the register's form has them."""
        return {name: _words(getattr(self, name)) for name in WorkerEntry.model_fields if name in self.model_fields_set}


class BatchRow(WorkerEntry):
    """One worker of a batch."""

    external_id: Annotated[str, Field(min_length=1, max_length=200)]
    if_match: Annotated[str | None, Field(max_length=300)] = None
    dismiss: bool = False


class Batch(BaseModel):
    """Up to 1,000 workers of one employer."""

    model_config = ConfigDict(extra="forbid")
    rows: Annotated[list[BatchRow], Field(min_length=1, max_length=MOST_ROWS)]


class WorkerCard(BaseModel):
    """One worker. A key of an employer reads null where the medical organisation alone has a say."""

    external_id: str
    worker_id: str
    personnel_number: str
    full_name: str
    birth_date: date | None
    sex: str | None
    position: str
    position_code: str | None
    department: str
    harm_factors: list[str]
    since: date | None
    until: date | None
    status: str | None
    remote_allowed: bool | None


class Written(BaseModel):
    """What became of one worker: `created`, `changed`, `unchanged` or `dismissed`; else what is wrong, with a code by field."""

    external_id: str
    status: int
    code: str
    message: str
    worker_id: str | None
    etag: str | None
    fields: dict[str, str]


class BatchAnswer(BaseModel):
    """The answers, row by row in the order of the call."""

    rows: list[Written]


_CONFLICTS: dict[int | str, dict[str, Any]] = {
    409: {
        "model": Problem,
        "description": "Somebody else changed the entry last, or it cannot be told which one is meant.",
    },
    412: {
        "model": Problem,
        "description": "The entry is not the one of If-Match; or there is one, and If-None-Match is `*`.",
    },
}
_WRITES = ERRORS | _CONFLICTS
_TWICE = ERRORS | {409: _CONFLICTS[409]}


def worker_routes() -> list[BaseRoute]:
    """The routes of workers."""
    router = APIRouter()
    router.get(
        "/workers/{external_id:path}",
        responses=_TWICE,
        summary="A worker by the other system's key",
    )(get_worker)
    created: dict[int | str, dict[str, Any]] = {201: {"model": Written, "description": "Entered."}}
    router.put(
        "/workers/{external_id:path}",
        response_model=Written,
        responses=created | _WRITES,
        summary="Enter or change a worker",
    )(put_worker)
    router.delete("/workers/{external_id:path}", response_model=Written, responses=_WRITES, summary="Dismiss a worker")(
        dismiss_worker
    )
    router.post(
        "/workers:batch",
        response_model=BatchAnswer,
        responses=_TWICE,
        summary="Up to 1,000 workers",
    )(put_workers)
    return router.routes


def get_worker(
    request: Request, response: Response, key: Writer, external_id: ExternalId, employer_id: EmployerId = None
) -> WorkerCard:
    """The entry with its version (`ETag`)."""
    shop: Shop = request.app.state.shop
    with reading(shop.engine) as connection:
        sync = WorkerSync(
            connection, shop.registry, key, employer_of(connection, key, employer_id), Author(key.key_id, shop.clock())
        )
        row, refused = sync.find(_told(external_id))
        if row is None:
            if refused is not None and refused.code != "dismissed_worker":
                raise Refused(refused.status, refused.code, refused.message)
            raise HTTPException(404)
        response.headers["ETag"] = sync.etag(str(row["worker_id"]))
    if shop.once_per_hour.is_due(f"workers {key.key_id}"):
        with writing(shop.engine) as connection:
            note_call(connection, request, key, "api.workers_read")
    shown = {name: row[name] for name in WorkerCard.model_fields}
    if key.employer_id is not None:
        shown |= {"status": None, "remote_allowed": None}
    return WorkerCard(**shown)


def put_worker(
    request: Request,
    key: Writer,
    external_id: ExternalId,
    entry: WorkerEntry,
    employer_id: EmployerId = None,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    if_none_match: Annotated[
        str | None, Header(pattern=r"^\*$", description="`*`: only if there is no such worker.")
    ] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Enter a worker, or change the entry, by the rules of the register; the history names the key."""
    wanted = Wanted(_told(external_id), entry.said(), if_match, if_none_match == "*", dry_run)
    digest = _digest("PUT", external_id, employer_id, entry.model_dump(mode="json", exclude_unset=True), if_match)
    return _one(request, key, employer_id, wanted, idempotency_key, digest, None)


def dismiss_worker(
    request: Request,
    key: Writer,
    external_id: ExternalId,
    employer_id: EmployerId = None,
    last_day: Annotated[date | None, Query(description="Last day of work; without: at once.")] = None,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The worker leaves the rosters at once, or after a last day. Exams and history stay."""
    day = last_day.isoformat() if last_day else ""
    wanted = Wanted(_told(external_id), {}, if_match, is_dry_run=dry_run)
    digest = _digest("DELETE", external_id, employer_id, {"last_day": day}, if_match)
    return _one(request, key, employer_id, wanted, idempotency_key, digest, day)


def put_workers(
    request: Request,
    key: Writer,
    batch: Batch,
    employer_id: EmployerId = None,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Enter, change or dismiss up to 1,000 workers. A row with a fault stops no other row."""
    shop: Shop = request.app.state.shop
    digest = _digest("POST", "", employer_id, batch.model_dump(mode="json", exclude_unset=True), None)
    with reading(shop.engine) as connection:
        kept = _kept(connection, shop, key, idempotency_key, digest)
    if kept is not None:
        return _again(kept)
    done: list[dict[str, Any]] = []
    for start in range(0, len(batch.rows), _AT_ONCE):
        with writing(shop.engine) as connection:
            sync = _sync(connection, shop, key, employer_id)
            for row in batch.rows[start : start + _AT_ONCE]:
                wanted = Wanted(_told(row.external_id), row.said(), row.if_match, is_dry_run=dry_run)
                found = sync.dismiss(wanted, row.until or "") if row.dismiss else sync.put(wanted)
                done.append(found.body(wanted.external_id))
            if not dry_run:
                note_call(connection, request, key, "api.workers", {"rows": len(batch.rows[start : start + _AT_ONCE])})
    shop.wake()
    if idempotency_key is not None and not dry_run:
        with writing(shop.engine) as connection:
            hold_registers(connection, key.org)
            if (kept := _kept(connection, shop, key, idempotency_key, digest)) is not None:
                return _again(kept)
            answer = KeptAnswer(digest, 200, {"rows": done}, None)
            api_answers.keep(connection, key.key_id, idempotency_key, answer, shop.clock())
    return JSONResponse({"rows": done})


def _one(
    request: Request,
    key: ApiKey,
    employer_id: str | None,
    wanted: Wanted,
    idempotency_key: str | None,
    digest: str,
    last_day: str | None,
) -> Response:
    shop: Shop = request.app.state.shop
    with writing(shop.engine) as connection:
        sync = _sync(connection, shop, key, employer_id)
        kept = _kept(connection, shop, key, idempotency_key, digest)
        if kept is not None:
            return _again(kept)
        found = sync.put(wanted) if last_day is None else sync.dismiss(wanted, last_day)
        if found.is_done and not wanted.is_dry_run:
            if found.code != "unchanged":
                note_call(connection, request, key, "api.workers", {"rows": 1})
            if idempotency_key is not None:
                answer = KeptAnswer(digest, found.status, found.body(wanted.external_id), found.etag)
                api_answers.keep(connection, key.key_id, idempotency_key, answer, shop.clock())
    if found.is_done and found.code != "unchanged":
        shop.wake()
    return _answer(found, wanted.external_id)


def _sync(connection: Connection, shop: Shop, key: ApiKey, employer_id: str | None) -> WorkerSync:
    if shop.confirm_changes and key.employer_id is not None:
        raise Refused(
            403,
            "confirmation_needed",
            "a senior medic confirms what employers change here; a key of the organisation may write",
        )
    own = employer_of(connection, key, employer_id)
    hold_registers(connection, key.org)
    return WorkerSync(connection, shop.registry, key, own, Author(key.key_id, shop.clock()))


def _kept(
    connection: Connection, shop: Shop, key: ApiKey, idempotency_key: str | None, digest: str
) -> KeptAnswer | None:
    if idempotency_key is None:
        return None
    kept = api_answers.find(connection, key.key_id, idempotency_key, shop.clock())
    if kept is not None and kept.request_sha256 != digest:
        raise Refused(422, "idempotency_key_reused", "this Idempotency-Key belongs to another call; use a new one")
    return kept


def _again(kept: KeptAnswer) -> Response:
    headers = {"Idempotency-Replayed": "true"} | ({"ETag": kept.etag} if kept.etag else {})
    return JSONResponse(kept.body, status_code=kept.status, headers=headers)


def _answer(found: Outcome, external_id: str) -> Response:
    headers = {"ETag": found.etag} if found.etag else {}
    if found.status in {404, 409, 412}:
        return JSONResponse({"code": found.code, "message": found.message}, status_code=found.status, headers=headers)
    return JSONResponse(found.body(external_id), status_code=found.status, headers=headers)


def _digest(*parts: Any) -> str:
    return sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _told(external_id: str) -> str:
    """The key as the register keeps it. Raises `Refused` for one that the register would change."""
    if clean_line(external_id) != external_id or "\x00" in external_id:
        raise Refused(422, "invalid", "external_id: spaces at its ends or signs that no register keeps")
    return external_id


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
