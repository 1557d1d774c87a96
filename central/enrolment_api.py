"""The two HTTP doors of terminals: `POST /enrol` and `POST /renew`. Open to everybody; the proofs are in the requests."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from central.console.guard import Public
from central.enrolment import Enrolment, EnrolmentRefused
from sync.contract.enrolment import EnrolAnswer, EnrolRequest, RenewAnswer, RenewRequest

MAX_REQUEST_BYTES = 32 * 1024
_STATUS = {"unknown_code": 404, "wrong_proof": 403, "not_enrolled": 403, "bad_request": 422}
_GONE = 410


class _Unreadable(Exception):
    """A request that is too large or not of its form."""


def make_router(enrolment: Enrolment) -> APIRouter:
    """Both routes. Refusals are JSON: `code` and `message` for the installer."""
    router = APIRouter()

    @router.post("/enrol")
    async def enrol(request: Request, _door: Annotated[None, Depends(Public())]) -> Response:
        try:
            asked = EnrolRequest.model_validate_json(await _bounded(request))
            return _answer(await run_in_threadpool(enrolment.enrol, asked))
        except (_Unreadable, ValidationError):
            return _refusal("bad_request", "the request cannot be read", 422)
        except EnrolmentRefused as error:
            return _refusal(error.code, str(error), _STATUS.get(error.code, _GONE))

    @router.post("/renew")
    async def renew(request: Request, _door: Annotated[None, Depends(Public())]) -> Response:
        try:
            asked = RenewRequest.model_validate_json(await _bounded(request))
            return _answer(await run_in_threadpool(enrolment.renew, asked))
        except (_Unreadable, ValidationError):
            return _refusal("bad_request", "the request cannot be read", 422)
        except EnrolmentRefused as error:
            return _refusal(error.code, str(error), _STATUS.get(error.code, _GONE))

    return router


async def _bounded(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            raise _Unreadable
    return body


def _answer(answer: EnrolAnswer | RenewAnswer) -> Response:
    return JSONResponse(answer.model_dump(mode="json"))


def _refusal(code: str, message: str, status: int) -> Response:
    return JSONResponse({"code": code, "message": message}, status)
