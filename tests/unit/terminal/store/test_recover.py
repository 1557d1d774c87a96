"""Reading what can be read of a damaged store."""

from contextlib import closing

import pytest

from terminal.store.database import connect
from terminal.store.recover import recover
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
