"""What the centre takes, what it refuses, and what it notices: on both stores."""

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from central.core.media_files import MediaFiles
from central.core.parties import Worker
from central.exchange.intake import Arrival, Intake
from central.link.outgoing import Outgoing
from central.store import anomalies, exams, media, messages
from central.store import outgoing as outbox
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.messages import message
from central.store.terminals import get_terminal
from simulators.fleet_exam import exam_payload
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.canonical import GENESIS_HASH, canonical, new_id, sha256_hex
from sync.contract.envelope import MAX_MESSAGE_BYTES
from sync.contract.exam import EXAM_SCHEMA, ExamRecord
from sync.contract.media import MEDIA_SCHEMA
from sync.contract.receipt import ACK_SCHEMA
from tests.central_store import CENTRE_KEY, ORG

Enrol = Callable[[str], TerminalIdentity]


@pytest.fixture
def make_exam(worker: Worker) -> Callable[..., dict[str, Any]]:
    dice = random.Random(3)

    def make(**changes: Any) -> dict[str, Any]:
        payload = exam_payload(
            dice, org=ORG, worker_id=worker.worker_id, employer_id=worker.employer_id, generation="test"
        )
        return payload | changes

    return make


def _exam(identity: TerminalIdentity, payload: dict[str, Any]) -> Arrival:
    return Arrival(identity.address.up("exam"), identity.seal(EXAM_SCHEMA, payload)[1].wire)


def _kinds(engine: Engine) -> dict[str, int]:
    with reading(engine) as connection:
        return {row["kind"]: row["times"] for row in anomalies.newest(connection, 100)}


def _count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(message)).scalar_one()


def test_a_batch_of_several_terminals_is_taken_in_order(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    one, two = enrolled("kiosk-1"), enrolled("kiosk-2")
    batch = [_exam(identity, make_exam()) for identity in (one, two, one, two, one)]
    verdicts = intake.take(batch)
    assert [verdict.outcome for verdict in verdicts] == ["accepted"] * 5
    with reading(engine) as connection:
        row = get_terminal(connection, "kiosk-1")
    assert row is not None
    assert (row["head_seq"], row["head_hash"], row["gap_from"]) == (3, one.head, None)
    assert _kinds(engine) == {}


def test_a_message_twice_in_one_batch_is_stored_once(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    arrival = _exam(enrolled("kiosk-1"), make_exam())
    assert [verdict.outcome for verdict in intake.take([arrival, arrival])] == ["accepted", "duplicate"]
    assert [verdict.outcome for verdict in intake.take([arrival])] == ["duplicate"]
    assert _count(engine) == 1


def test_one_id_with_other_bytes_is_refused(engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any) -> None:
    identity = enrolled("kiosk-1")
    first_id, sealed = identity.seal(EXAM_SCHEMA, make_exam())
    identity.changes = {"message_id": first_id}
    second = _exam(identity, make_exam())
    verdicts = intake.take([Arrival(identity.address.up("exam"), sealed.wire), second])
    assert [verdict.code for verdict in verdicts] == ["", "message_id_reused"]
    assert intake.take([second])[0].code == "message_id_reused"
    assert _kinds(engine)["message_id_reused"] == 2
    with reading(engine) as connection:
        assert messages.stored(connection, [first_id])[first_id].sha256 == sealed.sha256


def _wrong_signature(identity: TerminalIdentity, payload: dict[str, Any]) -> bytes:
    wire = identity.seal(EXAM_SCHEMA, payload)[1].wire
    return wire.replace(b'"exam_type":"pre_shift"', b'"exam_type":"pre_trip"')


def _with(**changes: Any) -> Callable[[TerminalIdentity, dict[str, Any]], bytes]:
    def make(identity: TerminalIdentity, payload: dict[str, Any]) -> bytes:
        identity.changes = changes
        wire = identity.seal(EXAM_SCHEMA, payload)[1].wire
        identity.changes = {}
        return wire

    return make


def _payload(**changes: Any) -> Callable[[TerminalIdentity, dict[str, Any]], bytes]:
    return lambda identity, payload: identity.seal(EXAM_SCHEMA, payload | changes)[1].wire


_BAD: dict[str, tuple[str, Callable[[TerminalIdentity, dict[str, Any]], bytes]]] = {
    "empty": ("malformed", lambda _identity, _payload: b""),
    "no JSON": ("malformed", lambda _identity, _payload: b"\xff\x00 garbage"),
    "a list": ("malformed", lambda _identity, _payload: b"[]"),
    "fields missing": ("malformed", lambda _identity, _payload: b'{"message_id":"x"}'),
    "cut off": ("malformed", lambda identity, payload: identity.seal(EXAM_SCHEMA, payload)[1].wire[:-20]),
    "spaces added": ("malformed", lambda identity, payload: identity.seal(EXAM_SCHEMA, payload)[1].wire + b" "),
    "nested deeply": ("malformed", lambda _identity, _payload: b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "nested beyond the stack": ("malformed", lambda _identity, _payload: b"[" * 200_000 + b"]" * 200_000),
    "oversized": ("oversized", lambda _identity, _payload: b'"' + b"x" * MAX_MESSAGE_BYTES + b'"'),
    "a time out of range": (
        "malformed",
        lambda identity, payload: identity.seal(EXAM_SCHEMA, payload)[1].wire.replace(
            b'"created_at":"2', b'"created_at":"0001-01-01T00:00:00.000+14:00","x":"2'
        ),
    ),
    "NUL in a text": ("malformed", _payload(end_reason="a\0b")),
    "wrong signature": ("wrong_signature", _wrong_signature),
    "of another terminal": ("foreign_terminal", _with(terminal_id="kiosk-7")),
    "of another generation": ("wrong_generation", _with(generation="demo")),
    "unknown schema": ("unknown_schema", _with(schema="dopusk.exam/2")),
    "dated far ahead": ("future_dated", _with(created_at=datetime.now(UTC) + timedelta(days=3))),
    "wrong type": ("invalid_payload", _payload(revision="first")),
    "field missing": ("invalid_payload", lambda identity, _payload: identity.seal(EXAM_SCHEMA, {"a": 1})[1].wire),
    "absurd revision": ("invalid_payload", _payload(revision=2**40)),
}


@pytest.mark.parametrize("case", _BAD)
def test_bad_input_is_refused_counted_and_stops_nobody(
    case: str, engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    code, make = _BAD[case]
    good, bad = enrolled("kiosk-1"), enrolled("kiosk-2")
    batch = [
        _exam(good, make_exam()),
        Arrival(bad.address.up("exam"), make(bad, make_exam())),
        _exam(good, make_exam()),
    ]
    verdicts = intake.take(batch)
    assert [verdict.code for verdict in verdicts] == ["", code, ""]
    assert _count(engine) == 2
    assert _kinds(engine) == {code: 1}
    receipt = verdicts[1].receipt
    assert receipt is None or (receipt.outcome, receipt.code) == ("refused", code)
    if code not in {"malformed", "oversized"}:
        assert receipt is not None


def test_a_measurement_of_another_generation_is_refused(intake: Intake, enrolled: Enrol, make_exam: Any) -> None:
    payload = make_exam()
    payload["measurements"][0]["generation"] = "demo"
    assert intake.take([_exam(enrolled("kiosk-1"), payload)])[0].code == "wrong_generation"


def test_a_stranger_is_refused_and_gets_no_answer(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    wire = identity.seal(EXAM_SCHEMA, make_exam())[1].wire
    strangers = [
        Arrival(
            "dopusk/1/zarya/kiosk-77/up/exam", wire.replace(b'"terminal_id":"kiosk-1"', b'"terminal_id":"kiosk-77"')
        ),
        Arrival("dopusk/1/other/kiosk-1/up/exam", wire),
        Arrival("dopusk/1/zarya/kiosk-1/down/exam", wire),
        Arrival("something/else", wire),
    ]
    verdicts = intake.take(strangers)
    assert [verdict.code for verdict in verdicts] == [
        "unknown_terminal",
        "unknown_terminal",
        "foreign_topic",
        "foreign_topic",
    ]
    assert all(verdict.receipt is None for verdict in verdicts)
    assert _count(engine) == 0


def test_an_untrusted_clock_far_ahead_is_taken_and_its_offset_kept(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    clock = {"trusted": False, "boot_id": "b", "monotonic_s": 1.0}
    identity.changes = {"created_at": datetime.now(UTC) + timedelta(days=400), "clock": clock}
    assert intake.take([_exam(identity, make_exam())])[0].outcome == "accepted"
    with reading(engine) as connection:
        row = connection.execute(select(message.c.clock_trusted, message.c.clock_offset_s)).one()
    assert row.clock_trusted is False
    assert -401 * 86_400 < row.clock_offset_s < -399 * 86_400


def test_a_gap_is_recorded_and_closed_when_it_is_filled(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    arrivals = [_exam(identity, make_exam()) for _ in range(6)]
    intake.take([arrivals[0], arrivals[3], arrivals[5]])
    intake.sweep()
    with reading(engine) as connection:
        gaps = [(gap["first_seq"], gap["last_seq"]) for gap in anomalies.open_gaps(connection, "kiosk-1")]
    assert gaps == [(2, 3), (5, 5)]
    intake.take([arrivals[4], arrivals[2], arrivals[1]])
    intake.sweep()
    with reading(engine) as connection:
        assert anomalies.open_gaps(connection, "kiosk-1") == []
        row = get_terminal(connection, "kiosk-1")
    assert row is not None
    assert (row["head_seq"], row["gap_from"]) == (6, None)
    assert set(_kinds(engine)) == {"gap"}


def test_a_gap_that_is_filled_in_time_is_not_recorded(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    arrivals = [_exam(identity, make_exam()) for _ in range(3)]
    intake.take([arrivals[2], arrivals[0]])
    intake.take([arrivals[1]])
    intake.sweep()
    assert _kinds(engine) == {}


def test_a_broken_chain_is_recorded_and_the_record_is_kept(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    first = _exam(identity, make_exam())
    identity.head = sha256_hex(b"something else")
    second = _exam(identity, make_exam())
    assert [verdict.outcome for verdict in intake.take([first, second])] == ["accepted", "accepted"]
    assert _kinds(engine) == {"broken_chain": 1}


def test_a_break_is_seen_also_when_the_later_one_came_first(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    first = _exam(identity, make_exam())
    identity.head = sha256_hex(b"something else")
    second = _exam(identity, make_exam())
    intake.take([second])
    intake.take([first])
    assert _kinds(engine) == {"broken_chain": 1}


def test_two_terminals_with_one_identity_are_noticed(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    intake.take([_exam(identity, make_exam())])
    twin = TerminalIdentity(identity.address, identity.key, identity.centre_key, "test")
    verdicts = intake.take([_exam(twin, make_exam())])
    assert verdicts[0].outcome == "accepted"
    assert _kinds(engine) == {"double_seq": 1}


def test_a_later_revision_opens_a_decided_exam_again(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    payload = make_exam()
    intake.take([_exam(identity, payload)])
    with writing(engine) as connection:
        current = exams.current(connection, payload["exam_id"])
        assert current is not None
        decided = {"decision_id": new_id(), "outcome": "repeat", "decided_at": datetime.now(UTC)}
        assert exams.mark_decided(connection, current.exam_id, current.message_id, **decided)
    intake.take([_exam(identity, payload | {"revision": 2})])
    with writing(engine) as connection:
        again = exams.current(connection, payload["exam_id"])
        assert again is not None
        assert (again.revision, again.state) == (2, "waiting")
        # A decision on what the medic saw before must not fall on what came since.
        assert not exams.mark_decided(connection, current.exam_id, current.message_id, **decided)


@pytest.mark.parametrize(
    ("batches", "stands"),
    [
        ([[(1, 0)], [(2, 25)]], (2, 25, 0)),
        ([[(1, 0)], [(2, 25)], [(3, 50)]], (3, 50, 0)),
        ([[(1, 0), (2, 25)]], (2, 25, 0)),
        ([[(2, 5)], [(1, 9)]], (2, 5, 5)),
        ([[(1, 30)], [(2, 5)]], (2, 5, 5)),
        ([[(2, 30)], [(1, 5)]], (2, 30, 5)),
    ],
    ids=["repeat", "second repeat", "both at once", "first one late", "clock set back", "set back, first one late"],
)
def test_waiting_counts_from_what_came_of_an_exam_first(
    engine: Engine, make_exam: Any, batches: list[list[tuple[int, int]]], stands: tuple[int, int, int]
) -> None:
    payload, midnight = make_exam(), datetime(2026, 11, 22, tzinfo=UTC)

    def came(revision: int, minute: int) -> exams.Revision:
        at = midnight + timedelta(minutes=minute)
        record = ExamRecord.model_validate(payload | {"revision": revision})
        return exams.Revision(record, payload, "kiosk-1", "test", new_id(), "", at)

    for batch in batches:
        with writing(engine) as connection:
            exams.project(connection, [came(*one) for one in batch])
    with reading(engine) as connection:
        row = connection.execute(select(exam.c.revision, exam.c.received_at, exam.c.first_received_at)).one()
    assert (row[0], *((moment - midnight) // timedelta(minutes=1) for moment in row[1:])) == stands


def test_another_message_with_an_old_revision_replaces_nothing(
    engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any
) -> None:
    identity = enrolled("kiosk-1")
    payload = make_exam()
    intake.take([_exam(identity, payload)])
    intake.take([_exam(identity, payload | {"exam_type": "post_shift"})])
    with reading(engine) as connection:
        assert connection.execute(select(exam.c.exam_type)).scalar_one() == "pre_shift"
    assert _kinds(engine) == {"exam_revision": 1}


def test_an_ack_closes_only_the_terminals_own_rows(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    one, two = enrolled("kiosk-1"), enrolled("kiosk-2")
    with writing(engine) as connection:
        message_id = Outgoing(CENTRE_KEY, "test").queue(connection, "kiosk-1", "reference", "dopusk.reference/1", {})
    foreign = two.seal(ACK_SCHEMA, {"message_ids": [message_id]})[1].wire
    intake.take([Arrival(two.address.up("ack"), foreign)])
    with reading(engine) as connection:
        assert message_id in {row.message_id for row in outbox.unacknowledged(connection, "kiosk-1", 10)}
    own = one.seal(ACK_SCHEMA, {"message_ids": [message_id]})[1].wire
    verdicts = intake.take([Arrival(one.address.up("ack"), own)])
    assert verdicts[0].receipt is not None
    with reading(engine) as connection:
        assert message_id not in {row.message_id for row in outbox.unacknowledged(connection, "kiosk-1", 10)}


def _chunks(content: bytes, size: int, exam_id: str) -> list[dict[str, Any]]:
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return [
        {
            "exam_id": exam_id,
            "sha256": sha256_hex(content),
            "content_type": "image/jpeg",
            "index": index,
            "count": len(parts),
            "chunk_sha256": sha256_hex(part),
            "content_base64": base64.b64encode(part).decode(),
        }
        for index, part in enumerate(parts)
    ]


def test_media_come_in_any_order_and_twice(engine: Engine, intake: Intake, enrolled: Enrol, files: MediaFiles) -> None:
    identity = enrolled("kiosk-1")
    content = random.Random(5).randbytes(10_000)
    arrivals = [
        Arrival(identity.address.up("media"), identity.seal(MEDIA_SCHEMA, chunk)[1].wire)
        for chunk in _chunks(content, 1500, new_id())
    ]
    intake.take(arrivals[3:])
    assert not files.path(sha256_hex(content)).exists()
    intake.take(arrivals[:5])
    verdicts = intake.take(arrivals)
    assert all(verdict.receipt is not None and verdict.outcome != "refused" for verdict in verdicts)
    assert files.path(sha256_hex(content)).read_bytes() == content
    with reading(engine) as connection:
        assert media.completed(connection) == [sha256_hex(content)]
    assert _kinds(engine) == {}


@pytest.mark.parametrize("change", [{"chunk_sha256": GENESIS_HASH}, {"content_base64": "!!!"}, {"index": 7}])
def test_a_damaged_chunk_is_refused(change: dict[str, Any], intake: Intake, enrolled: Enrol) -> None:
    identity = enrolled("kiosk-1")
    [chunk] = _chunks(b"photo", 100, new_id())
    wire = identity.seal(MEDIA_SCHEMA, chunk | change)[1].wire
    assert intake.take([Arrival(identity.address.up("media"), wire)])[0].code == "invalid_media"


def test_a_file_that_does_not_give_its_hash_is_noticed(
    engine: Engine, intake: Intake, enrolled: Enrol, files: MediaFiles
) -> None:
    identity = enrolled("kiosk-1")
    [chunk] = _chunks(b"photo", 100, new_id())
    wire = identity.seal(MEDIA_SCHEMA, chunk | {"sha256": GENESIS_HASH})[1].wire
    intake.take([Arrival(identity.address.up("media"), wire)])
    assert _kinds(engine) == {"wrong_media": 1}
    assert not files.path(GENESIS_HASH).exists()


def test_canonical_bytes_are_kept_as_they_came(engine: Engine, intake: Intake, enrolled: Enrol, make_exam: Any) -> None:
    # A newer terminal may send fields that this centre does not know; they are part of what the medic signs.
    identity = enrolled("kiosk-1")
    payload = make_exam(added_later={"n": 1.5, "text": "ё"})
    intake.take([_exam(identity, payload)])
    with reading(engine) as connection:
        current = exams.current(connection, payload["exam_id"])
    assert current is not None
    assert canonical(current.payload) == canonical(payload)
