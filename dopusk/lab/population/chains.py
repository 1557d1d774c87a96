"""The heads of the invented terminals' chains, in both directions, and messages sealed after them."""

import base64
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, bindparam, select, update

from central.store.terminals import terminal
from dopusk.lab.population.signing import Keyring
from sync.contract.canonical import sha256_hex
from sync.contract.model import utc_text

_CLOCK = b'{"clock":{"boot_id":"population","monotonic_s":1,"trusted":true},"created_at":"'


@dataclass(slots=True)
class Chain:
    """The newest link of one direction of one terminal."""

    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Link:
    """A sealed message at its place."""

    seq: int
    prev_hash: str
    sha256: str
    wire: bytes


class Chains:
    """Seals messages of terminals with their own keys, and of the centre with its key."""

    def __init__(self, keyring: Keyring, centre_key: Ed25519PrivateKey, generation: str) -> None:
        self._keyring, self._centre_key, self._generation = keyring, centre_key, generation
        self._keys: dict[str, Ed25519PrivateKey] = {}
        self._up: dict[str, Chain] = {}
        self._down: dict[str, Chain] = {}
        self._touched: set[str] = set()

    def read(self, connection: Connection, terminal_ids: tuple[str, ...]) -> None:
        """Take up the chains where the store has them."""
        t, known = terminal.c, frozenset(terminal_ids)
        rows = connection.execute(select(t.terminal_id, t.head_seq, t.head_hash, t.down_seq, t.down_hash))
        for row in rows.all():
            if row.terminal_id in known:
                self._up[row.terminal_id] = Chain(row.head_seq, row.head_hash)
                self._down[row.terminal_id] = Chain(row.down_seq, row.down_hash)

    def up(self, terminal_id: str, message_id: str, schema: str, payload: bytes, at: datetime) -> Link:
        """A message of the terminal. `payload`: canonical JSON."""
        key = self._keys.get(terminal_id)
        if key is None:
            key = self._keys[terminal_id] = self._keyring.terminal(terminal_id)
        return self._seal(self._up[terminal_id], key, terminal_id, message_id, schema, payload, at)

    def down(self, terminal_id: str, message_id: str, schema: str, payload: bytes, at: datetime) -> Link:
        """A message of the centre to the terminal."""
        return self._seal(self._down[terminal_id], self._centre_key, terminal_id, message_id, schema, payload, at)

    def _seal(
        self,
        chain: Chain,
        key: Ed25519PrivateKey,
        terminal_id: str,
        message_id: str,
        schema: str,
        payload: bytes,
        at: datetime,
    ) -> Link:
        # Canonical JSON: the members of the envelope stand in the order of their names.
        seq, before = chain.seq + 1, chain.head
        head = f'{utc_text(at)}","generation":"{self._generation}","message_id":"{message_id}","payload":'
        tail = f',"prev_hash":"{before}","schema":"{schema}","seq":{seq},'
        body = _CLOCK + head.encode() + payload + tail.encode()
        name = f'"terminal_id":"{terminal_id}"}}'.encode()
        signature = base64.b64encode(key.sign(body + name))
        wire = body + b'"signature":"' + signature + b'",' + name
        chain.seq, chain.head = seq, sha256_hex(wire)
        self._touched.add(terminal_id)
        return Link(seq, before, chain.head, wire)

    def write(self, connection: Connection) -> None:
        """Note in the register of terminals how far the chains have come since the last time."""
        rows: list[dict[str, str | int]] = [
            {"terminal": name} | _ends("up", self._up[name]) | _ends("down", self._down[name])
            for name in sorted(self._touched)
        ]
        if rows:
            connection.execute(_AT_ENDS, rows)
        self._touched.clear()


def _ends(way: str, chain: Chain) -> dict[str, str | int]:
    return {way: chain.seq, f"{way}_hash": chain.head}


_AT_ENDS = (
    update(terminal)
    .where(terminal.c.terminal_id == bindparam("terminal"))
    .values(
        head_seq=bindparam("up"),
        head_hash=bindparam("up_hash"),
        down_seq=bindparam("down"),
        down_hash=bindparam("down_hash"),
    )
)
