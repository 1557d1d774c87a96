"""A terminal's store, its forwarder, a wire that can be cut, a broker and a centre."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from central.link.outgoing import load_signing_key
from central.store.engine import reading
from central.store.exams import exam
from central.store.messages import message
from dopusk.lab.torture.proxy import Proxy
from simulators.fleet_terminal import TerminalIdentity
from sync.broker_address import BrokerAddress
from sync.contract.health import TerminalStatus
from sync.contract.topics import TerminalAddress
from sync.forwarder import Forwarder
from sync.link_report import LinkReport
from terminal.store.database import KeyFile, connect
from terminal.store.store import TerminalStore
from tests.broker import ORG, TestCentre, running_centre
from tests.unit.terminal.store.scene import play_exam
from tests.waiting import LONGEST_S


@dataclass
class SyncedTerminal:
    """One terminal whose sync thread can be started, stopped and cut off."""

    centre: TestCentre
    folder: Path
    store: TerminalStore
    proxy: Proxy
    broker: BrokerAddress
    identity: TerminalIdentity
    reports: list[LinkReport] = field(default_factory=list)
    inbox_news: threading.Event = field(default_factory=threading.Event)
    forwarder: Forwarder | None = None
    _thread: threading.Thread | None = None

    @property
    def address(self) -> TerminalAddress:
        return self.store.address

    def start(self, **options: Any) -> Forwarder:
        master = KeyFile(self.folder / "master.key").master_key()
        path = self.folder / "terminal.db"
        options = {"receipt_patience_s": 1.0, "status": lambda: TerminalStatus(state="online")} | options
        busy_timeout_s = options.pop("busy_timeout_s", 10.0)
        open_database = options.pop("open_database", lambda: connect(path, master, busy_timeout_s=busy_timeout_s))
        self.forwarder = Forwarder(
            open_database,
            self.broker,
            self.address,
            load_signing_key(self.centre.config.keys.centre_signing_key_file).public_key(),
            on_link=self.reports.append,
            on_inbox=self.inbox_news.set,
            **options,
        )
        self.store.on_queued = self.forwarder.wake
        self._thread = threading.Thread(target=self.forwarder.run, name="sync")
        self._thread.start()
        return self.forwarder

    def stop(self) -> None:
        if self.forwarder is not None and self._thread is not None:
            self.forwarder.stop()
            self._thread.join(LONGEST_S)
            assert not self._thread.is_alive()
            self.forwarder = self._thread = None

    def exam(self, **options: Any) -> str:
        return play_exam(self.store, **options)

    @property
    def queued(self) -> int:
        return self.store.outbox.backlog().queued

    @property
    def reason(self) -> str:
        return self.reports[-1].reason if self.reports else ""

    @property
    def is_connected(self) -> bool:
        return bool(self.reports) and self.reports[-1].connected

    def exams_at_centre(self) -> list[str]:
        with reading(self.centre.engine) as connection:
            return list(connection.execute(select(exam.c.exam_id)).scalars())

    def messages_at_centre(self) -> int:
        with reading(self.centre.engine) as connection:
            return connection.execute(select(func.count()).select_from(message)).scalar_one()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[TestCentre]:
    with running_centre(tmp_path / "centre") as running:
        yield running


@pytest.fixture
def terminal(centre: TestCentre, tmp_path: Path) -> Iterator[SyncedTerminal]:
    identity, address = centre.identity("kiosk-1")
    proxy = Proxy(centre.broker.port)
    folder = tmp_path / "terminal"
    folder.mkdir()
    store = TerminalStore(
        folder / "terminal.db",
        folder / "media",
        KeyFile(folder / "master.key"),
        identity.key,
        TerminalAddress(ORG, "kiosk-1"),
        "test",
    )
    broker = BrokerAddress("127.0.0.1", proxy.port, address.ca_file, address.cert_file, address.key_file, keepalive_s=2)
    synced = SyncedTerminal(centre, folder, store, proxy, broker, identity)
    yield synced
    synced.stop()
    store.close()
    proxy.close()
