"""A backup made while messages come in, restored elsewhere, is in order and complete; a damaged one is refused."""

import base64
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from central.backup import BackupError, back_up, restore
from central.intake import Arrival, Intake
from central.media_files import MediaFiles
from central.store import registry
from central.store.engine import open_engine, reading, writing
from central.store.messages import message
from central.store.metadata import now_utc
from central.verify import verify_store
from central.verify_report import Expected
from dopusk.postgres import fresh_database
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
    back_up(engine, _url(engine), files, tmp_path / "backup")
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
