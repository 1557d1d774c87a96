"""Messages of the centre to terminals: sealed, numbered and stored in the transaction that causes them.

`Outgoing.queue` only writes; `central.exchange.dispatcher.Dispatcher` carries the rows to the broker and the terminal's `ack`,
taken by ingest, closes them.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection

from central.core.clock import now_utc
from central.core.config import CentralConfig, ConfigError, Generation
from central.store import outgoing as store
from central.store.chain_heads import DownLink, next_down_link
from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.envelope import ClockStamp, Envelope, Sealed, seal
from sync.contract.person_code import worker_code
from sync.contract.signing_request import SigningRequest, public_text, seal_request

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
DownKind = Literal["decision", "roster", "reference", "photo", "order"]


class Outgoing:
    """The centre's pen: its signing key and its generation."""

    def __init__(self, key: Ed25519PrivateKey, generation: Generation) -> None:
        self._key = key
        self._generation = generation
        self._boot_id = BOOT_ID.read_text(encoding="ascii").strip()

    @classmethod
    def from_config(cls, config: CentralConfig) -> "Outgoing":
        """With the key of the configuration. Raises `ConfigError` when the file holds no Ed25519 key."""
        return cls(load_signing_key(config.keys.centre_signing_key_file), config.generation)

    def queue(
        self, connection: Connection, terminal_id: str, kind: DownKind, schema: str, payload: dict[str, Any]
    ) -> str:
        """Seal a message for a terminal and store it, all in the caller's transaction; returns its `message_id`.

        Call `Dispatcher.wake()` after the commit. Raises `LookupError` for a terminal that is not registered, and
        `ValueError` for a payload without canonical form or a message larger than the wire takes.
        """
        link = next_down_link(connection, terminal_id)
        envelope = self.envelope(terminal_id, schema, payload, seq=link.seq, prev_hash=link.prev_hash)
        store.add(connection, link, envelope.message_id, kind, seal(envelope, self._key), now=envelope.created_at)
        return envelope.message_id

    def seal_ahead(
        self, link: DownLink, schema: str, payloads: Iterable[dict[str, Any]]
    ) -> list[tuple[DownLink, Envelope, Sealed]]:
        """Seal messages for the places from `link` on without storing them.

        `store_ahead` stores them, in a transaction that finds the chain still there. Raises as `queue`.
        """
        made = []
        for payload in payloads:
            envelope = self.envelope(link.terminal_id, schema, payload, seq=link.seq, prev_hash=link.prev_hash)
            message = seal(envelope, self._key)
            made.append((link, envelope, message))
            link = replace(link, seq=link.seq + 1, prev_hash=message.sha256)
        return made

    def seal_record(
        self, room_id: str, schema: str, payload: dict[str, Any], *, seq: int, prev_hash: str
    ) -> tuple[Envelope, Sealed]:
        """Seal a record of a medical room for this place of its chain. Raises `ValueError` as `queue`."""
        envelope = self.envelope(room_id, schema, payload, seq=seq, prev_hash=prev_hash)
        return envelope, seal(envelope, self._key)

    def seal_unchained(self, terminal_id: str, schema: str, payload: dict[str, Any]) -> Sealed:
        """Seal a message that is neither chained nor stored: a lost receipt is asked for again."""
        return seal(self.envelope(terminal_id, schema, payload, seq=1, prev_hash=GENESIS_HASH), self._key)

    def seal_signing_request(self, request: SigningRequest) -> dict[str, str]:
        """A request to the program that holds a medic's key at her workplace, signed: it signs for nobody else."""
        return seal_request(request, self._key)

    @property
    def verifying_key(self) -> Ed25519PublicKey:
        """What the centre's own signatures are checked with."""
        return self._key.public_key()

    def sign_worker_code(self, worker_id: str) -> str:
        """The code of an employment (`sync.contract.person_code`): it says who somebody is, and permits nothing."""
        return worker_code(worker_id, self._key)

    @property
    def public_key(self) -> str:
        """What such a program is told at its set-up: the raw key, base64."""
        return public_text(self._key.public_key())

    def envelope(self, terminal_id: str, schema: str, payload: dict[str, Any], *, seq: int, prev_hash: str) -> Envelope:
        """An envelope of the centre, still unsealed."""
        return Envelope(
            message_id=new_id(),
            schema=schema,
            terminal_id=terminal_id,
            seq=seq,
            prev_hash=prev_hash,
            created_at=now_utc(),
            clock=ClockStamp(trusted=True, boot_id=self._boot_id, monotonic_s=time.monotonic()),
            generation=self._generation,
            payload=payload,
        )


def store_ahead(connection: Connection, kind: DownKind, made: Sequence[tuple[DownLink, Envelope, Sealed]]) -> None:
    """Store what `Outgoing.seal_ahead` has sealed. Raises as `Outgoing.queue`."""
    for link, envelope, message in made:
        store.add(connection, link, envelope.message_id, kind, message, now=envelope.created_at)


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read an Ed25519 private key from PEM. Raises `ConfigError`."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(str(path), [f"keys.centre_signing_key_file: {error}"]) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(str(path), ["keys.centre_signing_key_file: not an Ed25519 key"])
    return key
