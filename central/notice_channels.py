"""Where notices go: a mail address or a webhook of an employer, or of the person who looks after an organisation's security."""

import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from central.store import notices as store
from central.store.metadata import now_utc
from central.store.notices import Channel
from sync.contract.canonical import new_id

MIN_SECRET = 16


class Undelivered(Exception):
    """The other side did not take it this time."""


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
            raise Undelivered("the webhook's secret was sealed with another session secret; enter it again") from error


def add_channel(
    connection: Connection,
    employer_id: str | None,
    kind: str,
    address: str,
    secret: str,
    channel_secrets: ChannelSecrets,
    *,
    org: str | None = None,
) -> str:
    """Add a channel of an employer, or with `org` one for that organisation's security alerts; returns its id.

    Raises `ValueError`: `kind`, `address`, `secret`.
    """
    if kind not in {"email", "webhook"}:
        raise ValueError("kind")
    if kind == "webhook" and not address.startswith(("https://", "http://")):
        raise ValueError("address")
    if kind == "email" and ("@" not in address or any(letter in address for letter in "\r\n ,;")):
        raise ValueError("address")
    if kind == "webhook" and len(secret) < MIN_SECRET:
        raise ValueError("secret")
    channel = Channel(
        channel_id=new_id(),
        employer_id=employer_id,
        org=org,
        kind=kind,
        address=address,
        secret_sealed=channel_secrets.seal(secret) if kind == "webhook" else None,
        disabled=False,
        created_at=now_utc(),
    )
    store.add_channel(connection, channel)
    return channel.channel_id
