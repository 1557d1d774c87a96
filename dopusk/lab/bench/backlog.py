"""A backlog as it stands after an outage: records of exams, sent by the sync process, closed by the centre's receipts."""

import random
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dopusk.lab.bench.bare_paho import BenchFailed, bare_paho_s
from dopusk.lab.broker import client_context
from dopusk.lab.torture.stage import ORG, Stage, Worker
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.topics import Down, TerminalAddress, Up
from sync.policy import WINDOW
from terminal.clock import SystemClock
from terminal.config import TerminalConfig, load_config
from terminal.exam.events import ExamEnded, ExamStarted
from terminal.exam.model import Plan
from terminal.open_exams import OpenExams
from terminal.store.database import KeyFile, connect
from terminal.store.store import TerminalStore

STALLED_S = 120.0
"""So long without a single receipt, and the drain is given up."""
_AT_ONCE = 500
_LOOK_EVERY_S = 0.02
_TELL_EVERY_S = 15.0

Report = Callable[[str, float, str], None]


def config_of(stage: Stage, terminal: str) -> TerminalConfig:
    """The terminal's configuration."""
    return load_config(stage.terminals[terminal].config_file)


def open_terminal(config: TerminalConfig) -> TerminalStore:
    """The terminal's store, as its core process opens it."""
    key = load_pem_private_key(config.files.signing_key.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the terminal's signing key must be an Ed25519 key")
    address = TerminalAddress(config.identity.org, config.identity.terminal_id)
    keys = KeyFile(config.files.master_key)
    return TerminalStore(config.files.store, config.files.media, keys, key, address, "test")


def fill(config: TerminalConfig, exams: int) -> list[bytes]:
    """Queue records of exams, each with its first and last event in the diary; returns some of those records' bytes.

    Many exams are one commit here: it is not the time of a commit that is measured.
    """
    dice = random.Random(1)  # noqa: S311 - values of exams
    with closing(open_terminal(config)) as store:
        for start in range(0, exams, _AT_ONCE):
            with store.transaction():
                for _ in range(min(_AT_ONCE, exams - start)):
                    _store_exam(store, dice)
            if start and start % 10_000 == 0:
                print(f"   {start:,} of {exams:,} exams are stored", flush=True)
        return [row.wire for row in store.outbox.next_queued(1000)]


def _store_exam(store: TerminalStore, dice: random.Random) -> None:
    record = exam_payload(dice, org=ORG, worker_id=new_id(), employer_id=new_id(), generation="test")
    exam_id, stamp = record["exam_id"], SystemClock().now()
    started = ExamStarted(
        exam_id=exam_id,
        stamp=stamp,
        exam_type="pre_shift",
        plan=Plan(),
        generation="test",
        software_version="bench",
        config_version="bench",
    )
    ended = ExamEnded(exam_id=exam_id, stamp=stamp, reason="interrupted")
    store.log.note_span(exam_id, store.log.append(started), is_open=True)
    store.log.note_span(exam_id, store.log.append(ended), is_open=False)
    store.queue(Up.EXAM, EXAM_SCHEMA, record, subject=exam_id, stamp=stamp)


def drain(report: Report, stage: Stage, terminal: str, ingest: Worker, exams: int, start_s: float = 0.0) -> float:
    """Fill the store, start again, send everything; returns the seconds from the sync process's start to the last receipt.

    `start_s` of them are the process's own start and its way to the first receipt: the share of bare paho is given without
    them too, because bare paho is connected before its clock starts. Raises `BenchFailed`.
    """
    config = config_of(stage, terminal)
    wires = fill(config, exams)
    name = f"{exams}"
    report(f"store.restart_with_{name}_more_stored_s", _restart_s(config), "s")
    sync = stage.workers[f"{terminal}/sync"]
    began_s = time.perf_counter()
    sync.start()
    _wait_until_empty(config)
    spent_s = time.perf_counter() - began_s
    report(f"sync.drain_{name}_s", spent_s, "s")
    report(f"sync.memory_at_{name}_mib", _peak_mib(sync), "MiB")
    report(f"ingest.memory_after_{name}_mib", _peak_mib(ingest), "MiB")
    sync.end()
    if start_s:
        mqtt = stage.config.mqtt
        tls = client_context(mqtt.ca_file, mqtt.cert_file, mqtt.key_file)
        topic = mqtt.mount_point + TerminalAddress(ORG, "bare").down(Down.REFERENCE)
        bare_s = bare_paho_s((stage.broker.host, stage.broker.centre_port), tls, topic, wires, exams, WINDOW)
        report(f"sync.bare_paho_{name}_s", bare_s, "s")
        report(f"sync.drain_{name}_share_of_bare_paho", bare_s / spent_s, "x")
        report(f"sync.drain_{name}_share_without_start", bare_s / (spent_s - start_s), "x")
    return spent_s


def _restart_s(config: TerminalConfig) -> float:
    began_s = time.perf_counter()
    with closing(open_terminal(config)) as store:
        OpenExams(store, ORG, lambda _exam_id: 0.0).recover()
        return time.perf_counter() - began_s


def _wait_until_empty(config: TerminalConfig) -> None:
    """Wait for the last receipt; say now and then how far it is. Raises `BenchFailed` when nothing moves any more."""
    moved_s = told_s = time.monotonic()
    left = None
    with closing(connect(config.files.store, KeyFile(config.files.master_key).master_key())) as db:
        while db.execute("SELECT 1 FROM outbox WHERE state = 'queued' LIMIT 1").fetchone():
            now_s = time.monotonic()
            if now_s - told_s > _TELL_EVERY_S:
                (still,) = db.execute("SELECT count(*) FROM outbox WHERE state = 'queued'").fetchone()
                print(f"   {still:,} messages without a receipt", flush=True)
                told_s, moved_s, left = now_s, now_s if still != left else moved_s, still
            if now_s - moved_s > STALLED_S:
                raise BenchFailed(f"{left} messages have no receipt, and none has come for {STALLED_S:.0f} s")
            time.sleep(_LOOK_EVERY_S)


def _peak_mib(worker: Worker) -> float:
    """The most memory that a running process has held, in MiB."""
    if worker.process is None or worker.process.pid is None:
        raise BenchFailed(f"{worker.name} does not run")
    status = Path(f"/proc/{worker.process.pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
