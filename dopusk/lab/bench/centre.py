"""Measures the centre: receipted exams a second from a fleet, by store and number of ingest workers.

The yardstick of the same run is bare paho: the same number of messages of the same size, QoS 1, through the same broker to
one subscriber that does nothing.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from central.core.config import CentralConfig
from central.keeping.installation import Choices, create_secrets, write_config
from central.store import schema
from central.store.engine import open_engine
from dopusk.lab.bench.bare_paho import bare_paho_s
from dopusk.lab.broker import client_context, free_port, start_mosquitto
from dopusk.lab.commands.fleet import enter_fleet
from dopusk.lab.postgres import fresh_database, running_postgres
from simulators.fleet import Fleet
from sync.contract.topics import Down, TerminalAddress

Report = Callable[[str, float, str], None]

EXAMS = 3_000
LONG_EXAMS = 30_000
TERMINALS = 50
EXAM_BYTES = 3_300
RATE = 100.0
"""Exams a second for the measurement of the delay: a busy morning of a thousand terminals."""
RATE_EXAMS = 500
_TIMEOUT_S = 120.0
_BARE_WINDOW = 200


def run(report: Report, *, long: bool) -> None:
    """Receipted exams a second with SQLite and PostgreSQL, 1 and 2 ingest workers, against bare paho on the same broker."""
    exams = LONG_EXAMS if long else EXAMS
    with running_postgres() as postgres:
        for store in ("sqlite", "postgresql"):
            for workers in (1, 2):
                with tempfile.TemporaryDirectory() as name:
                    url = "sqlite:///central.db"
                    if store == "postgresql":
                        url = fresh_database(postgres, f"bench_{workers}")
                    with _centre(Path(name), url, workers) as (config, processes):
                        bare = _bare_paho(config, exams)
                        _measure(report, f"centre.{store}.{workers}", config, Path(name), exams, bare)
                        peak = max(_peak_mib(process.pid) for process in processes)
                        report(f"centre.{store}.{workers}.ingest_peak", peak, "MiB")


def _measure(report: Report, name: str, config: CentralConfig, folder: Path, exams: int, bare: float) -> None:
    engine = open_engine(config.store_url)
    burst = Fleet(enter_fleet(config, engine, TERMINALS, folder), exams).run(timeout_s=_TIMEOUT_S)
    report(f"{name}.receipted", burst.per_second, "exams/s")
    report(f"{name}.of_bare_paho", burst.per_second / bare, "ratio")
    report(f"{name}.without_receipt", burst.sent - burst.receipted, "exams")
    calm = Fleet(enter_fleet(config, engine, TERMINALS, folder), RATE_EXAMS).run(rate=RATE, timeout_s=_TIMEOUT_S)
    for percentile in ("p50", "p95", "p99"):
        report(f"{name}.send_to_receipt_{percentile}", calm.send_to_receipt_ms[percentile], "ms")
    engine.dispose()


@contextlib.contextmanager
def _centre(folder: Path, store_url: str, workers: int) -> Iterator[tuple[CentralConfig, list[subprocess.Popen[str]]]]:
    authority = create_secrets(folder)
    with start_mosquitto(folder / "broker", authority) as broker, contextlib.ExitStack() as stack:
        config = write_config(folder, Choices("test", broker.port, free_port(), store_url=store_url))
        schema.upgrade(open_engine(config.store_url))
        processes = [stack.enter_context(_ingest(folder / "central.toml")) for _ in range(workers)]
        yield config, processes


@contextlib.contextmanager
def _ingest(config: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "dopusk", "central", "ingest", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            if process.stdout is None or "ready" not in process.stdout.readline():
                raise RuntimeError("ingest did not start")
            yield process
        finally:
            process.terminate()


def _bare_paho(config: CentralConfig, count: int) -> float:
    """Messages a second from one paho client to another, both as bare as they come."""
    mqtt = config.mqtt
    tls = client_context(mqtt.ca_file, mqtt.cert_file, mqtt.key_file)
    topic = mqtt.mount_point + TerminalAddress("bench", "bare").down(Down.REFERENCE)
    return count / bare_paho_s(
        (mqtt.own_host, mqtt.own_port), tls, topic, [os.urandom(EXAM_BYTES)], count, _BARE_WINDOW
    )


def _peak_mib(pid: int) -> float:
    """The most memory that a process has held, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    [peak] = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return peak / 1024
