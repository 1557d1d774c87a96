"""Differences of rosters: one by one they give the whole list; what is lost, doubled or late gives it too, or is asked about."""

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.link.roster_parts import RosterDifference, RosterList
from sync.contract.canonical import GENESIS_HASH, canonical, new_id
from sync.contract.envelope import ClockStamp, Envelope, read_unverified, seal
from sync.contract.receipt import ACK_SCHEMA
from sync.contract.roster import ROSTER_SCHEMA, Roster, RosterWorker
from sync.contract.roster_delta import (
    EMPTY_LIST,
    ROSTER_DELTA_SCHEMA,
    RosterDelta,
    RosterHeld,
    employer_digest,
    list_digest,
    worker_digest,
)
from sync.contract.topics import Up
from terminal.store.roster_parts import Taken
from terminal.store.store import TerminalStore
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.unit.terminal.store.scene import ADDRESS, STAMP, Scene

CENTRE = Ed25519PrivateKey.generate()
PART_BYTES = 1500
"""Small, so that a few workers make several parts."""
Workers = dict[str, dict[str, Any]]
Message = tuple[str, bytes]


def _id(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def _worker(number: int, employer: int = 1, name: str = "Ветров Степан Ильич") -> dict[str, Any]:
    worker = RosterWorker(
        worker_id=_id(number),
        personnel_number=str(1000 + number),
        full_name=name,
        position="водитель",
        employer_id=_id(900 + employer),
        employer_name=f"ООО «Ромашка-{employer}»",
    )
    return worker.model_dump(mode="json")


def _list(*workers: dict[str, Any]) -> Workers:
    return {worker["worker_id"]: worker for worker in workers}


def _digest(workers: Workers) -> str:
    employers: dict[str, list[str]] = {}
    for worker in workers.values():
        employers.setdefault(worker["employer_id"], []).append(worker_digest(worker))
    return list_digest({name: employer_digest(digests) for name, digests in employers.items()})


def _sealed(schema: str, payload: dict[str, Any]) -> Message:
    envelope = Envelope(
        message_id=new_id(),
        schema=schema,
        terminal_id=ADDRESS.terminal,
        seq=1,
        prev_hash=GENESIS_HASH,
        created_at=STAMP.at,
        clock=ClockStamp(trusted=True, boot_id="c", monotonic_s=1.0),
        generation="test",
        payload=payload,
    )
    return envelope.message_id, seal(envelope, CENTRE).wire


def _whole(version: int, workers: Workers) -> list[Message]:
    return [_sealed(ROSTER_SCHEMA, one) for one in RosterList.of_plain(list(workers.values())).payloads(version)]


def _difference(
    versions: tuple[int, int], before: Workers, after: Workers, employers: Sequence[str] | None = None
) -> list[Message]:
    """As the centre makes it: ids of those who go, entries of those who come or are changed."""
    changed = [canonical(one).decode() for worker_id, one in after.items() if before.get(worker_id) != one]
    removed = [worker_id for worker_id in before if worker_id not in after]
    made = RosterDifference.of(_digest(before), _digest(after), changed, removed, employers, PART_BYTES)
    return [_sealed(ROSTER_DELTA_SCHEMA, one) for one in made.payloads(versions[1], versions[0])]


def _take(store: TerminalStore, message: Message) -> bool:
    """As the terminal's writer does it, in one transaction; whether the centre is to be asked."""
    message_id, wire = message
    envelope = read_unverified(wire)[0]
    if not store.inbox.store(message_id, "roster", wire):
        return False
    with store.transaction():
        store.inbox.mark(message_id, "applied")
        store.queue(Up.ACK, ACK_SCHEMA, {"message_ids": [message_id]}, subject=message_id, stamp=STAMP)
        if envelope.schema_ == ROSTER_SCHEMA:
            store.roster_parts.take(Roster.model_validate(envelope.payload), message_id)
            return False
        taken = store.roster_parts.take_delta(RosterDelta.model_validate(envelope.payload), message_id)
        return taken is Taken.DOES_NOT_FIT


def _check(scene: Scene, store: TerminalStore, version: int, workers: Workers) -> None:
    assert store.roster.held() == RosterHeld(version=version, sha256=_digest(workers))
    found = [store.roster.worker(worker_id) for worker_id in workers]
    assert found == [RosterWorker.model_validate(worker) for worker in workers.values()]
    assert store.roster.count() == len(workers)
    expected = Expected(scene.key.public_key(), CENTRE.public_key(), store.media)
    assert verify_store(store.db, expected).faults == []


_LISTS = st.lists(
    st.dictionaries(
        st.integers(0, 9), st.tuples(st.integers(1, 3), st.sampled_from(["Ветров", "Лесной", "Sokolov"])), max_size=8
    ).map(lambda people: _list(*(_worker(number, *rest) for number, rest in people.items()))),
    min_size=2,
    max_size=5,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=_LISTS, data=st.data())
def test_whatever_is_lost_doubled_or_late_ends_in_the_right_list_or_in_a_question(
    scene: Scene, lists: list[Workers], data: st.DataObject
) -> None:
    """The terminal never has a list that the centre did not name; and what it has then, the whole mends."""
    sent = [*_whole(1, lists[0])]
    for number, (before, after) in enumerate(pairwise(lists), start=1):
        sent += _difference((number, number + 1), before, after)
    order = data.draw(st.lists(st.sampled_from(sent), max_size=2 * len(sent)))
    by_version = {0: {}, **dict(enumerate(lists, start=1))}
    store = scene.open()
    try:
        store.db.execute("DELETE FROM roster_worker")
        store.db.execute("DELETE FROM roster_key")
        store.db.execute("DELETE FROM roster_version")
        store.db.execute("DELETE FROM roster_part")
        store.db.execute("DELETE FROM inbox")
        store.db.conn.commit()
        for message in order:
            before = store.roster.held()
            asks = _take(store, message)
            held = store.roster.held()
            assert held.sha256 == _digest(by_version[held.version])
            assert held.version >= before.version
            assert not asks or held == before
        for message in sent[0:]:  # what the centre sends again until it is answered
            _take(store, message)
        for message in _whole(len(lists) + 1, lists[-1]):
            _take(store, message)
        assert store.roster.held() == RosterHeld(version=len(lists) + 1, sha256=_digest(lists[-1]))
    finally:
        store.close()


def test_differences_in_their_order_give_the_whole_list(scene: Scene) -> None:
    lists = [
        _list(_worker(1), _worker(2, 2)),
        _list(_worker(1, name="Лесной Пётр"), _worker(3)),
        _list(_worker(1, 2, name="Лесной Пётр"), _worker(3), _worker(4)),
        {},
        _list(_worker(2)),
    ]
    store = scene.open()
    for message in _whole(1, lists[0]):
        assert not _take(store, message)
    _check(scene, store, 1, lists[0])
    for number, (before, after) in enumerate(pairwise(lists), start=1):
        for message in _difference((number, number + 1), before, after):
            assert not _take(store, message)
        _check(scene, store, number + 1, after)
    store.close()


def test_a_list_can_begin_with_a_difference_from_nothing(scene: Scene) -> None:
    store = scene.open()
    assert store.roster.held() == RosterHeld(version=0, sha256=EMPTY_LIST)
    for message in _difference((0, 1), {}, _list(_worker(1))):
        assert not _take(store, message)
    _check(scene, store, 1, _list(_worker(1)))
    store.close()


def test_a_lost_difference_is_asked_about_and_changes_nothing(scene: Scene) -> None:
    first, second, third = _list(_worker(1)), _list(_worker(1), _worker(2)), _list(_worker(2))
    store = scene.open()
    for message in _whole(1, first):
        _take(store, message)
    (late,) = _difference((2, 3), second, third)
    assert _take(store, late)
    _check(scene, store, 1, first)
    # From what it has the shortest way leads on.
    for message in _difference((1, 4), first, third):
        assert not _take(store, message)
    _check(scene, store, 4, third)
    store.close()


def test_a_difference_that_gives_another_list_is_undone(scene: Scene) -> None:
    before, after = _list(_worker(1)), _list(_worker(1), _worker(2))
    store = scene.open()
    for message in _whole(1, before):
        _take(store, message)
    wrong = RosterDifference.of(_digest(before), _digest(after), [canonical(_worker(3)).decode()], [])
    (payload,) = wrong.payloads(2, 1)
    assert _take(store, _sealed(ROSTER_DELTA_SCHEMA, payload))
    _check(scene, store, 1, before)
    assert store.roster.find_all("personnel_number", "1003") == ()
    store.close()


def test_a_difference_in_parts_takes_effect_at_once(scene: Scene) -> None:
    before = _list(*(_worker(number) for number in range(20)))
    after = _list(*(_worker(number, name="Лесной Пётр") for number in range(5, 30)))
    store = scene.open()
    for message in _whole(1, before):
        _take(store, message)
    parts = _difference((1, 2), before, after)
    assert len(parts) > 3
    random.Random(5).shuffle(parts)
    for message in parts[:-1]:
        assert not _take(store, message)
        assert store.roster.held().version == 1
    store.close()
    store = scene.open()
    assert not _take(store, parts[-1])
    _check(scene, store, 2, after)
    store.close()


def test_employers_that_are_taken_away_take_their_workers_with_them(scene: Scene) -> None:
    before = _list(_worker(1), _worker(2, 2), _worker(3, 3))
    after = _list(_worker(2, 2))
    made = RosterDifference.of(_digest(before), _digest(after), [], [], [_id(902)])
    (payload,) = made.payloads(2, 1)
    assert "removed" not in payload
    store = scene.open()
    for message in _whole(1, before):
        _take(store, message)
    assert not _take(store, _sealed(ROSTER_DELTA_SCHEMA, payload))
    _check(scene, store, 2, after)
    store.close()


def test_only_what_the_newest_message_says_is_kept(scene: Scene) -> None:
    before, after = _list(_worker(1), _worker(2)), _list(_worker(2))
    store = scene.open()
    for message in _whole(1, before):
        _take(store, message)
    for message in _difference((1, 2), before, after):
        _take(store, message)
    (kept,) = store.inbox.kept("roster")
    assert "1001" not in kept.wire.decode("utf-8")
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE roster_worker SET body = replace(body, 'Степан', 'Сергей')",
        "UPDATE roster_worker SET body = replace(body, 'водитель', 'кондуктор'), sha256 = '0'",
        "DELETE FROM roster_worker",
        "DELETE FROM roster_key",
        "UPDATE roster_version SET version = 7",
    ],
)
def test_a_list_that_somebody_changed_by_hand_is_found_out(scene: Scene, statement: str) -> None:
    """Though the messages that brought most of it are let go of: the newest one names the digest of all."""
    store = scene.open()
    for message in [
        *_whole(1, _list(_worker(1))),
        *_difference((1, 2), _list(_worker(1)), _list(_worker(1), _worker(2))),
    ]:
        _take(store, message)
    store.db.execute(f"{statement} WHERE worker_id = '{_id(1)}'" if "version" not in statement else statement)
    store.db.conn.commit()
    faults = verify_store(store.db, Expected(scene.key.public_key(), CENTRE.public_key(), store.media)).faults
    assert faults
    store.close()


def test_one_changed_worker_is_less_than_two_kilobytes(scene: Scene) -> None:
    before = _list(_worker(1), _worker(2))
    after = _list(_worker(1, name="Константинопольская-Преображенская Александра Константиновна"), _worker(2))
    ((_, wire),) = _difference((1, 2), before, after)
    assert len(wire) < 2000
