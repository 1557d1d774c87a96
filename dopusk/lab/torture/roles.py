"""The roles of the tortured processes: a terminal's core under load, its sync process, the centre's ingest.

They are children of a fork server that has imported everything once, so a process is back a few milliseconds after a kill.
"""

import os
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from central.core.config import load_config as load_central
from central.exchange.ingest import Ingest, spare_the_collector
from central.store import schema
from central.store.engine import open_engine
from dopusk.commands import terminal as terminal_commands
from dopusk.lab.torture.load import JumpingClock, Player
from sync.contract.topics import TerminalAddress
from terminal.clock import SystemClock
from terminal.config import load_config as load_terminal
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore


def _detach(log: str, is_full: bool) -> None:
    """Output to a log of its own; the full disk that is on when we are started is full for us too."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    if is_full:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def run_core(
    config_file: str,
    log: str,
    is_full: bool,
    report: Connection,
    offset_s: "Synchronized[float]",
    stopping: "Synchronized[int]",
    pause_s: float,
) -> None:
    """Play exams until told to stop; what was shown goes through the pipe."""
    _detach(log, is_full)
    config = load_terminal(Path(config_file))
    key = load_pem_private_key(config.files.signing_key.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the terminal's signing key must be an Ed25519 key")
    identity = config.identity
    store = TerminalStore(
        config.files.store,
        config.files.media,
        KeyFile(config.files.master_key),
        key,
        TerminalAddress(identity.org, identity.terminal_id),
        identity.generation,
    )
    clock = JumpingClock(SystemClock(), lambda: offset_s.value)
    shown: Callable[[str, int], None] = lambda exam_id, seq: report.send_bytes(f"{exam_id} {seq}".encode())  # noqa: E731
    player = Player(store, identity.org, clock, config.limits, shown)
    player.recover()
    number = 0
    while not stopping.value:
        player.play(number)
        number += 1
        time.sleep(pause_s)
    store.close()


def run_sync(config_file: str, log: str, is_full: bool) -> None:
    """`dopusk terminal sync`."""
    _detach(log, is_full)
    terminal_commands.sync(Path(config_file))


def run_ingest(config_file: str, log: str, is_full: bool, name: str) -> None:
    """One ingest worker, as `dopusk central ingest` runs it."""
    _detach(log, is_full)
    config = load_central(Path(config_file))
    engine = open_engine(config.store_url)
    schema.check(engine)
    spare_the_collector()
    Ingest(config, engine, name=name).run()
