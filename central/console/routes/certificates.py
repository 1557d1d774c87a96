"""Certificates of those who sign, with their terms, and their revocation.

GET /certificates takes `sort`; GET /certificates/{certificate_id} shows one, with `reason` chosen beforehand.
POST /certificates/{certificate_id}/revoke `reason` (a code of `central.deciding.revocation.REASONS`), `note` (words), `csrf`: 303
to the certificate; 409 with the page when it was revoked before, 422 with a fault at the field.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.authority.pki import Authority
from central.authority.terms import STAGES, stage_of
from central.console.access_log import note
from central.console.context import Console, Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.sorting import sorting_of
from central.console.typed import Typed
from central.core.rights import Right
from central.deciding.revocation import (
    MOST_NOTE,
    REASONS,
    AlreadyRevoked,
    Reason,
    complete,
    is_listed_elsewhere,
    revoke,
)
from central.store import certificates, medics
from central.store.certificates import REVOKED, Certificate
from central.store.engine import reading, writing
from central.store.register_changes import Author

router = APIRouter()
_log = logging.getLogger(__name__)


@router.get("/certificates")
def list_certificates(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]) -> Response:
    """All certificates of medics, with terms."""
    console = console_of(request)
    orgs, now = visitor.account.orgs, console.clock()
    with reading(console.engine) as connection:
        found = certificates.of_organisations(connection, orgs)
        names = {entry.medic_id: entry.full_name for entry in medics.of_organisations(connection, orgs)}
    keys = _orders(names)
    sort = sorting_of(request, keys, path="/certificates", usual="valid_until")
    shown = [(item, names.get(item.owner, ""), stage_of(item, now)) for item in sort.rows(found, keys)]
    return page(
        request, "certificates.html", visitor, rows=shown, sort=sort, now=now, ending=_ending(shown), stages=STAGES
    )


@router.get("/certificates/{certificate_id}")
def show_certificate(
    request: Request, certificate_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]
) -> Response:
    """One certificate; whoever may revoke it finds the form here."""
    return _certificate_page(request, visitor, certificate_id)


@router.post("/certificates/{certificate_id}/revoke")
def revoke_certificate(
    request: Request,
    certificate_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.REVOKE_CERTIFICATES))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Revoke it: the gate closes with this transaction, then the key is forgotten and the list made anew."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    reason, words = typed.one("reason"), " ".join(typed.one("note").split())
    faults = {} if reason in REASONS else {"reason": "choose"}
    if not words:
        faults["note"] = "needed"
    elif len(words) > MOST_NOTE:
        faults["note"] = "too_long"
    if faults:
        return _certificate_page(request, visitor, certificate_id, 422, typed=typed, faults=faults)
    try:
        with writing(console.engine) as connection:
            one = own_or_404(visitor, certificates.find(connection, certificate_id))
            author = Author(visitor.account.account_id, console.clock())
            done = revoke(connection, certificate_id, Reason(reason, words), author)
            detail = {"serial": done.serial, "reason": reason}
            note(connection, console, visitor, "medic.revoke", one.owner, org=one.org, detail=detail)
    except AlreadyRevoked:
        return _certificate_page(request, visitor, certificate_id, 409, faults={"": "revoked_already"})
    close_gate(console, {done.owner})
    return RedirectResponse(f"/certificates/{certificate_id}?done=revoked", status_code=303)


def close_gate(console: Console, owners: Collection[str]) -> None:
    """After certificates of these medics were revoked in the store: forget open keys, make the list anew, tell the terminals."""
    for owner in owners:
        console.vault.close_of(owner)
    try:
        with reading(console.engine) as connection:
            complete(connection, Authority(console.config.keys.authority_dir))
    except (OSError, ValueError) as error:
        # They are revoked all the same; the list is completed by the thread that tells the terminals, as soon as it can be.
        _log.warning("the list of revoked certificates was not written (%s); it is tried again", type(error).__name__)
    console.wake()


def _orders(names: Mapping[str, str]) -> Mapping[str, Callable[[Certificate], Any]]:
    return {
        "owner": lambda item: names.get(item.owner, ""),
        "serial": lambda item: item.serial,
        "key": lambda item: item.key_provider,
        "valid_from": lambda item: item.valid_from,
        "valid_until": lambda item: item.valid_until,
        "state": lambda item: item.state,
    }


def _ending(shown: list[tuple[Certificate, str, int | None]]) -> int:
    return sum(stage is not None for _, _, stage in shown)


def _certificate_page(
    request: Request,
    visitor: Visitor,
    certificate_id: str,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: Mapping[str, str] | None = None,
) -> Response:
    console = console_of(request)
    now: datetime = console.clock()
    with reading(console.engine) as connection:
        one = own_or_404(visitor, certificates.find(connection, certificate_id))
        owner = medics.find(connection, one.owner)
        others = [
            item for item in certificates.of_owner(connection, one.owner) if item != one and visitor.owns(item.org)
        ]
    return page(
        request,
        "certificate.html",
        visitor,
        status,
        item=one,
        owner=owner,
        others=others,
        stage=stage_of(one, now),
        now=now,
        is_revoked=one.state == REVOKED,
        is_foreign=is_listed_elsewhere(one, Authority(console.config.keys.authority_dir)),
        reasons=list(REASONS),
        may_revoke=visitor.may(Right.REVOKE_CERTIFICATES),
        typed=typed or Typed({"reason": [request.query_params.get("reason", "")]}),
        faults=faults or {},
        done=request.query_params.get("done", ""),
    )
