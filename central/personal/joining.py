"""How a worker gets an account: by a link that somebody has given who knew the worker by sight.

A medic makes a link in the medical room after looking at a document, or the kiosk shows one after a medic has recognised the worker
in that very exam. Either is for one person, for `LINK_VALID`, and works once. A person has one account; a further link gives its
owner a new password.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from central.access.accounts import create_account
from central.core.rights import Role
from central.deciding.account_offers import knows_by_sight
from central.store import (
    account_links,
    accounts,
    decisions,
    employments,
    exams,
    recovery_codes,
    secret_tries,
    terminals,
)
from central.store.account_links import AccountLink
from central.store.accounts import NO_FACTOR, Account
from central.store.workers import get_worker
from sync.contract.account_link import LINK_VALID, parse_token, signed_bytes
from sync.contract.canonical import new_id

_LOGIN_DIGITS = 8


class LinkRefused(Exception):
    """No account comes of this link. `code`: `unknown`, `used`, `expired`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link that holds is good for. `account`: the one that the person has already."""

    link: AccountLink
    full_name: str
    account: Account | None


def make_link(connection: Connection, person_id: str, made_by: str, now: datetime) -> str:
    """A link for a person whose document somebody has just seen; returns its token, which is kept nowhere. Earlier ones end."""
    token = secrets.token_urlsafe(24)
    account_links.close_others(connection, person_id, now)
    link = AccountLink(new_id(), token_hash(token), person_id, None, made_by, now, now + LINK_VALID)
    account_links.add(connection, link)
    return token


def token_hash(token: str) -> str:
    """What the store knows of a token."""
    return sha256(token.encode("utf-8")).hexdigest()


def claim_of(connection: Connection, token: str, now: datetime) -> Claim:
    """What this link is good for now. Raises `LinkRefused`."""
    link = account_links.of_token(connection, token_hash(token)) or _of_kiosk(connection, token)
    if link is None:
        raise LinkRefused("unknown")
    if link.used_at is not None:
        raise LinkRefused("used")
    if not link.made_at <= now + timedelta(minutes=1) or now >= link.expires_at:
        raise LinkRefused("expired")
    name = employments.name_of(connection, link.person_id)
    if name is None:
        raise LinkRefused("unknown")
    return Claim(link, name, account_links.account_of(connection, link.person_id))


def join(connection: Connection, claim: Claim, password: str, password_hash: str, now: datetime) -> str:
    """Use the link up: a new account, or the person's own with this password and no second factor. Returns its id.

    Raises `LinkRefused` when somebody has used it just now.
    """
    link = claim.link
    # Until now only the kiosk knew its link: the row is what makes a second use fail.
    if link.exam_id is not None and not account_links.add(connection, link):
        raise LinkRefused("used")
    known = claim.account
    account_id = known.account_id if known is not None else _new(connection, claim, password, password_hash, now)
    if not account_links.use(connection, link.link_id, account_id, now):
        raise LinkRefused("used")
    if known is not None:
        values = {
            "password_hash": password_hash,
            "must_change_password": False,
            "disabled": False,
            "enabled_at": now,
        } | NO_FACTOR
        accounts.change_account(connection, account_id, values)
        accounts.end_sessions_of(connection, account_id)
        recovery_codes.replace(connection, account_id, [], now)
        secret_tries.forget_account(connection, account_id)
    return account_id


def _new(connection: Connection, claim: Claim, password: str, password_hash: str, now: datetime) -> str:
    return create_account(
        connection,
        username=_free_login(connection),
        full_name=claim.full_name,
        role=Role.WORKER,
        password=password,
        now=now,
        password_hash=password_hash,
        person_id=claim.link.person_id,
    )


def _free_login(connection: Connection) -> str:
    """A login name that says nothing of its owner."""
    while True:
        name = "".join(secrets.choice("0123456789") for _ in range(_LOGIN_DIGITS))
        if accounts.by_username(connection, name) is None:
            return name


def _of_kiosk(connection: Connection, token: str) -> AccountLink | None:
    """The link that a kiosk showed, if its terminal signed it and a medic has recognised the worker in that exam."""
    parsed = parse_token(token)
    exam = exams.get(connection, parsed[0]) if parsed is not None else None
    if parsed is None or exam is None or exam["worker_id"] is None or exam["decision_id"] is None:
        return None
    decided = decisions.find(connection, exam["decision_id"])
    terminal = terminals.get_terminal(connection, exam["terminal_id"])
    worker = get_worker(connection, exam["worker_id"])
    if decided is None or terminal is None or worker is None or not knows_by_sight(decided.outcome, exam["payload"]):
        return None
    if not _is_signed(terminal["public_key"], parsed[1], signed_bytes(parsed[0])):
        return None
    at = decided.decided_at
    return AccountLink(new_id(), token_hash(token), worker["person_id"], exam["exam_id"], None, at, at + LINK_VALID)


def _is_signed(public_key: str | None, signature: bytes, content: bytes) -> bool:
    """Whether the terminal with that key (raw, base64) has signed this. One without a key has signed nothing."""
    if public_key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(signature, content)
    except InvalidSignature:
        return False
    return True
