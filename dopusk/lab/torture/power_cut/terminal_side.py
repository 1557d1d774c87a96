"""The terminal's side of the replay: the shipped store code on a recorded connection, with the shipped pragmas."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import apsw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlite_utils import Database

from dopusk.lab.torture.load import Player
from dopusk.lab.torture.power_cut.plain_connection import PlainConnection
from dopusk.lab.torture.power_cut.recording import Recording, RecordingSteps, RecordingVfs
from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.envelope import ClockStamp, Envelope, seal
from sync.contract.limits import LimitsBook
from sync.contract.receipt import RECEIPT_SCHEMA, Receipt, ReceiptBatch
from sync.contract.topics import TerminalAddress
from terminal.clock import SystemClock
from terminal.store.database import PRAGMAS, StoreError, derive_key, migrate
from terminal.store.media_files import MediaFiles
from terminal.store.store import TerminalStore
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected

NAME = "terminal.db"
MEDIA = "media"
MASTER_KEY = bytes(32)
VFS = "dopusk-recording-terminal"
ADDRESS = TerminalAddress("zarya", "kiosk-1")
LIMIT = {"parameter": "temperature_celsius", "low": 35.0, "high": 36.9, "version": "1", "basis": "practice"}
WITH_PHOTO = 5
"""The player takes a photo in every fifth exam."""
PHOTO_BYTES = 3_000
CHECKPOINT_PAGES = 40
"""Far below the usual thousand, so that checkpoints are among what is cut off."""


@cache
def _key(who: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(random.Random(who).randbytes(32))  # noqa: S311 - a key for nobody


def record_terminal(folder: Path) -> Recording:
    """Make a store and play exams; each commit that a screen waits for is a promise of the diary up to there."""
    recording = Recording()
    vfs = RecordingVfs(VFS, recording)
    store = _store(folder, VFS)
    store.media = MediaFiles(folder / MEDIA, derive_key(MASTER_KEY, "media"), steps=RecordingSteps(folder, recording))
    limits = LimitsBook.model_validate({"version": "1", "entries": [LIMIT]})
    player = Player(store, ADDRESS.org, SystemClock(), limits, lambda exam_id, seq: None)
    player.each_commit = _promises(recording, store.db)
    player.photo_bytes = PHOTO_BYTES
    player.play(WITH_PHOTO)
    _receipt(store)
    player.play(1)
    store.close()
    vfs.unregister()
    return recording


def check_terminal(folder: Path, promised: int) -> list[str]:
    """Open what the cut left: it must migrate if it is young, verify, and hold every promised event."""
    if promised == 0 and not (folder / NAME).exists():
        return []
    try:
        store = _store(folder, None)
    except (StoreError, apsw.Error) as error:
        return [f"the store cannot be opened: {error}"]
    try:
        report = verify_store(
            store.db, Expected(_key("terminal").public_key(), _key("centre").public_key(), store.media)
        )
        (last,) = store.db.execute("SELECT coalesce(max(seq), 0) FROM diary").fetchone()
    finally:
        store.close()
    faults = [f"{fault.kind} {fault.place}: {fault.what}" for fault in report.faults]
    if last < promised:
        faults.append(f"event {promised} was shown, and the diary ends at {last}")
    return faults


def _store(folder: Path, vfs: str | None) -> TerminalStore:
    """The shipped store, its connection opened through a file system layer and without encryption."""

    def open_plain(path: Path, _master: bytes) -> Database:
        connection: Any = PlainConnection(path, vfs, (*PRAGMAS, f"wal_autocheckpoint = {CHECKPOINT_PAGES}"))
        db = Database(connection)
        migrate(db, path.name)
        return db

    return TerminalStore(
        folder / NAME, folder / MEDIA, _FixedKey(), _key("terminal"), ADDRESS, "test", opener=open_plain
    )


@dataclass(frozen=True, slots=True)
class _FixedKey:
    """A master key for a store that is not encrypted."""

    def master_key(self) -> bytes:
        return MASTER_KEY


def _promises(recording: Recording, db: Database) -> Callable[[], None]:
    def promise() -> None:
        recording.promise(db.execute("SELECT max(seq) FROM diary").fetchone()[0])

    return promise


def _receipt(store: TerminalStore) -> None:
    """The centre's receipts for everything that is queued, taken in as the sync process does."""
    now = datetime.now(UTC)
    receipts = tuple(
        Receipt(message_id=row.message_id, outcome="accepted", committed_at=now)
        for row in store.outbox.next_queued(100)
    )
    envelope = Envelope(
        message_id=new_id(),
        schema=RECEIPT_SCHEMA,
        terminal_id=ADDRESS.terminal,
        seq=1,
        prev_hash=GENESIS_HASH,
        created_at=now,
        clock=ClockStamp(trusted=True, boot_id="centre", monotonic_s=1.0),
        generation="test",
        payload=ReceiptBatch(receipts=receipts).model_dump(mode="json"),
    )
    store.outbox.close(receipts, seal(envelope, _key("centre")).wire)
