"""Opening the encrypted store: keys, versions, locks, kills in the middle of a migration."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest
import sqlcipher3
from sqlite_utils import Database, Migrations

from sync.transactions import writing
from terminal.store import database
from terminal.store.database import KeyFile, StoreError, connect, open_store
from terminal.store.store import TerminalStore
from tests.unit.terminal.store.scene import ADDRESS, Scene, play_exam


def test_the_key_is_made_once_and_only_the_service_may_read_it(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys" / "master.key")
    assert keys.master_key() == keys.master_key()
    assert len(keys.master_key()) == 32
    assert stat.S_IMODE((tmp_path / "keys" / "master.key").stat().st_mode) == 0o600
    assert list((tmp_path / "keys").iterdir()) == [tmp_path / "keys" / "master.key"]


def test_a_key_of_another_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"short")
    with pytest.raises(StoreError, match="32 bytes") as caught:
        KeyFile(tmp_path / "k").master_key()
    assert caught.value.code == "wrong_key"


def test_nothing_readable_is_on_the_disk(scene: Scene, store: TerminalStore) -> None:
    exam_id = play_exam(store, photo=b"\xff\xd8 a face " * 100)
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for path in scene.folder.rglob("*") if path.is_file() and path.suffix != ".key"]
    assert len(files) >= 2
    for path in files:
        content = path.read_bytes()
        assert not content.startswith(b"SQLite format 3")
        assert exam_id.encode() not in content
        assert b" a face " not in content


def test_another_key_opens_nothing(scene: Scene) -> None:
    scene.open().close()
    with pytest.raises(StoreError) as caught:
        connect(scene.path, os.urandom(32))
    assert caught.value.code == "damaged"


def test_a_store_of_another_terminal_is_refused(scene: Scene) -> None:
    scene.open().close()
    stranger = Scene(scene.folder)
    with pytest.raises(StoreError, match="belongs to terminal kiosk-1") as caught:
        stranger.open()
    assert caught.value.code == "foreign"


@pytest.mark.parametrize(("group", "name"), [("sync.outbox", "m099_more"), ("terminal.something_new", "m001_first")])
def test_a_newer_database_is_refused_and_left_alone(scene: Scene, group: str, name: str) -> None:
    store = scene.open()
    store.db["_sqlite_migrations"].insert({"migration_set": group, "name": name, "applied_at": "2031"})
    store.close()
    before = scene.path.read_bytes()
    with pytest.raises(StoreError, match=name) as caught:
        open_store(scene.path, scene.master)
    assert caught.value.code == "newer"
    assert scene.path.read_bytes() == before


def test_a_locked_database_is_named_so(scene: Scene) -> None:
    path, master = scene.path, scene.master
    holder = connect(path, master)
    with writing(holder):
        holder.execute("CREATE TABLE x (y)")
        db = connect(path, master, busy_timeout_s=0.05)
        with pytest.raises(sqlcipher3.OperationalError, match="locked"), writing(db):
            pytest.fail("two writers at once")
        db.close()
    holder.close()


def test_a_kill_in_the_middle_of_a_migration_leaves_the_old_store(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child dies inside the second of two new migrations; the store is then as before, and migrates when tried again."""
    store = scene.open()
    exam_id = play_exam(store)
    store.close()
    master = scene.master
    newer = Migrations("terminal.newer")

    @newer()
    def m001_first(db: Database) -> None:
        db.execute("CREATE TABLE newer_one (x)")

    @newer()
    def m002_second(db: Database) -> None:
        db.execute("CREATE TABLE newer_two (x)")
        if os.environ.get("DIE_HERE"):
            os.kill(os.getpid(), 9)

    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, newer))
    child = os.fork()
    if child == 0:
        os.environ["DIE_HERE"] = "1"
        open_store(scene.path, master)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    db = connect(scene.path, master)
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    assert not {"newer_one", "newer_two"} & tables
    db.close()
    db = open_store(scene.path, master)
    assert {"newer_one", "newer_two"} <= {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    assert db.execute("SELECT count(*) FROM diary WHERE exam_id = ?", (exam_id,)).fetchone()[0] > 10
    db.close()


def test_it_is_wal_with_more_than_full_sync(store: TerminalStore) -> None:
    assert store.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.db.execute("PRAGMA synchronous").fetchone() == (3,)


def test_the_owner_of_a_store_is_written_down(store: TerminalStore) -> None:
    assert store.db.execute("SELECT terminal_id, org FROM identity").fetchone() == (ADDRESS.terminal, ADDRESS.org)
    with pytest.raises((sqlcipher3.IntegrityError, sqlite3.IntegrityError), match="owner"):
        store.db.execute("UPDATE identity SET org = 'x'")
