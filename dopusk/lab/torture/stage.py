"""The stage: authority, broker, centre and terminals with their proxies, in one folder; and the processes on it."""

import base64
import multiprocessing
import os
import resource
import signal
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import Engine

from central.authority.pki import Authority, write_secret
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.parties import Organisation, Terminal
from central.core.snils import SnilsKey
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import Outgoing, load_signing_key
from central.people.registry import Registry
from central.store import enrolments, schema, terminals
from central.store.engine import open_engine, writing
from config import EXAMPLE_TERMINAL
from dopusk.lab.broker import Broker, free_port, start_mosquitto
from dopusk.lab.torture.proxy import Proxy

ORG = "zarya"
EXAMPLE = EXAMPLE_TERMINAL
CONTEXT = multiprocessing.get_context("forkserver")
_JOIN_S = 20.0


@dataclass
class Worker:
    """One process that can be killed and started again. `start_process` makes it; `is_full` says whether its disk is."""

    name: str
    start_process: Callable[[bool], BaseProcess]
    process: BaseProcess | None = None
    is_full: bool = False
    restarts: int = 0

    def start(self) -> None:
        """Start it unless it runs."""
        if self.process is None or self.process.exitcode is not None:
            if self.process is not None:
                self.process.close()
                self.restarts += 1
            self.process = self.start_process(self.is_full)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if it runs."""
        if self.process is not None and self.process.pid is not None and self.process.exitcode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End it as the kernel does when memory is short: at once, wherever it is."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.join(_JOIN_S)

    def end(self) -> None:
        """Ask it to end, and insist after a while."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self.process is not None:
            self.process.join(_JOIN_S)
            if self.process.exitcode is None:
                self.kill()
            self.process.close()
            self.process = None

    def fill_disk(self, full: bool) -> None:
        """Let every write of its fail from now on (no file may grow), or let it write again."""
        self.is_full = full
        if self.process is None or self.process.pid is None or self.process.exitcode is not None:
            return
        with suppress(ProcessLookupError):
            hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))


@dataclass
class TerminalStage:
    """One terminal: its configuration, its wire and what its kiosk has shown as stored."""

    name: str
    config_file: Path
    proxy: Proxy
    offset_s: Any
    pipes: list[Connection] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)
    """Exam id and the number of its last diary event, as told after the commit."""

    def drain(self) -> None:
        """Take what came through the pipes; those of dead processes are closed once they are empty."""
        for pipe in list(self.pipes):
            try:
                while pipe.poll():
                    exam_id, seq = pipe.recv_bytes().decode().split()
                    self.shown[exam_id] = int(seq)
            except (EOFError, OSError):
                pipe.close()
                self.pipes.remove(pipe)


@dataclass
class Stage:
    """Everything that is tortured."""

    folder: Path
    authority: Authority
    broker: Broker
    config: CentralConfig
    engine: Engine
    terminals: dict[str, TerminalStage] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    stopping: Any = None

    def close(self) -> None:
        """End all processes, wires and the broker."""
        for worker in self.workers.values():
            worker.end()
        for terminal in self.terminals.values():
            terminal.drain()
            terminal.proxy.close()
            for pipe in terminal.pipes:
                pipe.close()
        self.broker.stop()
        self.engine.dispose()


def build_stage(
    folder: Path, store_url: str, terminal_names: list[str], ingest_names: list[str], pause_s: float
) -> Stage:
    """Make everything and start the broker; the workers are made and not started."""
    CONTEXT.set_forkserver_preload(["dopusk.lab.torture.roles"])
    authority = create_secrets(folder / "centre")
    broker = start_mosquitto(folder / "broker", authority)
    config = write_config(folder / "centre", Choices("test", broker.port, free_port(), store_url=store_url))
    engine = open_engine(config.store_url)
    schema.upgrade(engine)
    stage = Stage(folder, authority, broker, config, engine, stopping=CONTEXT.Value("i", 0))
    registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    with writing(engine) as connection:
        registry.add_organisation(connection, Organisation(ORG, "Медпункт Заря", "Л041-00000-00/00000000"))
    (folder / "logs").mkdir()
    for name in terminal_names:
        _add_terminal(stage, registry, name, pause_s)
    for name in ingest_names:
        _add_ingest(stage, name)
    return stage


def _add_terminal(stage: Stage, registry: Registry, name: str, pause_s: float) -> None:
    proxy = Proxy(stage.broker.port)
    terminal = TerminalStage(name, _enrol(stage, registry, name, proxy.port), proxy, CONTEXT.Value("d", 0.0))
    stage.terminals[name] = terminal
    log = str(stage.folder / "logs" / name)

    def start_core(is_full: bool) -> BaseProcess:
        receiving, sending = CONTEXT.Pipe(duplex=False)
        arguments = (
            str(terminal.config_file),
            f"{log}-core.log",
            is_full,
            sending,
            terminal.offset_s,
            stage.stopping,
            pause_s,
        )
        process = _spawn("run_core", arguments)
        sending.close()
        terminal.pipes.append(receiving)
        return process

    def start_sync(is_full: bool) -> BaseProcess:
        return _spawn("run_sync", (str(terminal.config_file), f"{log}-sync.log", is_full))

    stage.workers[f"{name}/core"] = Worker(f"{name}/core", start_core)
    stage.workers[f"{name}/sync"] = Worker(f"{name}/sync", start_sync)


def _add_ingest(stage: Stage, name: str) -> None:
    log = str(stage.folder / "logs" / f"{name}.log")

    def start(is_full: bool) -> BaseProcess:
        return _spawn("run_ingest", (str(stage.folder / "centre" / "central.toml"), log, is_full, name))

    stage.workers[name] = Worker(name, start)


def _spawn(role: str, arguments: tuple[Any, ...]) -> BaseProcess:
    from dopusk.lab.torture import roles

    process = CONTEXT.Process(target=getattr(roles, role), args=arguments, daemon=True)
    process.start()
    return process


def _enrol(stage: Stage, registry: Registry, name: str, port: int) -> Path:
    """Keys, certificate and configuration of one terminal; the centre learns its key."""
    folder = stage.folder / name
    keys = folder / "keys"
    keys.mkdir(parents=True)
    key = Ed25519PrivateKey.generate()
    write_secret(keys / "signing.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    centre_key = load_signing_key(stage.config.keys.centre_signing_key_file).public_key()
    (keys / "centre.pub").write_bytes(centre_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (keys / "ca.pem").write_bytes(stage.authority.ca_pem)
    issued = stage.authority.issue_terminal(name)
    (keys / "terminal.pem").write_bytes(issued.certificate_pem)
    write_secret(keys / "terminal.key", issued.key_pem or b"")
    with writing(stage.engine) as connection:
        registry.add_terminal(connection, Terminal(name, ORG, f"Киоск {name}", "Проходная"))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        terminals.set_key(connection, name, base64.b64encode(public).decode("ascii"))
        enrolments.add_certificate(connection, issued.serial, name, now=now_utc(), not_after=issued.not_after)
    fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    fields["identity"] |= {"terminal_id": name, "org": ORG, "generation": "test"}
    fields["files"].pop("snils_key")
    fields["broker"] |= {"host": "127.0.0.1", "port": port, "in_process": False}
    path = folder / "terminal.toml"
    path.write_text(tomli_w.dumps(fields), encoding="utf-8")
    return path
