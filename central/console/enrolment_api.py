"""The two HTTP routes for terminals: `POST /enrol` and `POST /renew`. Public; each request carries its own proof."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from central.console.context import address_of
from central.console.guard import Public
from central.core.rate_limit import RateLimit, TooMany, network_of
from central.terminals.enrolment import Enrolment, EnrolmentRefused
from sync.contract.enrolment import EnrolAnswer, EnrolRequest, RenewAnswer, RenewRequest

MAX_REQUEST_BYTES = 32 * 1024
_STATUS = {
    "wrong_proof": 403,
    "not_enrolled": 403,
    "certificate_ended": 403,
    "used_request": 409,
    "too_soon": 429,
    "bad_request": 422,
}
_GONE = 410
_KNOCKS = frozenset({"wrong_proof", "not_enrolled", "bad_request", "used_request"})
"""Refusals that count against the address they come from. Only refusals do: whoever shares it with somebody who tries codes is let
in all the same."""
_DAY_S = 24 * 3600


class _Unreadable(Exception):
    """A request that is too large or not of its form."""


def make_router(enrolment: Enrolment) -> APIRouter:
    """Both routes. Refusals are JSON: `code` and `message` for the installer."""
    router = APIRouter()
    failures = RateLimit("enrol", enrolment.failures_per_minute)

    def refused(request: Request, error: EnrolmentRefused) -> Response:
        if error.code in _KNOCKS:
            try:
                failures.take(network_of(request.client.host if request.client else ""))
            except TooMany as many:
                return _refusal("too_many", "too many wrong requests; wait a minute", 429, many.retry_after_s)
        retry_after_s = _DAY_S if error.code == "too_soon" else None
        return _refusal(error.code, str(error), _STATUS.get(error.code, _GONE), retry_after_s)

    @router.post("/enrol")
    async def enrol(request: Request, _door: Annotated[None, Depends(Public())]) -> Response:
        try:
            asked = EnrolRequest.model_validate_json(await _bounded(request))
            return _answer(await run_in_threadpool(enrolment.enrol, asked, address_of(request)))
        except (_Unreadable, ValidationError):
            return refused(request, _unreadable())
        except EnrolmentRefused as error:
            return refused(request, error)

    @router.post("/renew")
    async def renew(request: Request, _door: Annotated[None, Depends(Public())]) -> Response:
        try:
            asked = RenewRequest.model_validate_json(await _bounded(request))
            return _answer(await run_in_threadpool(enrolment.renew, asked, address_of(request)))
        except (_Unreadable, ValidationError):
            return refused(request, _unreadable())
        except EnrolmentRefused as error:
            return refused(request, error)

    return router


def _unreadable() -> EnrolmentRefused:
    return EnrolmentRefused("bad_request", "the request cannot be read")


async def _bounded(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            raise _Unreadable
    return body


def _answer(answer: EnrolAnswer | RenewAnswer) -> Response:
    return JSONResponse(answer.model_dump(mode="json"))


def _refusal(code: str, message: str, status: int, retry_after_s: int | None = None) -> Response:
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return JSONResponse({"code": code, "message": message}, status, headers)
