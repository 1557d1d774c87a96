"""Whatever bytes a stranger sends, the centre's parsers answer with their own refusals: nothing else ever leaves them."""

import base64
import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine

from central.core.clock import now_utc
from central.exchange.checks import Accepted, Refused, Rules, judge
from central.exchange.dispatcher import read_status
from central.exchange.intake import Arrival, Intake
from central.store import terminals
from central.store.engine import reading, writing
from central.store.terminals import Known
from central.terminals.enrolment import EnrolmentRefused, check_possession
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.canonical import canonical, new_id
from sync.contract.enrolment import EnrolRequest, RenewRequest
from sync.contract.envelope import ContractError, read_unverified
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.face import FACE_SCHEMA
from sync.contract.health import HEALTH_SCHEMA, TerminalStatus
from sync.contract.media import MEDIA_SCHEMA
from sync.contract.receipt import ACK_SCHEMA
from sync.contract.topics import TerminalAddress

KEY = Ed25519PrivateKey.generate()
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")
KNOWN = {"kiosk-1": Known("kiosk-1", "zarya", PUBLIC, "enrolled")}
RULES = Rules("test", timedelta(days=1))
STATUS = "dopusk/1/zarya/kiosk-1/status"
SCHEMAS = {"exam": EXAM_SCHEMA, "media": MEDIA_SCHEMA, "health": HEALTH_SCHEMA, "ack": ACK_SCHEMA, "face": FACE_SCHEMA}

MOMENTS = st.sampled_from(
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999-12:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00.000001Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+23:59",
    ]
)
NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([2**53, -(2**63), 2**63, 2**64, 10**400]),
    st.floats(),
)
ODD = st.one_of(MOMENTS, NUMBERS, st.text(), st.sampled_from(["\0", "\ud800", "a" * 5000]), st.booleans(), st.none())
VALUES = st.recursive(ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
STATUS_FIELDS = st.sampled_from(
    [
        "at",
        "help_called_at",
        "backlog",
        "oldest_unreceipted_s",
        "parked",
        "devices",
        "open_exam",
        "roster_version",
        "clock_trusted",
        "free_disk_bytes",
        "software_version",
        "strange",
    ]
)
DEVICES = st.dictionaries(
    st.sampled_from(["device_id", "measures", "state", "reason", "serial", "verified_until", "last_fault_at"]), VALUES
)
THOROUGH = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def _wire(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


@THOROUGH
@example({"help_called_at": "0001-01-01T00:00:00+14:00"}, {})
@example({"at": "9999-12-31T23:59:59.999999-12:00"}, {})
@example({}, {"device_id": "a", "measures": "b", "state": "ready", "last_fault_at": "0001-01-01T00:00:00+14:00"})
@given(st.dictionaries(STATUS_FIELDS, VALUES), DEVICES)
def test_a_status_is_read_or_refused(fields: dict[str, Any], device: dict[str, Any]) -> None:
    with contextlib.suppress(ContractError):
        _, status = read_status(STATUS, _wire({"devices": [device], **fields, "state": "online"}))
        canonical(status.model_dump(mode="json"))


@THOROUGH
@given(st.text(), st.binary() | st.text().map(str.encode) | st.integers(1, 3000).map(lambda depth: b"[" * depth))
def test_bytes_and_topics_of_any_kind_are_refused(topic: str, wire: bytes) -> None:
    for name in (topic, STATUS, "dopusk/1/zarya/kiosk-1/up/exam"):
        with pytest.raises(ContractError):
            read_status(name, wire)
        assert isinstance(judge(name, wire, KNOWN, RULES, now_utc()), Refused)
        with pytest.raises(ContractError):
            read_unverified(wire)
        for request in (EnrolRequest, RenewRequest):
            with pytest.raises(ValidationError):
                request.model_validate_json(wire)


def _signed(fields: dict[str, Any]) -> bytes:
    """The wire of a message that its sender has signed, however odd its fields are. Raises `ValueError`."""
    signature = base64.b64encode(KEY.sign(canonical(fields))).decode("ascii")
    return canonical(fields | {"signature": signature})


def _envelope(schema: str, payload: Any, changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "message_id": new_id(),
        "schema": schema,
        "terminal_id": "kiosk-1",
        "seq": 1,
        "prev_hash": "0" * 64,
        "created_at": "2026-01-01T00:00:00.000Z",
        "clock": {"trusted": True, "boot_id": "b", "monotonic_s": 1.0},
        "generation": "test",
        "payload": payload,
    } | changes


CHANGES = st.dictionaries(
    st.sampled_from(["message_id", "seq", "created_at", "clock", "terminal_id", "generation", "prev_hash"]),
    VALUES,
    max_size=2,
)


@THOROUGH
@example("exam", {}, {"created_at": "0001-01-01T00:00:00+14:00"})
@example("exam", {}, {"created_at": "9999-12-31T23:59:59.999Z"})
@given(st.sampled_from(sorted(SCHEMAS)), st.dictionaries(st.text(), VALUES, max_size=4), CHANGES)
def test_a_signed_message_of_any_content_is_accepted_or_refused(
    kind: str, payload: dict[str, Any], changes: dict[str, Any]
) -> None:
    try:
        wire = _signed(_envelope(SCHEMAS[kind], payload, changes))
    except (ValueError, RecursionError):
        return  # it has no canonical form, so nobody can have signed it
    assert isinstance(judge(f"dopusk/1/zarya/kiosk-1/up/{kind}", wire, KNOWN, RULES, now_utc()), Accepted | Refused)


HEALTH = {
    "cause": "start",
    "software_version": "1",
    "config_version": "1",
    "boot_id": "b",
    "started_at": "2026-01-01T00:00:00.000Z",
    "uptime_s": 1,
    "queued": 0,
    "parked": 0,
    "clock_trusted": True,
    "camera": "none",
    "roster_version": 0,
}


@settings(THOROUGH, max_examples=60)
@example("queued", 2**53 - 1)
@example("software_version", "\0")
@example("started_at", "0001-01-01T00:00:00Z")
@given(st.sampled_from(sorted(HEALTH)), VALUES)
def test_an_odd_message_never_stops_the_store(
    engine: Engine, intake: Intake, enrolled: Callable[[str], TerminalIdentity], field: str, value: Any
) -> None:
    with reading(engine) as connection:
        is_there = terminals.get_terminal(connection, "kiosk-1") is not None
    if not is_there:
        enrolled("kiosk-1")
    with writing(engine) as connection:
        terminals.set_key(connection, "kiosk-1", PUBLIC)
    try:
        wire = _signed(_envelope(HEALTH_SCHEMA, HEALTH | {field: value}, {}))
    except (ValueError, RecursionError):
        return
    topic = TerminalAddress("zarya", "kiosk-1").up("health")  # type: ignore[arg-type]
    (verdict,) = intake.take([Arrival(topic, wire)])
    assert verdict.outcome in ("accepted", "refused")


@THOROUGH
@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=500))
def test_proofs_of_any_form_are_refused(public_key: str, proof: str, csr: str) -> None:
    with pytest.raises(EnrolmentRefused):
        check_possession(public_key, proof, csr)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999-12:00"])
def test_a_moment_beyond_the_calendar_is_a_fault_of_the_message(text: str) -> None:
    with pytest.raises(ValidationError, match="beyond the calendar"):
        TerminalStatus.model_validate({"state": "online", "at": text})
    with pytest.raises(ContractError):
        read_unverified(_signed(_envelope(HEALTH_SCHEMA, HEALTH, {"created_at": text})))


def test_the_first_and_the_last_moment_of_the_calendar_are_read() -> None:
    assert datetime.min.replace(tzinfo=UTC) < now_utc() < datetime.max.replace(tzinfo=UTC)
    for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"):
        assert read_status(STATUS, _wire({"state": "online", "at": text}))[1].at is not None
