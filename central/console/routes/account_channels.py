"""Administration: keys of other programs, and channels for notices to employers, administrators and medics on duty.

Form fields: POST /accounts/keys `name`, `employer_id` (an employer, or `org:` and an organisation), `scopes` (several), `last_day`
(empty: no term), `networks` (empty: from anywhere), `csrf`; POST /accounts/keys/{key_id}/revoke `csrf`;
POST /accounts/channels `employer_id` or, for security alerts, `org` or, for a medic on duty, `account_id`, `kind` (email, webhook,
gateway), `address`, `secret`, `csrf`; POST /accounts/channels/{channel_id}/remove and /again `csrf`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.access.program_keys import draft_of
from central.console.access_log import note
from central.console.context import Visitor, console_of
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.accounts import accounts_page, own_employer
from central.console.typed import Typed
from central.core.rights import Right
from central.duty.roster import medics_of
from central.egress.rules import EgressRules
from central.notifying.notice_bodies import last_word
from central.notifying.notice_channels import ChannelRefused, add_channel
from central.store import accounts, api_keys, notices
from central.store.engine import reading, writing
from central.store.notices import Channel, Notice
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
    whose, org = typed.one("employer_id"), typed.one("employer_id").removeprefix("org:")
    is_of_org = whose.startswith("org:")
    if not is_of_org:
        with reading(console.engine) as connection:
            org = own_employer(connection, visitor, whose)
    elif not visitor.owns(org):
        raise HTTPException(404)
    drawn, faults = draft_of(
        typed.one("name"),
        typed.fields.get("scopes", []),
        typed.one("last_day").strip(),
        typed.one("networks"),
        of_employer=not is_of_org,
        now=console.clock(),
    )
    if drawn is None:
        return accounts_page(request, visitor, 422, typed=typed, faults={f"key_{one}": x for one, x in faults.items()})
    with writing(console.engine) as connection:
        key, secret = drawn.made(org, None if is_of_org else whose, visitor.account.account_id, console.clock())
        api_keys.add(connection, key)
        note(connection, console_of(request), visitor, "key.add", key.key_id, detail={"scopes": list(key.scopes)})
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
    if org is not None and not visitor.owns(org):
        raise HTTPException(404)
    rules = EgressRules(console.config.outgoing.allowed_networks, console.config.outgoing.plain_http)
    try:
        with writing(console.engine) as connection:
            called = typed.one("account_id") or None
            if called is not None:
                _own_medic(connection, visitor, called)
            elif org is None:
                own_employer(connection, visitor, typed.one("employer_id"))
            channel_id = add_channel(
                connection,
                typed.one("employer_id") if org is None and called is None else None,
                typed.one("kind"),
                typed.one("address").strip()[:500],
                str(form.get("secret", "")),
                console.channel_secrets,
                org=org if called is None else None,
                account_id=called,
                is_gateway_open=console.config.notices.gateway_link is not None,
                rules=rules,
                now=console.clock(),
            )
            note(connection, console_of(request), visitor, "channel.add", channel_id, detail=_whose(org))
    except ChannelRefused as error:
        fault = "wrong_form" if error.reason == "address" else f"channel_{error.reason}"
        return accounts_page(request, visitor, 422, typed=typed, faults={"channel_address": fault})
    except ValueError as error:
        return accounts_page(request, visitor, 422, typed=typed, faults={f"channel_{error}": "wrong_form"})
    return RedirectResponse("/accounts", status_code=303)


@router.post("/accounts/channels/{channel_id}/remove")
def remove_channel(
    request: Request, channel_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))]
) -> Response:
    """Stop using a channel. It gets a last notice, which says that no more will come, and why."""
    console = console_of(request)
    with writing(console.engine) as connection:
        channel = _own_channel(connection, visitor, channel_id)
        if not channel.disabled:
            now, alert_id = console.clock(), new_id()
            notices.disable_channel(connection, channel_id)
            body = last_word(channel, alert_id, visitor.account.account_id, now)
            notices.add(connection, Notice(new_id(), alert_id, channel_id, body, "queued", 0, now, now, None, ""))
            note(connection, console, visitor, "channel.remove", channel_id, detail=_whose(channel.org))
    console.wake()
    return RedirectResponse("/accounts", status_code=303)


@router.post("/accounts/channels/{channel_id}/again")
def try_again(
    request: Request, channel_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))]
) -> Response:
    """Send now what the channel has not taken so far, what was given up among it."""
    console = console_of(request)
    with writing(console.engine) as connection:
        channel = _own_channel(connection, visitor, channel_id)
        if channel.disabled:
            raise HTTPException(404)
        count = notices.hasten(connection, channel_id, console.clock(), ("queued", "failed"))
        note(connection, console, visitor, "channel.again", channel_id, detail={"rows": count})
    console.wake()
    return RedirectResponse("/accounts", status_code=303)


def _own_channel(connection: Connection, visitor: Visitor, channel_id: str) -> Channel:
    channel = notices.find_channel(connection, channel_id)
    if channel is None:
        raise HTTPException(404)
    if channel.account_id is not None:
        _own_medic(connection, visitor, channel.account_id)
    elif channel.org is None:
        own_employer(connection, visitor, channel.employer_id or "")
    elif not visitor.owns(channel.org):
        raise HTTPException(404)
    return channel


def _own_medic(connection: Connection, visitor: Visitor, account_id: str) -> None:
    """404 unless it is the account of a medic in one of the visitor's organisations."""
    if account_id not in {one.account_id for one in medics_of(accounts.all_accounts(connection), visitor.account.orgs)}:
        raise HTTPException(404)


def _whose(org: str | None) -> dict[str, bool]:
    """For the access log: whether a channel is one for security."""
    return {"security": org is not None}
