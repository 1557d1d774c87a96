"""The centre's side of the replay: the shipped intake and schema on a recorded connection; a receipt is a promise."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from central.core.media_files import MediaFiles
from central.core.parties import Organisation, Terminal
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.store import registry as registry_store
from central.store import terminals
from central.store.engine import PRAGMAS, create_schema, open_engine, reading, writing
from central.store.messages import message
from dopusk.lab.torture.power_cut.plain_connection import PlainConnection
from dopusk.lab.torture.power_cut.recording import Recording, RecordingVfs
from simulators.fleet_exam import exam_payload
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.canonical import new_id
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.topics import TerminalAddress, Up

NAME = "central.db"
VFS = "dopusk-recording-centre"
ADDRESS = TerminalAddress("zarya", "kiosk-1")
BATCHES = (3, 1, 5)
CHECKPOINT_PAGES = 40


@cache
def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(random.Random("terminal").randbytes(32))  # noqa: S311 - for nobody


def record_centre(folder: Path) -> Recording:
    """Take in batches of exams, some of them twice; each batch whose receipts are out is a promise of its messages."""
    recording = Recording()
    vfs = RecordingVfs(VFS, recording)
    engine = _engine(folder / NAME, VFS)
    create_schema(engine)
    identity = TerminalIdentity(ADDRESS, _key(), _key().public_key(), "test")
    with writing(engine) as connection:
        now = datetime.now(UTC)
        registry_store.put_organisation(connection, Organisation(ADDRESS.org, "Медпункт Заря", "Л041"), now=now)
        terminals.add_terminal(connection, Terminal(ADDRESS.terminal, ADDRESS.org, "Киоск", "Проходная"), now=now)
        terminals.set_key(connection, ADDRESS.terminal, identity.public_key)
    intake = Intake(engine, MediaFiles(folder / "media"), Rules("test", timedelta(days=1)))
    dice = random.Random(1)  # noqa: S311 - values of exams
    stored = 0
    before: list[Arrival] = []
    for size in BATCHES:
        fresh = [_arrival(identity, dice) for _ in range(size)]
        verdicts = intake.take(fresh + before[:1])
        stored += sum(1 for verdict in verdicts if verdict.outcome == "accepted")
        before = fresh
        recording.promise(stored)
    engine.dispose()
    vfs.unregister()
    return recording


def check_centre(folder: Path, promised: int) -> list[str]:
    """Open what the cut left: it must verify and hold every message whose receipt was out."""
    if promised == 0:
        return []  # before the first receipt the store may be half made: the installation is then repeated
    engine = open_engine(f"sqlite:///{folder / NAME}")
    try:
        report = verify_store(engine, Expected(None, None, None))
        faults = [f"{fault.kind} {fault.place}: {fault.what}" for fault in report.faults]
        with reading(engine) as connection:
            stored = connection.execute(select(func.count()).select_from(message)).scalar_one()
        if stored < promised:
            faults.append(f"{promised} messages were receipted, and {stored} are stored")
    except DatabaseError as error:
        return [f"the store cannot be used: {error.orig}"]
    finally:
        engine.dispose()
    return faults


def _arrival(identity: TerminalIdentity, dice: random.Random) -> Arrival:
    payload = exam_payload(
        dice,
        org=ADDRESS.org,
        worker_id=new_id(),
        employer_id=new_id(),
        generation="test",
        started_at=datetime.now(UTC),
    )
    _, sealed = identity.seal(EXAM_SCHEMA, payload)
    return Arrival(ADDRESS.up(Up.EXAM), sealed.wire)


def _engine(path: Path, vfs: str) -> Engine:
    """The shipped set-up of SQLite, on a connection of ours."""

    def connect() -> Any:
        return PlainConnection(path, vfs, (*PRAGMAS, f"wal_autocheckpoint = {CHECKPOINT_PAGES}"))

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
