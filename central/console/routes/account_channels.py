"""Administration: keys of other programs, and channels by which employers and administrators are told.

Form fields: POST /accounts/keys `name`, `employer_id`, `csrf`; POST /accounts/keys/{key_id}/revoke `csrf`;
POST /accounts/channels `employer_id` or, for security alerts, `org`, `kind` (email | webhook), `address`, `secret`, `csrf`;
POST /accounts/channels/{channel_id}/remove `csrf`.
"""

import secrets
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.context import Visitor, console_of
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.accounts import MAX_CHARS, accounts_page, own_employer
from central.console.typed import Typed
from central.notice_channels import add_channel
from central.rights import Right
from central.store import api_keys, notices
from central.store.api_keys import ApiKey
from central.store.engine import writing
from sync.contract.canonical import new_id

router = APIRouter()


@router.post("/accounts/keys")
def add_key(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Make a key for another program. It is shown once; the store keeps its hash."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    name = typed.one("name").strip()
    if not name or len(name) > MAX_CHARS:
        fault = "too_long" if name else "needed"
        return accounts_page(request, visitor, 422, typed=typed, faults={"key_name": fault})
    secret = f"dopusk_{secrets.token_urlsafe(32)}"
    with writing(console.engine) as connection:
        org = own_employer(connection, visitor, typed.one("employer_id"))
        key = ApiKey(
            key_id=new_id(),
            org=org,
            employer_id=typed.one("employer_id"),
            name=name,
            secret_sha256=sha256(secret.encode("ascii")).hexdigest(),
            created_at=console.clock(),
            created_by=visitor.account.account_id,
            last_used_at=None,
            revoked_at=None,
        )
        api_keys.add(connection, key)
        note(connection, console_of(request), visitor, "key.add", key.key_id)
    return accounts_page(request, visitor, fresh_key=secret)


@router.post("/accounts/keys/{key_id}/revoke")
def revoke_key(
    request: Request, key_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))]
) -> Response:
    """End a key at once."""
    console = console_of(request)
    with writing(console.engine) as connection:
        if not api_keys.revoke(connection, key_id, visitor.account.orgs, console.clock()):
            raise HTTPException(404)
        note(connection, console_of(request), visitor, "key.revoke", key_id)
    return RedirectResponse("/accounts", status_code=303)


@router.post("/accounts/channels")
def save_channel(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Add a way to tell an employer, or whoever looks after an organisation's security."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    org = typed.one("org") or None
    if org is not None and org not in visitor.account.orgs:
        raise HTTPException(404)
    try:
        with writing(console.engine) as connection:
            if org is None:
                own_employer(connection, visitor, typed.one("employer_id"))
            channel_id = add_channel(
                connection,
                typed.one("employer_id") if org is None else None,
                typed.one("kind"),
                typed.one("address").strip()[:500],
                str(form.get("secret", "")),
                console.channel_secrets,
                org=org,
            )
            note(connection, console_of(request), visitor, "channel.add", channel_id)
    except ValueError as error:
        return accounts_page(request, visitor, 422, typed=typed, faults={f"channel_{error}": "wrong_form"})
    return RedirectResponse("/accounts", status_code=303)


@router.post("/accounts/channels/{channel_id}/remove")
def remove_channel(
    request: Request, channel_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))]
) -> Response:
    """Use a channel no more."""
    with writing(console_of(request).engine) as connection:
        channel = notices.find_channel(connection, channel_id)
        if channel is None:
            raise HTTPException(404)
        if channel.org is None:
            own_employer(connection, visitor, channel.employer_id or "")
        elif channel.org not in visitor.account.orgs:
            raise HTTPException(404)
        notices.disable_channel(connection, channel_id)
        note(connection, console_of(request), visitor, "channel.remove", channel_id)
    return RedirectResponse("/accounts", status_code=303)
