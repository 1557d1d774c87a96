"""The terminal's store and sync: durable events against bare fdatasync, backlogs against bare paho, memory, restart."""

import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from paho.mqtt.enums import CallbackAPIVersion

from dopusk.torture.load import Player
from dopusk.torture.stage import ORG, Stage, build_stage
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.topics import TerminalAddress, Up
from terminal.clock import SystemClock
from terminal.config import TerminalConfig, load_config
from terminal.desk import ExamDesk
from terminal.store.database import KeyFile, connect
from terminal.store.store import TerminalStore

Report = Callable[[str, float, str], None]

EXAMS_COMMITTED = 25
WITHIN_S = 600.0
_NAME = "kiosk-1"
_FILL_AT_ONCE = 500
_WINDOW = 500


class BenchFailed(Exception):
    """A figure could not be had: something did not end in time."""


def run(report: Report, *, long: bool) -> None:
    """Durable events, backlogs with receipts, memory of sync, restart."""
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-", dir="/var/tmp") as scratch:
        stage = build_stage(Path(scratch) / "stage", "sqlite:///central.db", [_NAME], ["ingest-1"], 0.0)
        try:
            _commits(report, stage)
            stage.workers["ingest-1"].start()
            _drain(report, stage, 0)
            for backlog in (1_000, 10_000, 100_000) if long else (1_000,):
                _drain(report, stage, backlog)
        finally:
            stage.close()


def _commits(report: Report, stage: Stage) -> None:
    """Every event of whole exams, and between any two of them one bare write of the same size with fdatasync."""
    store = _open(stage)
    config = _config(stage)
    bare: list[float] = []
    events: list[float] = []
    descriptor = os.open(config.files.store.with_suffix(".bare"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    last_s = 0.0

    def between() -> None:
        nonlocal last_s
        events.append(time.perf_counter() - last_s)
        began_s = time.perf_counter()
        os.write(descriptor, bytes(8192))
        os.fdatasync(descriptor)
        bare.append(time.perf_counter() - began_s)
        last_s = time.perf_counter()

    player = Player(store, ORG, SystemClock(), config.limits, lambda _exam_id, _seq: None)
    player.each_commit = between
    last_s = time.perf_counter()
    for number in range(1, EXAMS_COMMITTED + 1):
        player.play(number if number % 5 else number + 1)
    os.close(descriptor)
    store.close()
    report("store.event_p50_ms", 1000 * statistics.median(events), "ms")
    report("store.bare_fdatasync_p50_ms", 1000 * statistics.median(bare), "ms")
    report("store.event_to_fdatasync_ratio", statistics.median(events) / statistics.median(bare), "x")
    _empty(stage)


def _empty(stage: Stage) -> None:
    """Let what the commits have queued go first."""
    stage.workers["ingest-1"].start()
    stage.workers[f"{_NAME}/sync"].start()
    _wait_empty(stage)
    stage.workers[f"{_NAME}/sync"].end()


def _drain(report: Report, stage: Stage, backlog: int) -> None:
    wires = _fill(stage, backlog)
    began_s = time.perf_counter()
    store = _open(stage)
    ExamDesk(store, ORG, lambda _exam_id: 0.0).recover()
    report(f"store.restart_with_{backlog}_stored_s", time.perf_counter() - began_s, "s")
    store.close()
    sync = stage.workers[f"{_NAME}/sync"]
    began_s = time.perf_counter()
    sync.start()
    _wait_empty(stage)
    spent_s = time.perf_counter() - began_s
    if sync.process is not None and sync.process.pid is not None:
        report(f"sync.memory_at_{backlog}_mib", _peak_mib(sync.process.pid), "MiB")
    ingest = stage.workers["ingest-1"]
    if ingest.process is not None and ingest.process.pid is not None:
        report(f"ingest.memory_after_{backlog}_mib", _peak_mib(ingest.process.pid), "MiB")
    sync.end()
    if backlog:
        bare_s = _bare(stage, wires, backlog)
        report(f"sync.drain_{backlog}_s", spent_s, "s")
        report(f"sync.bare_paho_{backlog}_s", bare_s, "s")
        report(f"sync.drain_{backlog}_share_of_bare_paho", bare_s / spent_s, "x")


def _fill(stage: Stage, count: int) -> list[bytes]:
    """Queue so many exams as they stand after an outage; returns some of their bytes."""
    store = _open(stage)
    dice = random.Random(1)  # noqa: S311 - values of exams
    stamp = SystemClock().now()
    for start in range(0, count, _FILL_AT_ONCE):
        with store.transaction():
            for _ in range(min(_FILL_AT_ONCE, count - start)):
                payload = exam_payload(dice, org=ORG, worker_id=new_id(), employer_id=new_id(), generation="test")
                store.queue(Up.EXAM, EXAM_SCHEMA, payload, subject=payload["exam_id"], stamp=stamp)
    wires = [row.wire for row in store.outbox.next_queued(1000)]
    store.close()
    return wires


def _wait_empty(stage: Stage) -> None:
    config = _config(stage)
    deadline_s = time.monotonic() + WITHIN_S
    with closing(connect(config.files.store, KeyFile(config.files.master_key).master_key())) as db:
        while db.execute("SELECT 1 FROM outbox WHERE state = 'queued' LIMIT 1").fetchone():
            if time.monotonic() > deadline_s:
                raise BenchFailed(f"the backlog was not receipted within {WITHIN_S:.0f} s")
            time.sleep(0.02)


def _bare(stage: Stage, wires: list[bytes], count: int) -> float:
    """The same bytes by bare paho, QoS 1 with TLS, from a publisher to a subscriber that counts and forgets."""
    broker, mqtt_config = stage.broker, stage.config.mqtt
    topic = TerminalAddress(ORG, "bare").up(Up.HEALTH)
    files = (str(mqtt_config.ca_file), str(mqtt_config.cert_file), str(mqtt_config.key_file))
    listening = threading.Event()
    done = threading.Event()
    seen = 0

    def count_one(_client: mqtt.Client, _user: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            done.set()

    subscriber = mqtt.Client(CallbackAPIVersion.VERSION2, "bare-subscriber", protocol=mqtt.MQTTv5)
    publisher = mqtt.Client(CallbackAPIVersion.VERSION2, "bare-publisher", protocol=mqtt.MQTTv5)
    subscriber.on_message = count_one
    subscriber.on_subscribe = lambda *_: listening.set()
    for client in (subscriber, publisher):
        client.tls_set(*files)
        client.max_inflight_messages_set(_WINDOW)
        client.connect(broker.host, broker.port)
        client.loop_start()
    subscriber.subscribe(topic, qos=1)
    if not listening.wait(30):
        raise BenchFailed("the bare subscriber was not let in")
    began_s = time.perf_counter()
    for number in range(count):
        publisher.publish(topic, wires[number % len(wires)], qos=1)
    if not done.wait(WITHIN_S):
        raise BenchFailed(f"{seen} of {count} bare messages arrived")
    spent_s = time.perf_counter() - began_s
    for client in (subscriber, publisher):
        client.disconnect()
        client.loop_stop()
    return spent_s


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def _config(stage: Stage) -> TerminalConfig:
    return load_config(stage.terminals[_NAME].config_file)


def _open(stage: Stage) -> TerminalStore:
    config = _config(stage)
    key = load_pem_private_key(config.files.signing_key.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the terminal's signing key must be an Ed25519 key")
    address = TerminalAddress(config.identity.org, config.identity.terminal_id)
    keys = KeyFile(config.files.master_key)
    return TerminalStore(config.files.store, config.files.media, keys, key, address, "test")
