"""The code by which a worker shows an admission at a gate.

POST /me/gate `worker_id` (of an own employment), `key` (the page's public key, P-256, 65 bytes, base64url), `csrf`: JSON
`statement`; 409 where nothing is admitted now, 422 for no key, 404 for an employment of somebody else. POST /check/gate `code`:
open to everybody who has read one; JSON `state` (in_force, corrected, over, stale, ahead, not_the_centre, not_the_phone,
unreadable) and nothing about anybody.
"""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData

from central.console.access_log import note_alone
from central.console.context import address_of, console_of
from central.console.guard import Public, form_of
from central.console.own_pages import Owner, person_of
from central.core.rate_limit import network_of
from central.link.outgoing import load_signing_key
from central.personal.gate_pass import judge, pass_for
from central.store import employments
from central.store.engine import reading
from sync.contract.gate_pass import FRESH_S, phone_key

router = APIRouter()
Form = Annotated[FormData, Depends(form_of)]


@router.post("/me/gate")
def give_pass(request: Request, visitor: Owner, sent: Form) -> JSONResponse:
    """The centre's part of the code; the page adds the moment and its own signature."""
    console = console_of(request)
    person_id, worker_id = person_of(visitor), str(sent.get("worker_id", ""))
    try:
        raw = str(sent.get("key", ""))
        key = phone_key(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    except (ValueError, binascii.Error):
        return JSONResponse({"fault": "key"}, 422)
    signing_key = load_signing_key(console.config.keys.centre_signing_key_file)
    with reading(console.engine) as connection:
        if worker_id not in {row["worker_id"] for row in employments.own(connection, person_id)}:
            raise HTTPException(404)
        statement = pass_for(
            connection,
            person_id,
            worker_id,
            key,
            console.clock(),
            signing_key,
            says_name=console.config.personal.gate_name,
        )
    note_alone(console, visitor, "own.gate", worker_id, detail={"given": statement is not None})
    if statement is None:
        return JSONResponse({"fault": "not_admitted"}, 409)
    return JSONResponse({"statement": statement, "fresh_s": FRESH_S})


@router.post("/check/gate")
def check_gate(request: Request, sent: Form, _door: Annotated[None, Depends(Public())]) -> JSONResponse:
    """Whether a code that somebody has read holds by what the centre knows now."""
    console = console_of(request)
    console.rates.check.take(network_of(address_of(request)))
    public = load_signing_key(console.config.keys.centre_signing_key_file).public_key()
    with reading(console.engine) as connection:
        return JSONResponse({"state": judge(connection, str(sent.get("code", "")), public, console.clock())})
