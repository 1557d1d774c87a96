"""The result for each message: the receipt for its sender, and the anomaly that is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from central.exchange.checks import Accepted, Refused
from central.store import messages
from central.store.anomalies import NewAnomaly
from central.store.terminals import Known
from sync.contract.receipt import Receipt
from sync.contract.topics import TerminalAddress, Up


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one message. `receipt` is None where nobody can be told. `code` as counted by the metrics; `facts` say
    what is behind it."""

    kind: str
    address: TerminalAddress | None
    outcome: str
    code: str
    receipt: Receipt | None
    facts: Mapping[str, str] = field(default_factory=dict)


def judged_verdict(
    item: Accepted, is_new: bool, first_of: dict[str, Accepted], on_record: dict[str, messages.Stored], now: datetime
) -> Verdict:
    """The verdict on a message that was in order. `is_new`: it was stored now. Another one under its id refuses it."""
    message_id = item.envelope.message_id
    if is_new:
        return Verdict(item.kind, item.address, "accepted", "", _receipt(message_id, "accepted", now))
    before = on_record.get(message_id)
    same_bytes = before.sha256 if before else first_of[message_id].sha256
    if same_bytes != item.sha256:
        receipt = _receipt(message_id, "refused", now, "message_id_reused", "another message was stored under this id")
        return Verdict(item.kind, item.address, "refused", "message_id_reused", receipt)
    at = before.received_at if before else now
    return Verdict(item.kind, item.address, "duplicate", "", _receipt(message_id, "duplicate", at))


def _receipt(message_id: str, outcome: str, at: datetime, code: str = "", reason: str = "") -> Receipt:
    return Receipt.model_validate(
        {"message_id": message_id, "outcome": outcome, "code": code, "reason": reason[:200], "committed_at": at}
    )


def refusal_verdict(item: Refused, known: dict[str, Known], now: datetime) -> Verdict:
    """The verdict on a message that was refused by the checks."""
    address = item.address
    # Only a registered terminal is answered: anything else would let a stranger make the centre talk to others.
    answerable = address is not None and address.terminal in known and known[address.terminal].org == address.org
    receipt = None
    if answerable and item.message_id is not None:
        receipt = _receipt(item.message_id, "refused", now, item.code, item.reason)
    return Verdict("", address, "refused", item.code, receipt, item.facts)


def anomaly_of(item: Accepted | Refused, verdict: Verdict) -> NewAnomaly:
    """What is recorded of a refusal."""
    if isinstance(item, Accepted):
        detail = f"message {item.envelope.message_id}: another one is on record under this id"
        return NewAnomaly(
            verdict.code, item.address.up(Up(item.kind)), detail, item.address.terminal, item.envelope.message_id
        )
    detail = f"message {item.message_id}: {item.reason}" if item.message_id else item.reason
    return NewAnomaly(item.code, item.topic, detail, item.address.terminal if item.address else None)


def counted(noted: Sequence[NewAnomaly]) -> list[NewAnomaly]:
    """The same ones of a batch as one, with their number, in one order for all who write them."""
    merged: dict[tuple[str, str, str | None, int | None], NewAnomaly] = {}
    for found in noted:
        key = (found.kind, found.terminal_id or found.topic, found.message_id, found.first_seq)
        before = merged.get(key)
        merged[key] = replace(found, times=found.times + (before.times if before else 0))
    return [merged[key] for key in sorted(merged, key=str)]
