"""Room for the end of an exam, and stores that are damaged."""

from pathlib import Path

import pytest
import sqlcipher3

from sync.transactions import STORE_DAMAGE, STORE_TROUBLE
from terminal.open_exams import OpenExams
from terminal.store.media_files import MediaFiles
from terminal.store.reserve import Reserve
from terminal.store.store import TerminalStore
from tests.unit.terminal.exams import Script
from tests.unit.terminal.store.scene import Scene, flip, play_exam


def test_room_is_kept_and_given_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "r", size_bytes=100_000)
    assert not reserve.release()
    assert reserve.keep()
    assert (tmp_path / "r").stat().st_blocks * 512 >= 100_000
    assert reserve.release()
    assert not reserve.is_kept
    assert reserve.keep()


def test_without_room_none_is_kept(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "r", size_bytes=2**55).keep()
    assert list(tmp_path.iterdir()) == []


def _fill(store: TerminalStore) -> None:
    """No page more: what a full disk is to SQLite."""
    (pages,) = store.db.execute("PRAGMA page_count").fetchone()
    store.db.execute(f"PRAGMA max_page_count = {pages}")


def test_a_running_exam_ends_on_a_full_disk(store: TerminalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script().up_to("decided")
    exams = OpenExams(store, "zarya", lambda _exam_id: 0.0)
    exams.happen(script.events[0])
    _fill(store)

    def give_room(_reserve: Reserve) -> bool:
        store.db.execute("PRAGMA max_page_count = 100000")
        return True

    monkeypatch.setattr(Reserve, "release", give_room)
    for event in script.events[1:]:
        exams.happen(event)
    assert store.outbox.receipts_of(script.exam_id)


def _play(exams: OpenExams, script: Script) -> None:
    for event in script.events[1:]:
        exams.happen(event)


def _last_shown(script: Script, last: object) -> object:
    return next(event for event in script.events if event.stamp == last)


def test_a_full_disk_without_reserve_writes_nothing_and_says_so(store: TerminalStore) -> None:
    script = Script().up_to("decided")
    exams = OpenExams(store, "zarya", lambda _exam_id: 0.0)
    exams.happen(script.events[0])
    store.reserve.release()
    _fill(store)
    with pytest.raises(STORE_TROUBLE, match="full"):
        _play(exams, script)
    shown = exams.exams[script.exam_id]
    assert len(list(store.log.events_of(script.exam_id))) == script.events.index(_last_shown(script, shown.last)) + 1


def test_a_photo_is_written_again_after_room_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    files = MediaFiles(tmp_path, b"k" * 32, make_room=lambda: not asked.append(1))
    real, calls = MediaFiles._write, []

    def full_at_first(self: MediaFiles, content: bytes) -> str:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        return real(self, content)

    monkeypatch.setattr(MediaFiles, "_write", full_at_first)
    assert files.read(files.write(b"photo")) == b"photo"
    assert asked == [1]


def _meet_damage(store: TerminalStore) -> None:
    with store.transaction():
        raise sqlcipher3.DatabaseError("database disk image is malformed")


@pytest.mark.parametrize("at", [20, 5000, -3000], ids=["first page", "second page", "newest page"])
def test_a_damaged_store_is_set_aside_and_kept(scene: Scene, at: int, caplog: pytest.LogCaptureFixture) -> None:
    store = scene.open()
    play_exam(store)
    store.close()
    damaged = flip(scene.path.read_bytes(), at % scene.path.stat().st_size)
    scene.path.write_bytes(damaged)
    fresh = scene.open()
    try:
        if not fresh.set_aside:  # a page that a start does not read: found when it is read, and looked for afterwards
            with pytest.raises(STORE_DAMAGE):
                _meet_damage(fresh)
            fresh.close()
            fresh = scene.open()
        (aside,) = fresh.set_aside
        assert aside.read_bytes() == damaged
        assert "set aside" in caplog.text
        play_exam(fresh)
        assert fresh.db.execute("SELECT min(seq) FROM diary").fetchone() == (1,)
    finally:
        fresh.close()


def test_a_locked_store_is_not_taken_for_a_damaged_one(scene: Scene) -> None:
    scene.open().close()
    again = scene.open()
    assert again.set_aside == []
    again.close()


def test_two_damaged_stores_are_both_kept(scene: Scene) -> None:
    for _ in range(2):
        scene.open().close()
        scene.path.write_bytes(b"not a store at all" * 300)
    store = scene.open()
    assert len(store.set_aside) == 2
    store.close()
