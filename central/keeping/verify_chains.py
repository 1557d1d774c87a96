"""`verify` of the chains: what came up from each terminal."""

import base64
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from central.exchange.checks import SCHEMA_OF_KIND
from central.keeping.verify_report import Expected, StoreReport
from central.store import messages, terminals
from central.store.messages import MessageRow
from sync.contract.canonical import GENESIS_HASH, sha256_hex
from sync.contract.envelope import ContractError, Envelope, open_sealed
from sync.contract.verify_report import Wrong

_MOST_GAPS = 1000
"""So many missing places in a row are named one by one; one that is named is enough to go and look."""


def check_messages(connection: Connection, _expected: Expected, report: StoreReport) -> None:
    """Every message: its bytes, its signature, its columns, its place."""
    keys = {name: [_key(one) for one in own] for name, own in terminals.all_keys(connection).items()}
    heads = {row["terminal_id"]: row for row in terminals.list_terminals(connection)}
    awaited = {name: row["gap_from"] for name, row in heads.items() if row["gap_from"] is not None}
    chain = _ChainWalk(report, awaited)
    for row in messages.in_chain_order(connection, report.on_bad("messages")):
        place = f"message {row.message_id} (terminal {row.terminal_id}, place {row.seq})"
        report.messages += 1
        with report.checking(place):
            _check_message(row, keys.get(row.terminal_id, []), place)
        with report.checking(place):
            chain.step(row, place)
    for terminal_id, head in heads.items():
        if head["head_seq"] != chain.last.get(terminal_id, 0):
            place = f"terminal {terminal_id}, place {head['head_seq']}"
            report.fault("missing", place, "the last message of the terminal is not in the store")


def _check_message(row: MessageRow, keys: list[Ed25519PublicKey], place: str) -> None:
    if row.wire is None:
        if row.kind not in messages.WITHOUT_WIRE:
            raise Wrong("changed", place, "its bytes are gone")
        return
    if sha256_hex(row.wire) != row.sha256:
        raise Wrong("changed", place, "its bytes do not give the hash under which they were stored")
    envelope = opened(row.wire, keys, place)
    stored = (row.message_id, row.terminal_id, row.seq, row.prev_hash, row.schema, row.created_at, row.clock_trusted)
    signed = (
        envelope.message_id,
        envelope.terminal_id,
        envelope.seq,
        envelope.prev_hash,
        envelope.schema_,
        envelope.created_at,
        envelope.clock.trusted,
    )
    if stored != signed or SCHEMA_OF_KIND.get(row.kind) != row.schema:
        raise Wrong("changed", place, "its columns say something else than what was signed")
    if (row.received_at - row.created_at).total_seconds() != row.clock_offset_s:
        raise Wrong("changed", place, "the time of its receipt was changed")


class _ChainWalk:
    """Follows the chains, terminal by terminal; the rows come ordered by terminal and place."""

    def __init__(self, report: StoreReport, awaited: Mapping[str, int]) -> None:
        self._report, self._awaited = report, awaited
        self._hashes: dict[int, set[str]] = {}
        self.last: dict[str, int] = {}

    def step(self, row: MessageRow, place: str) -> None:
        """Take the next row. Raises `Wrong` when it does not fit behind the one before."""
        last = self.last.get(row.terminal_id, 0)
        if last == 0:
            self._hashes = {0: {GENESIS_HASH}}
        if row.seq == last:
            self._report.remark(f"{place}: the place is taken twice, two senders have used one identity")
        for seq in range(last + 1, min(row.seq, last + 1 + _MOST_GAPS)):
            self._note_gap(row.terminal_id, seq)
        before = self._hashes.get(row.seq - 1)
        self._hashes = {seq: hashes for seq, hashes in self._hashes.items() if seq >= row.seq - 1}
        self._hashes.setdefault(row.seq, set()).add(row.sha256)
        self.last[row.terminal_id] = row.seq
        if before is not None and row.prev_hash not in before:
            raise Wrong("out_of_order", place, "it does not name the hash of the message before it")

    def _note_gap(self, terminal_id: str, seq: int) -> None:
        if seq >= self._awaited.get(terminal_id, seq + 1):
            self._report.remark(f"terminal {terminal_id}: message {seq} is awaited")
        else:
            place = f"terminal {terminal_id}, place {seq}"
            self._report.fault("missing", place, "a message that had come is not in the store")


def opened(wire: bytes, keys: list[Ed25519PublicKey], place: str) -> Envelope:
    """The envelope, signed by one of these keys. Raises `Wrong`."""
    fault = "no key of this sender is on record"
    for key in keys:
        try:
            return open_sealed(wire, key)
        except ContractError as error:
            fault = str(error)
    raise Wrong("wrongly_signed", place, fault)


def _key(text_form: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text_form))
