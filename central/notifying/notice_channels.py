"""Channels for notices: a mail address, a webhook or a gateway of an employer, of a security contact, of a medic on duty."""

import secrets
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from central.core.clock import now_utc
from central.egress.rules import OPERATORS_OWN, AddressRefused, EgressRules, mailbox, web_address
from central.store import notices as store
from central.store.notices import Channel
from sync.contract.canonical import new_id

MIN_SECRET = 16


class Undelivered(Exception):
    """The other side did not take it this time.

    `code`: `wrong_address`, `secret`, `no_mail_server`, `mail_settings`, `mail_refused`, `status`, `removed`, or one of
    `central.egress.connecting.Unreached`. Pages have words for each.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ChannelRefused(ValueError):
    """The address of a channel cannot be used. `reason`: as `code` of `central.egress.rules.AddressRefused`."""

    def __init__(self, reason: str) -> None:
        super().__init__("address")
        self.reason = reason


class ChannelSecrets:
    """Seals webhook secrets with a key derived from the console's session secret."""

    def __init__(self, session_secret: bytes) -> None:
        self._key = AESGCM(sha256(b"dopusk webhook" + session_secret).digest())

    def seal(self, secret: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = secrets.token_bytes(12)
        return nonce + self._key.encrypt(nonce, secret.encode("utf-8"), None)

    def open(self, sealed: bytes) -> str:
        """The secret. Raises `Undelivered` when the session secret has changed since."""
        try:
            return self._key.decrypt(sealed[:12], sealed[12:], None).decode("utf-8")
        except InvalidTag as error:
            raise Undelivered(
                "secret", "the webhook's secret was sealed with another session secret; enter it again"
            ) from error


def add_channel(
    connection: Connection,
    employer_id: str | None,
    kind: str,
    address: str,
    secret: str,
    channel_secrets: ChannelSecrets,
    *,
    org: str | None = None,
    account_id: str | None = None,
    is_gateway_open: bool = False,
    rules: EgressRules = OPERATORS_OWN,
    now: datetime | None = None,
) -> str:
    """Add a channel of an employer, with `org` one for that organisation's security alerts, with `account_id` one that calls a
    medic on duty; returns its id. `is_gateway_open`: whether the configuration opens the gateway of messengers.

    `rules`: whom it may lead to; an address that came from outside is held against those of the configuration.

    Raises `ValueError`: `kind`, `address`, `secret`; `ChannelRefused` with the reason beside it for an address.
    """
    if kind not in ({"email", "webhook", "gateway"} if is_gateway_open else {"email", "webhook"}):
        raise ValueError("kind")
    try:
        if kind != "email":
            web_address(address, rules)
        else:
            mailbox(address)
    except AddressRefused as error:
        raise ChannelRefused(error.code) from error
    if kind != "email" and len(secret) < MIN_SECRET:
        raise ValueError("secret")
    channel = Channel(
        channel_id=new_id(),
        employer_id=employer_id,
        org=org,
        kind=kind,
        address=address,
        secret_sealed=channel_secrets.seal(secret) if kind != "email" else None,
        disabled=False,
        created_at=now or now_utc(),
        account_id=account_id,
    )
    store.add_channel(connection, channel)
    return channel.channel_id
