"""`verify` of what went down to the terminals: the chain, the centre's signature, and each terminal's signed answer."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from central.keeping.verify_chains import opened
from central.keeping.verify_report import Expected, StoreReport
from central.store import messages, outgoing, terminals
from central.store.outgoing import OutgoingRow
from sync.contract.canonical import GENESIS_HASH, sha256_hex
from sync.contract.receipt import AckBatch
from sync.contract.topics import kind_of_schema
from sync.contract.verify_report import Wrong

Refused = tuple[datetime | None, str | None, str | None]
"""When, with which code, and why a terminal refused a message."""


@dataclass(slots=True)
class _Answers:
    """What one terminal has answered, from its own signed messages."""

    acked: dict[str, set[datetime]] = field(default_factory=dict)
    """By message."""
    refused: dict[str, set[Refused]] = field(default_factory=dict)
    """By the hash of the bytes."""

    @classmethod
    def of(cls, connection: Connection, terminal_id: str, report: StoreReport) -> "_Answers":
        answers = cls()
        walk = f"answers of terminal {terminal_id}"
        for wire, received_at in messages.acknowledgements(connection, terminal_id, report.on_bad(walk)):
            with report.checking(walk):
                batch = AckBatch.model_validate(json.loads(wire)["payload"])
                for message_id in batch.message_ids:
                    answers.acked.setdefault(message_id, set()).add(received_at)
                for one in batch.refused:
                    answers.refused.setdefault(one.sha256, set()).add((received_at, one.code, one.reason))
        return answers


def check_outgoing(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every message to a terminal: its bytes, its place, the centre's signature, the answer to it."""
    orgs = {row["terminal_id"]: row["org"] for row in terminals.list_terminals(connection)}
    last: dict[str, tuple[int, str]] = {}
    answers, resent = _Answers(), _Resent()
    for row in outgoing.in_chain_order(connection, report.on_bad("outgoing messages")):
        report.outgoing += 1
        place = f"outgoing message {row.message_id} (terminal {row.terminal_id}, place {row.seq})"
        if row.terminal_id not in last:
            resent.check_all_sent(report)
            answers, resent = _Answers.of(connection, row.terminal_id, report), _Resent()
        seq, head = last.get(row.terminal_id, (0, GENESIS_HASH))
        last[row.terminal_id] = (row.seq, row.sha256)
        if (row.seq, row.prev_hash) != (seq + 1, head):
            report.fault("out_of_order", place, f"it does not follow place {seq}")
        with report.checking(place):
            _check_bytes(row, expected, place)
        if row.org != orgs.get(row.terminal_id):
            report.fault("changed", place, "it names another organisation than the terminal's")
        with report.checking(place):
            _check_answer(row, answers, place)
        with report.checking(place):
            resent.note(row, place)
    resent.check_all_sent(report)
    for terminal in terminals.list_terminals(connection):
        terminal_id, end = terminal["terminal_id"], (terminal["down_seq"], terminal["down_hash"])
        if last.get(terminal_id, (0, GENESIS_HASH)) != end:
            place = f"terminal {terminal_id}, outgoing place {end[0]}"
            report.fault("missing", place, "the last message to the terminal is not in the store")


def _check_bytes(row: OutgoingRow, expected: Expected, place: str) -> None:
    if row.is_emptied:
        return
    if sha256_hex(row.wire) != row.sha256:
        raise Wrong("changed", place, "its bytes do not give the hash under which they were stored")
    if expected.centre_key is None:
        return
    envelope = opened(row.wire, [expected.centre_key], place)
    kind = kind_of_schema(envelope.schema_)
    signed = (
        envelope.message_id,
        envelope.terminal_id,
        envelope.seq,
        envelope.prev_hash,
        kind,
        envelope.created_at,
    )
    if signed != (row.message_id, row.terminal_id, row.seq, row.prev_hash, row.kind, row.created_at):
        raise Wrong("changed", place, "its columns say something else than what was signed")


def _check_answer(row: OutgoingRow, answers: _Answers, place: str) -> None:
    """State, times and reasons are what the terminal's own messages give."""
    acked, refused = answers.acked.get(row.message_id, set()), answers.refused.get(row.sha256, set())
    noted: Refused = (row.refused_at, row.refusal_code, row.refusal_reason)
    is_acked = row.state == "acked"
    if is_acked != bool(acked) or (row.acked_at in acked) != is_acked or (row.acked_at is None) == is_acked:
        raise Wrong("changed", place, f"it is noted as {row.state}, and the terminal's acknowledgements say otherwise")
    is_noted = noted != (None, None, None)
    if (is_noted and noted not in refused) or (row.state == "refused" and not is_noted):
        raise Wrong("changed", place, "what is noted of its refusal is not what the terminal said")
    if row.state not in ("queued", "sent", "acked", "refused", "superseded"):
        raise Wrong("changed", place, f"there is no state {row.state!r}")
    if row.state in ("queued", "sent") and refused:
        raise Wrong("changed", place, f"it is noted as {row.state}, and the terminal has refused it")
    if (row.state == "superseded") and (row.wire or is_noted):
        raise Wrong("changed", place, "it is noted as superseded, and is not a roster that a newer one has replaced")


class _Resent:
    """What was sent again must be there, behind what was refused, of the same kind."""

    def __init__(self) -> None:
        self._wanted: dict[str, tuple[str, str]] = {}

    def note(self, row: OutgoingRow, place: str) -> None:
        wanted = self._wanted.pop(row.message_id, None)
        if wanted is not None and wanted[0] != row.kind:
            raise Wrong("changed", wanted[1], "it was sent again as a message of another kind")
        if row.resent_as is not None:
            if row.refused_at is None:
                raise Wrong("changed", place, "it was sent again, and nobody had refused it")
            self._wanted[row.resent_as] = (row.kind, place)

    def check_all_sent(self, report: StoreReport) -> None:
        for message_id, (_, place) in self._wanted.items():
            report.fault("missing", place, f"it was sent again as {message_id}, which is not there")
