"""Checks one message from a terminal: pure, no I/O. A fault is a value, not an exception.

Order of the checks: topic, size and form, sender, signature, generation, clock, schema. A check of a later stage never
runs on what an earlier one refused, so nothing of an unsigned message is believed but its id.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from central.core.config import Generation
from central.store.terminals import Known
from sync.contract.canonical import sha256_hex
from sync.contract.envelope import ContractError, Envelope, check_signature, read_unverified
from sync.contract.exam import EXAM_SCHEMA, ExamRecord
from sync.contract.face import FACE_SCHEMA, FaceReport
from sync.contract.health import HEALTH_SCHEMA, HealthReport
from sync.contract.media import MEDIA_SCHEMA, MediaChunk
from sync.contract.model import WireModel
from sync.contract.order import MEASURED_SCHEMA, MeasuredReport
from sync.contract.passage import PASSAGE_SCHEMA, PassageReport
from sync.contract.receipt import ACK_SCHEMA, AckBatch
from sync.contract.topics import TerminalAddress, Up, parse_topic

_READABLE_BYTES = 2 * 1024 * 1024
_MAX_REVISION = 10_000
_HEX = frozenset("0123456789abcdef")
_SCHEMAS: dict[str, tuple[str, type[WireModel]]] = {
    Up.EXAM: (EXAM_SCHEMA, ExamRecord),
    Up.MEDIA: (MEDIA_SCHEMA, MediaChunk),
    Up.ACK: (ACK_SCHEMA, AckBatch),
    Up.HEALTH: (HEALTH_SCHEMA, HealthReport),
    Up.FACE: (FACE_SCHEMA, FaceReport),
    Up.MEASURED: (MEASURED_SCHEMA, MeasuredReport),
    Up.PASSAGE: (PASSAGE_SCHEMA, PassageReport),
}
SCHEMA_OF_KIND = {str(kind): schema for kind, (schema, _) in _SCHEMAS.items()}
"""Which schema travels on which kind of topic."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that is the sender's and in order. `body` is the payload as its model reads it."""

    address: TerminalAddress
    kind: str
    envelope: Envelope
    body: WireModel
    wire: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not taken. `code` is a word of the metrics; `message_id` only where it could be read.

    `facts`: what `reason` says, for whoever says it in other words.
    """

    topic: str
    address: TerminalAddress | None
    message_id: str | None
    code: str
    reason: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the centre accepts beyond the contract."""

    generation: Generation
    future_tolerance: timedelta
    gap_grace: timedelta = timedelta(minutes=2)
    """How long a place of a chain may stay empty before that is recorded: media come behind exams."""


def address_of(topic: str) -> tuple[TerminalAddress, str]:
    """The sender that this topic allows, and the kind. Raises `ContractError` (`foreign_topic`)."""
    try:
        address, direction, kind = parse_topic(topic)
    except ValueError as error:
        raise ContractError("foreign_topic", str(error)) from error
    if direction != "up":
        raise ContractError("foreign_topic", f"not a topic that terminals send on: {topic!r}")
    return address, kind


def judge(topic: str, wire: bytes, known: dict[str, Known], rules: Rules, now: datetime) -> Accepted | Refused:
    """Judge one message by everything but the store's history."""
    address: TerminalAddress | None = None
    message_id: str | None = None
    try:
        address, kind = address_of(topic)
        message = read_unverified(wire)
        envelope = message.envelope
        message_id = envelope.message_id
        _check_text(wire, message.fields)
        sender = _sender(address, envelope, known)
        check_signature(message, _public_key(sender.public_key or ""))
        _check_generation(envelope, rules)
        _check_clock(envelope, rules, now)
        body = _read_body(kind, envelope)
        return Accepted(address, kind, envelope, body, wire, sha256_hex(wire))
    except OverflowError as error:
        reason = f"a number or time out of range: {error}"
        return Refused(topic, address, message_id or _id_at_least(wire), "malformed", reason, {"form": "range"})
    except ContractError as error:
        return Refused(topic, address, message_id or _id_at_least(wire), error.code, str(error), error.facts)


def _check_text(wire: bytes, fields: dict[str, Any]) -> None:
    # PostgreSQL cannot store this one character, and no name, reason or serial number has a use for it.
    if rb"\u0000" in wire and "\0" in "".join(_texts(fields)):
        raise ContractError("malformed", "a text contains the character NUL", form="nul")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _sender(address: TerminalAddress, envelope: Envelope, known: dict[str, Known]) -> Known:
    if envelope.terminal_id != address.terminal:
        raise ContractError(
            "foreign_terminal",
            f"signed for {envelope.terminal_id}, sent by {address.terminal}",
            signed=envelope.terminal_id,
            sent=address.terminal,
        )
    sender = known.get(address.terminal)
    if sender is None or sender.org != address.org:
        raise ContractError(
            "unknown_terminal",
            f"terminal {address.terminal} of {address.org} is not registered",
            terminal=address.terminal,
            org=address.org,
        )
    if sender.state != "enrolled" or sender.public_key is None:
        raise ContractError(
            "not_enrolled",
            f"terminal {address.terminal} is {sender.state}",
            terminal=address.terminal,
            form=sender.state,
        )
    return sender


def _check_generation(envelope: Envelope, rules: Rules) -> None:
    if envelope.generation != rules.generation:
        raise ContractError(
            "wrong_generation",
            f"a {envelope.generation} record for a {rules.generation} centre; the two are never mixed",
            record=envelope.generation,
            centre=rules.generation,
        )


def _check_clock(envelope: Envelope, rules: Rules, now: datetime) -> None:
    ahead = envelope.created_at - now
    if envelope.clock.trusted and ahead > rules.future_tolerance:
        raise ContractError(
            "future_dated",
            f"dated {ahead.total_seconds():.0f} s ahead by a clock that calls itself right",
            seconds=f"{ahead.total_seconds():.0f}",
        )


def _read_body(kind: str, envelope: Envelope) -> WireModel:
    if kind not in _SCHEMAS or _SCHEMAS[kind][0] != envelope.schema_:
        raise ContractError(
            "unknown_schema", f"schema {envelope.schema_!r} is not known on {kind!r}", schema=envelope.schema_
        )
    try:
        body = _SCHEMAS[kind][1].model_validate(envelope.payload)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        # The place and the rule, never the value: payloads carry personal data, and this text is logged.
        raise ContractError("invalid_payload", f"{place}: {fault['type']}", place=place, rule=fault["type"]) from error
    if isinstance(body, ExamRecord):
        _check_exam(body, envelope)
    measured = body.measurement if isinstance(body, MeasuredReport) else None
    if measured is not None and measured.generation != envelope.generation:
        raise ContractError(
            "wrong_generation",
            f"a measurement of another generation in a {envelope.generation} record",
            form="measurement",
        )
    return body


def _check_exam(exam: ExamRecord, envelope: Envelope) -> None:
    if exam.revision > _MAX_REVISION:
        raise ContractError(
            "invalid_payload", f"revision: at most {_MAX_REVISION}", place="revision", rule="less_than_equal"
        )
    # What comes in over the broker or in a file is of a terminal: a medic's own exam in a room is made here.
    if exam.room is not None:
        raise ContractError("invalid_payload", "room: not of a terminal", place="room", rule="extra_forbidden")
    if exam.diary is None:
        raise ContractError("invalid_payload", "diary: missing", place="diary", rule="missing")
    if any(measurement.generation != envelope.generation for measurement in exam.measurements):
        raise ContractError(
            "wrong_generation",
            f"a measurement of another generation in a {envelope.generation} record",
            form="measurement",
        )


@lru_cache(maxsize=20_000)
def _public_key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text))


def _id_at_least(wire: bytes) -> str | None:
    """The id of a message whose envelope cannot be read, so that its sender can at least be told."""
    if len(wire) > _READABLE_BYTES:
        return None
    try:
        fields: Any = json.loads(wire)
    except (ValueError, RecursionError):
        return None
    text = fields.get("message_id") if isinstance(fields, dict) else None
    return text if isinstance(text, str) and _is_id(text) else None


def _is_id(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(set(part) <= _HEX for part in parts)
