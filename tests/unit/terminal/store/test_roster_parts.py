"""A roster in parts takes effect at once or not at all, whatever is lost, late, doubled or cut off in the middle."""

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.link.roster_parts import RosterList
from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.envelope import ClockStamp, ContractError, Envelope, read_unverified, seal
from sync.contract.receipt import ACK_SCHEMA
from sync.contract.roster import ROSTER_SCHEMA, Roster, RosterWorker
from sync.contract.topics import Up
from terminal.store.store import TerminalStore
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.unit.terminal.store.scene import ADDRESS, STAMP, Scene

CENTRE = Ed25519PrivateKey.generate()
PART_BYTES = 2000
"""Small, so that a few dozen workers make several parts."""


def _workers(count: int, *, surname: str = "Ветров") -> list[RosterWorker]:
    return [
        RosterWorker(
            worker_id=f"{number:08x}-0000-7000-8000-000000000000",
            personnel_number=str(1000 + number),
            cards=(f"C{number}",),
            full_name=f"{surname} Степан Ильич",
            position="водитель",
            employer_id=new_id(),
            employer_name="ООО «Ромашка-Транс»",
        )
        for number in range(count)
    ]


def _messages(version: int, workers: list[RosterWorker]) -> list[tuple[str, bytes]]:
    """Id and bytes of each part, as the centre seals them."""
    made = []
    for payload in RosterList.of(workers, PART_BYTES).payloads(version):
        envelope = Envelope(
            message_id=new_id(),
            schema=ROSTER_SCHEMA,
            terminal_id=ADDRESS.terminal,
            seq=1,
            prev_hash=GENESIS_HASH,
            created_at=STAMP.at,
            clock=ClockStamp(trusted=True, boot_id="c", monotonic_s=1.0),
            generation="test",
            payload=payload,
        )
        made.append((envelope.message_id, seal(envelope, CENTRE).wire))
    return made


def _take(store: TerminalStore, message: tuple[str, bytes]) -> bool:
    """As the terminal's writer does it: kept, marked, acknowledged and applied in one transaction."""
    message_id, wire = message
    roster = Roster.model_validate(read_unverified(wire)[0].payload)
    store.inbox.store(message_id, "roster", wire)
    with store.transaction():
        store.inbox.mark(message_id, "applied")
        store.queue(Up.ACK, ACK_SCHEMA, {"message_ids": [message_id]}, subject=message_id, stamp=STAMP)
        return store.roster_parts.take(roster, message_id)


def _check(scene: Scene, store: TerminalStore, version: int, count: int, surname: str = "Ветров") -> None:
    assert store.roster.version() == version
    bodies = store.db.execute("SELECT body FROM roster_worker").fetchall()
    names = [RosterWorker.model_validate_json(body).full_name for (body,) in bodies]
    assert names == [f"{surname} Степан Ильич"] * count
    expected = Expected(scene.key.public_key(), CENTRE.public_key(), store.media)
    assert verify_store(store.db, expected).faults == []


def test_parts_in_any_order_take_effect_with_the_last_one(scene: Scene) -> None:
    store = scene.open()
    messages = _messages(1, _workers(30))
    assert len(messages) > 4
    random.Random(3).shuffle(messages)
    for message in messages[:-1]:
        assert not _take(store, message)
        _check(scene, store, 0, 0)
    assert _take(store, messages[-1])
    _check(scene, store, 1, 30)
    found = store.roster.find("card", "C7")
    assert found is not None
    assert found.personnel_number == "1007"
    store.close()


def test_the_old_roster_stays_while_a_part_is_lost(scene: Scene) -> None:
    store = scene.open()
    for message in _messages(1, _workers(5)):
        _take(store, message)
    parts = _messages(2, _workers(30, surname="Лесной"))
    for message in parts[1:]:
        assert not _take(store, message)
    _check(scene, store, 1, 5)
    assert _take(store, parts[0])  # the centre sends it again
    _check(scene, store, 2, 30, "Лесной")
    store.close()


def test_a_newer_version_arriving_between_wins(scene: Scene) -> None:
    store = scene.open()
    old, new = _messages(2, _workers(30)), _messages(3, _workers(20, surname="Лесной"))
    for message in (*old[:2], *new[:-1], *old[2:]):
        assert not _take(store, message)
        _check(scene, store, 0, 0)
    assert _take(store, new[-1])
    _check(scene, store, 3, 20, "Лесной")
    assert not _take(store, _messages(2, _workers(1))[0])
    _check(scene, store, 3, 20, "Лесной")
    store.close()


def test_two_lists_of_one_version_are_never_mixed(scene: Scene) -> None:
    """A centre that was restored from its backup counts its versions anew."""
    store = scene.open()
    before, after = _messages(1, _workers(30)), _messages(1, _workers(30, surname="Лесной"))
    assert not _take(store, before[0])
    for message in after[:-1]:
        assert not _take(store, message)
    assert _take(store, after[-1])
    _check(scene, store, 1, 30, "Лесной")
    store.close()


def test_a_cut_after_each_part_loses_and_doubles_nothing(scene: Scene) -> None:
    messages = _messages(1, _workers(30))
    for message in messages[:-1]:
        store = scene.open()
        assert not _take(store, message)
        store.close()
    store = scene.open()
    assert _take(store, messages[-1])
    _check(scene, store, 1, 30)
    store.close()


def test_a_cut_in_the_last_transaction_leaves_the_old_roster(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    store = scene.open()
    for message in _messages(1, _workers(5)):
        _take(store, message)
    parts = _messages(2, _workers(30, surname="Лесной"))
    for message in parts[:-1]:
        _take(store, message)

    def cut(message_ids: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.roster_parts, "_let_go_but", cut)
    with pytest.raises(KeyboardInterrupt):
        _take(store, parts[-1])
    store.close()
    store = scene.open()
    assert store.inbox.state_of(parts[-1][0]) == "new"
    _check(scene, store, 1, 5)
    assert _take(store, parts[-1])
    _check(scene, store, 2, 30, "Лесной")
    store.close()


def test_parts_that_do_not_give_their_list_are_refused(scene: Scene) -> None:
    store = scene.open()
    messages = _messages(1, _workers(30))
    for message in messages[:-1]:
        _take(store, message)
    *_, last = RosterList.of(_workers(30), PART_BYTES).payloads(1)
    waiting = store.db.execute("SELECT sha256 FROM roster_part LIMIT 1").fetchone()[0]
    wrong = Roster.model_validate(last | {"workers": [], "sha256": waiting})
    store.inbox.store("x", "roster", messages[0][1])
    with pytest.raises(ContractError) as refused, store.transaction():
        store.roster_parts.take(wrong, "x")
    assert refused.value.code == "wrong_digest"
    assert store.roster.version() == 0
    store.close()


def test_content_of_older_rosters_is_let_go_of(scene: Scene) -> None:
    store = scene.open()
    for version in (1, 2, 3):
        for message in _messages(version, _workers(10 * version)):
            _take(store, message)
    kept = store.inbox.kept("roster")
    assert len(kept) == len(_messages(3, _workers(30)))
    _check(scene, store, 3, 30)
    store.close()


def test_only_what_differs_is_written(scene: Scene) -> None:
    store = scene.open()
    people = _workers(30)
    for message in _messages(1, people):
        _take(store, message)
    before = store.db.execute("SELECT rowid FROM roster_worker WHERE worker_id = ?", (people[3].worker_id,)).fetchone()
    moved = [people[0].model_copy(update={"cards": ("NEW",)}), *people[2:]]
    for message in _messages(2, moved):
        _take(store, message)
    assert store.roster.find("card", "C0") is None
    assert store.roster.find("card", "C1") is None
    found = store.roster.find("card", "NEW")
    assert found is not None
    assert found.worker_id == people[0].worker_id
    after = store.db.execute("SELECT rowid FROM roster_worker WHERE worker_id = ?", (people[3].worker_id,)).fetchone()
    assert after == before
    _check(scene, store, 2, 29)
    store.close()


@pytest.mark.parametrize("wrong", [{"part": 3, "parts": 2, "sha256": "0" * 64}, {"part": 1, "parts": 2}, {"parts": 0}])
def test_a_part_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="part"):
        Roster.model_validate({"version": 1, "workers": []} | wrong)


def test_nobody_at_all_is_a_list_too() -> None:
    (payload,) = RosterList.of([]).payloads(4)
    assert Roster.model_validate(payload).parts == 1


def test_each_part_fits_the_wire_and_nobody_is_lost() -> None:
    workers = _workers(5000)
    parts = [Roster.model_validate(payload) for payload in RosterList.of(workers).payloads(1)]
    assert len(parts) > 1
    assert [worker for part in parts for worker in part.workers] == workers
