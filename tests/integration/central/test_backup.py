"""A backup made while messages come in, restored elsewhere, is in order and complete; a damaged one is refused."""

import base64
import json
import os
import random
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, func, select

from central.core.clock import now_utc
from central.core.media_files import MediaFiles
from central.exchange.intake import Arrival, Intake
from central.keeping.backup import BackupError, back_up, restore
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.store import registry, schema
from central.store.engine import open_engine, reading, writing
from central.store.messages import message
from dopusk.lab.postgres import fresh_database
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import sha256_hex
from sync.contract.media import MEDIA_SCHEMA
from tests.central_store import CENTRE_KEY, ORG


def _send(intake: Intake, identity: Any, worker: Any, count: int) -> None:
    dice = random.Random(count)
    for _ in range(count):
        payload = exam_payload(
            dice, org=ORG, worker_id=worker.worker_id, employer_id=worker.employer_id, generation="test"
        )
        wire = identity.seal("dopusk.exam/1", payload)[1].wire
        assert intake.take([Arrival(identity.address.up("exam"), wire)])[0].outcome == "accepted"


def _send_photo(intake: Intake, identity: Any) -> str:
    chunk = {
        "exam_id": "01a20219-4ef4-77d4-b34d-eba49876e986",
        "sha256": sha256_hex(b"photo"),
        "content_type": "image/jpeg",
        "index": 0,
        "count": 1,
        "chunk_sha256": sha256_hex(b"photo"),
        "content_base64": base64.b64encode(b"photo").decode(),
    }
    intake.take([Arrival(identity.address.up("media"), identity.seal(MEDIA_SCHEMA, chunk)[1].wire)])
    return sha256_hex(b"photo")


def _count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(message)).scalar_one()


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_a_backup_of_a_busy_store_is_restored_complete(
    engine: Engine, intake: Intake, files: MediaFiles, enrolled: Any, worker: Any, tmp_path: Path, request: Any
) -> None:
    identity = enrolled("kiosk-1")
    photo = _send_photo(intake, identity)
    reference = files.keep(b"reference picture")
    with writing(engine) as connection:
        registry.set_photo(connection, ORG, worker.worker_id, reference, now=now_utc())
    _send(intake, identity, worker, 20)
    before = _count(engine)
    busy = threading.Thread(target=_send, args=(intake, identity, worker, 40))
    busy.start()
    back_up(engine, _url(engine), files, tmp_path / "backup")
    busy.join()

    if engine.dialect.name == "sqlite":
        url = f"sqlite:///{tmp_path / 'restored.db'}"
    else:
        url = fresh_database(request.getfixturevalue("postgres"), "restored")
    restore(tmp_path / "backup", url, tmp_path / "restored-media")
    restored = open_engine(url)
    try:
        assert before <= _count(restored) <= _count(engine)
        kept = MediaFiles(tmp_path / "restored-media")
        report = verify_store(restored, Expected(CENTRE_KEY.public_key(), None, kept))
        assert (report.faults, report.media) == ([], 2)
        assert kept.path(reference).read_bytes() == b"reference picture"
        assert kept.path(photo).read_bytes() == b"photo"
    finally:
        restored.dispose()


@pytest.fixture
def backup(tmp_path: Path, intake: Intake, engine: Engine, files: MediaFiles, enrolled: Any, worker: Any) -> Path:
    if engine.dialect.name != "sqlite":
        pytest.fail("the faults of a folder need one kind of store only")
    _send(intake, enrolled("kiosk-1"), worker, 2)
    back_up(engine, _url(engine), files, tmp_path / "backup", CENTRE_KEY)
    return tmp_path / "backup"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
class TestRefusals:
    """What is not done, and why."""

    def test_an_existing_folder_is_not_overwritten(self, backup: Path, engine: Engine, files: MediaFiles) -> None:
        with pytest.raises(BackupError, match="exists already"):
            back_up(engine, _url(engine), files, backup)

    def test_an_existing_store_is_not_replaced(self, backup: Path, engine: Engine, tmp_path: Path) -> None:
        with pytest.raises(BackupError, match="exists"):
            restore(backup, _url(engine), tmp_path / "m")

    def test_a_changed_backup_is_not_restored(self, backup: Path, tmp_path: Path) -> None:
        with (backup / "store.db").open("r+b") as file:
            file.seek(5000)
            file.write(b"x")
        with pytest.raises(BackupError, match="was changed"):
            restore(backup, f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "m")
        assert not (tmp_path / "new.db").exists()

    def test_a_backup_without_its_list_is_not_restored(self, backup: Path, tmp_path: Path) -> None:
        (backup / "manifest.json").unlink()
        with pytest.raises(BackupError, match=r"manifest\.json"):
            restore(backup, f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "m")

    def test_what_the_list_does_not_name_is_not_restored(self, backup: Path, tmp_path: Path) -> None:
        planted = backup / "media" / "zz" / "planted"
        planted.parent.mkdir(parents=True)
        planted.write_bytes(b"x")
        (planted.parent / "stolen").symlink_to("/etc/hostname")
        (backup / "media" / "link").symlink_to("/etc")
        (backup / "store.db-wal").write_bytes(b"no log of this store")
        counts = restore(backup, f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "m", CENTRE_KEY.public_key())
        assert counts["unlisted"] == 3
        assert [path.name for path in (tmp_path / "m").rglob("*") if path.name in {"planted", "stolen", "link"}] == []
        assert not (tmp_path / "new.db-wal").exists()

    def test_a_listed_file_that_became_a_link_is_refused(self, backup: Path, tmp_path: Path) -> None:
        (backup / "store.db").rename(tmp_path / "elsewhere.db")
        (backup / "store.db").symlink_to(tmp_path / "elsewhere.db")
        with pytest.raises(BackupError, match="is a link"):
            restore(backup, f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "m")

    @pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "media/aa/../../x", "media/zz/" + "a" * 64])
    def test_a_list_of_strange_names_is_refused(self, backup: Path, tmp_path: Path, name: str) -> None:
        manifest = json.loads((backup / "manifest.json").read_text())
        manifest["files"][name] = sha256_hex(b"x")
        (backup / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(BackupError, match="no name of a backup"):
            restore(backup, f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "m")

    def test_a_list_that_the_centre_has_not_signed_is_refused(self, backup: Path, tmp_path: Path) -> None:
        """Whoever changes a file can write its new hash into the list, and cannot sign that."""
        manifest = json.loads((backup / "manifest.json").read_text())
        url, key = f"sqlite:///{tmp_path / 'new.db'}", CENTRE_KEY.public_key()
        with pytest.raises(BackupError, match="not signed by this centre"):
            restore(backup, url, tmp_path / "m", Ed25519PrivateKey.generate().public_key())
        (backup / "manifest.json").write_text(json.dumps(manifest | {"made_at": "2026-01-01T00:00:00.000Z"}))
        with pytest.raises(BackupError, match="not signed by this centre"):
            restore(backup, url, tmp_path / "m", key)
        del manifest["signature"]
        (backup / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(BackupError, match="--unsigned"):
            restore(backup, url, tmp_path / "m", key)
        assert restore(backup, url, tmp_path / "m")["files"] == 1


def test_a_password_stands_on_no_command_line(
    postgres: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: MediaFiles
) -> None:
    """Everybody on the machine may list the arguments of processes."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pg_dump", "pg_restore"):
        script = programs / name
        script.write_text(
            f'#!/bin/sh\nprintf "%s " "$@" >> {tmp_path}/arguments\necho "$PGPASSWORD" >> {tmp_path}/passwords\n'
            f'exec {shutil.which(name)} "$@"\n'
        )
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    urls = [
        fresh_database(postgres, name).replace("postgres@", "postgres:s%20ecret@") for name in ("dumped", "put_back")
    ]
    engine = open_engine(urls[0])
    schema.upgrade(engine)
    back_up(engine, urls[0], files, tmp_path / "backup", CENTRE_KEY)
    engine.dispose()
    restore(tmp_path / "backup", urls[1], tmp_path / "m", CENTRE_KEY.public_key())
    restored = open_engine(urls[1])
    schema.check(restored)
    restored.dispose()
    arguments = (tmp_path / "arguments").read_text()
    assert "--format=custom" in arguments
    assert "ecret" not in arguments
    assert (tmp_path / "passwords").read_text().split("\n")[:2] == ["s ecret", "s ecret"]
