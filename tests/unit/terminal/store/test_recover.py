"""Reading what can be read of a damaged store."""

from contextlib import closing

import pytest

from terminal.store.database import StoreError, connect
from terminal.store.exam_history import ExamHistory
from terminal.store.first_page import copy_of
from terminal.store.recover import recover, recover_file
from tests.unit.terminal.store.scene import Scene, flip, play_exam

PAGE = 4096


def _damaged(scene: Scene, exams: int) -> int:
    """A store with exams whose pages in the middle are broken; returns the number of its events."""
    store = scene.open()
    for _ in range(exams):
        play_exam(store)
    (events,) = store.db.execute("SELECT count(*) FROM diary").fetchone()
    store.close()
    content = scene.path.read_bytes()
    pages = len(content) // PAGE
    for page in range(pages // 2, pages // 2 + 4):
        content = flip(content, page * PAGE + 100)
    scene.path.write_bytes(content)
    return int(events)


def test_all_but_the_broken_pages_is_read(scene: Scene) -> None:
    events = _damaged(scene, exams=12)
    target = scene.folder / "recovered.db"
    found = recover(lambda: connect(scene.path, scene.master), target, scene.master)
    assert events * 0.5 < found.rows["diary"] <= events
    lost = sum(last - first + 1 for first, last in found.unreadable["diary"])
    assert found.rows["diary"] + lost == events
    with closing(connect(target, scene.master)) as db:
        rows = db.execute("SELECT seq, body, signature FROM diary").fetchall()
        assert len(rows) == found.rows["diary"]
        (queued,) = db.execute("SELECT count(*) FROM outbox WHERE state = 'queued'").fetchone()
        assert queued == found.unsent > 0


def test_a_sound_store_is_read_in_full(scene: Scene) -> None:
    store = scene.open()
    play_exam(store, photo=b"photo")
    (events,) = store.db.execute("SELECT count(*) FROM diary").fetchone()
    store.close()
    found = recover(lambda: connect(scene.path, scene.master), scene.folder / "r.db", scene.master)
    assert (found.rows["diary"], found.rows["outbox"], found.rows["media"]) == (events, 2, 1)
    assert not any(found.unreadable.values())


def test_nothing_is_written_over(scene: Scene) -> None:
    scene.open().close()
    with pytest.raises(FileExistsError, match="exists already"):
        recover(lambda: connect(scene.path, scene.master), scene.path, scene.master)


def test_a_store_without_its_first_page_is_read_with_the_second_copy(scene: Scene) -> None:
    """Garbage over the page that holds salt and schema: the kiosk goes on with a new store, and nothing is lost."""
    store = scene.open()
    play_exam(store)
    store.close()
    store = scene.open()  # the copy is of an earlier day: the store has grown since
    for _ in range(20):
        play_exam(store, photo=b"photo" * 20_000)
    begun = play_exam(store, phase="pressure")
    (events,) = store.db.execute("SELECT count(*) FROM diary").fetchone()
    unsent = store.outbox.backlog().queued
    store.close()
    scene.path.write_bytes(b"\xa5" * PAGE + scene.path.read_bytes()[PAGE:])
    fresh = scene.open()
    (aside,) = fresh.set_aside
    found = recover_file(aside, scene.folder / "recovered.db", scene.master)
    assert (found.rows["diary"], found.unsent) == (events, unsent)
    assert not any(found.unreadable.values())
    with closing(connect(scene.folder / "recovered.db", scene.master)) as db:
        assert [exam.exam_id for exam in ExamHistory(db).open_exams()] == [begun]
    assert fresh.set_aside == [aside]
    fresh.close()


def test_a_store_of_which_nothing_can_be_read_is_said(scene: Scene) -> None:
    scene.open().close()
    copy_of(scene.path).unlink()
    scene.path.write_bytes(b"\xa5" * PAGE)
    with pytest.raises(StoreError, match="damaged"):
        recover_file(scene.path, scene.folder / "recovered.db", scene.master)


def test_the_second_copy_is_written_when_the_schema_changes_and_not_at_each_exam(scene: Scene) -> None:
    store = scene.open()
    play_exam(store)
    store.close()
    before = copy_of(scene.path).stat().st_mtime_ns
    store = scene.open()
    play_exam(store)
    store.close()
    assert copy_of(scene.path).stat().st_mtime_ns == before
    store = scene.open()
    store.db.execute("CREATE TABLE later (x INTEGER)")
    store.close()
    assert copy_of(scene.path).stat().st_mtime_ns > before
