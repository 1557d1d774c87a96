"""Administration: the page of accounts.

GET /accounts takes `of_role`, `q` (part of a login name or a name) and `sort`.

Form fields: POST /accounts `username`, `full_name`, `role`, `org`, `employer_id` (repeatable), `medic_id`, `password`, `csrf`.
What is done to one account is in `account_deeds`, and keys of programs and channels, which stand on the same page, in
`account_channels`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.access.accounts import LDAP, OIDC, NameTaken, create_account, hash_password, is_alive, names_about
from central.access.unused import passed_time, unused_days
from central.console.access_log import note
from central.console.account_actions import offered
from central.console.context import Console, Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.sorting import sorting_of
from central.console.typed import Typed
from central.core.key_scopes import SCOPES
from central.core.name_folding import fold_name
from central.core.passed_time import PassedTime
from central.core.passwords import password_fault
from central.core.rights import EMPLOYER_ROLES, GIVEN_ROLES, RIGHTS, Right, Role
from central.duty.roster import medics_of
from central.store import accounts as store
from central.store import api_keys, medics, notices, registry, secret_tries, security_alerts
from central.store.accounts import Account
from central.store.engine import reading, writing
from central.words.texts import text

router = APIRouter()

MAX_CHARS = 200
"""Of a name, and of what a program's key is called."""
_USERNAME = re.compile(r"[\w.@-]{1,64}")


@router.get("/accounts")
def show_accounts(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))]) -> Response:
    """Accounts of the administrator's organisations, and what each role may do."""
    return accounts_page(request, visitor)


@router.post("/accounts")
def add_account(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_ACCOUNTS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Add an account; its first password has to be changed at the first login."""
    console = console_of(request)
    typed = Typed(typed_fields(form))
    password = str(form.get("password", ""))
    with reading(console.engine) as connection:
        orgs, faults = _orgs_of(connection, visitor, typed)
        faults |= _faults_of(connection, typed)
        names = names_about(connection, typed.one("username"), typed.one("full_name"), orgs)
        weak = password_fault(password, names, console.listed_passwords)
        if weak:
            faults["password"] = weak
    if not faults:
        hashed = hash_password(password)
        with writing(console.engine) as connection:
            try:
                account_id = create_account(
                    connection,
                    username=typed.one("username"),
                    full_name=typed.one("full_name").strip(),
                    role=Role(typed.one("role")),
                    password=password,
                    now=console.clock(),
                    orgs=orgs,
                    employer_ids=chosen_employers(typed),
                    medic_id=typed.one("medic_id") or None,
                    must_change_password=True,
                    listed=console.listed_passwords,
                    password_hash=hashed,
                )
            except NameTaken:
                faults["username"] = "taken"
            else:
                note(connection, console, visitor, "account.add", account_id, detail={"role": typed.one("role")})
    if faults:
        return accounts_page(request, visitor, 422, typed=typed, faults=faults)
    return RedirectResponse("/accounts", status_code=303)


def _orgs_of(connection: Connection, visitor: Visitor, typed: Typed) -> tuple[tuple[str, ...], dict[str, str]]:
    """The organisations of a new account, and what is wrong with them. 404 for what is not the visitor's to give.

    Who administers one organisation chooses none. Who administers the installation says which; without one the account is an
    administrator's of the installation, or belongs where its employer or medic does.
    """
    chosen = typed.one("org")
    if chosen and not visitor.owns(chosen):
        raise HTTPException(404)
    owners: set[str] = set()
    owners |= {own_employer(connection, visitor, one) for one in chosen_employers(typed)}
    if typed.one("medic_id"):
        owners.add(_own_medic(connection, visitor, typed.one("medic_id")))
    given = tuple(sorted(owners)) if visitor.is_installation else visitor.account.orgs
    orgs = (chosen,) if chosen else given
    if len(owners) > 1 or not owners <= set(orgs):
        return orgs, {"org": "mixed"}
    return orgs, {} if orgs or typed.one("role") == Role.ADMINISTRATOR else {"org": "choose"}


def _faults_of(connection: Connection, typed: Typed) -> dict[str, str]:
    faults: dict[str, str] = {}
    if typed.one("role") not in set(GIVEN_ROLES):
        faults["role"] = "choose"
    if not typed.one("full_name").strip():
        faults["full_name"] = "needed"
    elif len(typed.one("full_name").strip()) > MAX_CHARS:
        faults["full_name"] = "too_long"
    if typed.one("role") in EMPLOYER_ROLES and not chosen_employers(typed):
        faults["employer_id"] = "choose"
    if not typed.one("username").strip():
        faults["username"] = "needed"
    elif not _USERNAME.fullmatch(typed.one("username").strip()):
        faults["username"] = "wrong_username"
    elif store.by_username(connection, typed.one("username").strip().lower()) is not None:
        faults["username"] = "taken"
    return faults


def offered_now(connection: Connection, console: Console, visitor: Visitor, account: Account) -> tuple[str, ...]:
    """The actions that the page offers for an account."""
    now = console.clock()
    return offered(
        account,
        now,
        factor_roles=console.config.accounts.second_factor_roles,
        is_own=account.account_id == visitor.account.account_id,
        is_locked=secret_tries.is_any_locked(connection, account.account_id, now),
        has_sessions=any(is_alive(item, now) for item in store.sessions_of(connection, account.account_id)),
    )


def _manages(visitor: Visitor, account: Account) -> bool:
    """Whether the account is the visitor's to change: wholly of the own organisations. Those of the installation are its own."""
    return visitor.is_installation or (bool(account.orgs) and set(account.orgs) <= set(visitor.account.orgs))


def own_account(connection: Connection, visitor: Visitor, account_id: str) -> Account:
    """An account that the visitor may change; 404 for any other, for one that is erased, and for a worker's."""
    account = store.by_id(connection, account_id)
    if (
        account is None
        or account.person_id is not None
        or account.erased_at is not None
        or not _manages(visitor, account)
    ):
        raise HTTPException(404)
    return account


def _own_medic(connection: Connection, visitor: Visitor, medic_id: str) -> str:
    """The organisation of a medic whom the visitor may give an account; 404 for any other."""
    return own_or_404(visitor, medics.find(connection, medic_id)).org


def chosen_employers(typed: Typed) -> tuple[str, ...]:
    """The employers that a form names for an account, each once."""
    return tuple(sorted({one for one in typed.fields.get("employer_id", ()) if one}))


def own_employer(connection: Connection, visitor: Visitor, employer_id: str) -> str:
    """The organisation of an employer that the visitor may manage; 404 for any other."""
    return str(own_or_404(visitor, registry.get_employer(connection, employer_id))["org"])


def _is_meant(item: Account, of_role: str, words: str) -> bool:
    wanted = fold_name(words)
    return (not of_role or item.role == of_role) and (
        not wanted or wanted in fold_name(item.username) or wanted in fold_name(item.full_name)
    )


def _orders(visitor: Visitor, now: datetime) -> Mapping[str, Callable[[Account], Any]]:
    """By what the list of accounts is sorted."""
    return {
        "username": attrgetter("username"),
        "full_name": attrgetter("full_name"),
        "role": lambda item: text(visitor.look.language, f"role.{item.role}"),
        "factor": lambda item: not item.has_totp,
        "last_login": attrgetter("last_login_at"),
        "state": lambda item: (not item.disabled, item.locked_until is None or item.locked_until <= now),
    }


def _vouchers(console: Console) -> dict[str, str]:
    """Who may vouch for accounts here, by what pages call them."""
    found = {}
    if console.provider is not None:
        found[OIDC] = console.provider.config.name
    if console.directory is not None:
        found[LDAP] = console.directory.config.name
    return found


def _unused(accounts: Sequence[Account], passed: PassedTime, console: Console) -> dict[str, int]:
    """The days of those that nobody has used for long, by id."""
    days = {item.account_id: unused_days(item, passed, console.clock()) for item in accounts}
    return {one: found for one, found in days.items() if found >= console.config.accounts.unused_warn_days}


def accounts_page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
    fresh_key: str = "",
    about: str = "",
) -> Response:
    """The page, with what was typed and what is wrong with it; `fresh_key` is shown this once.

    `about`: the account whose form has a fault.
    """
    console = console_of(request)
    orgs = visitor.account.orgs
    keys = _orders(visitor, console.clock())
    sort = sorting_of(request, keys, path="/accounts", usual="username")
    of_role, words = request.query_params.get("of_role", ""), request.query_params.get("q", "").strip()[:MAX_CHARS]
    with reading(console.engine) as connection:
        mine = [item for item in store.all_accounts(connection) if _manages(visitor, item)]
        unused = _unused(mine, passed_time(connection, console.config.accounts, console.clock()), console)
        shown = [item for item in mine if item.erased_at is None and _is_meant(item, of_role, words)]
        employers = {
            row["employer_id"]: row["name"] for org in orgs for row in registry.list_employers(connection, org)
        }
        channels = [item for employer_id in employers for item in notices.channels_of(connection, employer_id)]
        security_channels = [item for org in orgs for item in notices.security_channels(connection, org)]
        on_duty = {item.account_id: item.called for item in medics_of(mine, orgs)}
        duty_channels = notices.channels_of_accounts(connection, on_duty)
        names = {item.account_id: item.called for item in mine}
        ids = [item.channel_id for item in (*channels, *security_channels, *duty_channels)]
        return page(
            request,
            "accounts.html",
            visitor,
            status,
            accounts=[(item, offered_now(connection, console, visitor, item)) for item in sort.rows(shown, keys)],
            sort=sort,
            of_role=of_role,
            query=words,
            about=about,
            employers=employers,
            medics=medics.of_organisations(connection, orgs),
            keys=api_keys.of_organisations(connection, orgs),
            scopes=SCOPES,
            channels=channels,
            security_channels=security_channels,
            duty_channels=duty_channels,
            on_duty=on_duty,
            channel_kinds=("email", "webhook", *(("gateway",) if console.config.notices.gateway_link else ())),
            channel_states=notices.states_of(connection, ids),
            security_alerts=security_alerts.latest(connection, orgs, 10),
            names=names,
            concerned={entry.medic_id: entry.full_name for entry in medics.of_organisations(connection, orgs)} | names,
            organisations={
                row["org"]: row["name"] for row in registry.list_organisations(connection) if row["org"] in orgs
            },
            unused=unused,
            unused_names=", ".join(item.called for item in mine if item.account_id in unused),
            terms=console.config.accounts,
            roles=list(GIVEN_ROLES),
            all_rights=list(Right),
            matrix=RIGHTS,
            is_installation=visitor.is_installation,
            typed=typed or Typed({}),
            faults=faults or {},
            fresh_key=fresh_key,
            vouchers=_vouchers(console),
            now=console.clock(),
            factor_roles=console.config.accounts.second_factor_roles,
        )
