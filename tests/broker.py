"""A centre on a real broker for tests: authority, Mosquitto with TLS, store, ingest and dispatcher, in one folder."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from central.authority.pki import Authority, Issued, write_secret
from central.authority.revocation_list import read_list
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.media_files import MediaFiles
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.snils import SnilsKey
from central.exchange.dispatcher import Dispatcher
from central.exchange.face_photos import FacePhotos
from central.exchange.ingest import Ingest
from central.exchange.resending import Replenisher
from central.exchange.rosters import Rosters
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import Outgoing, load_signing_key
from central.people.registry import Registry
from central.store import enrolments, terminals
from central.store.engine import open_engine, writing
from dopusk.lab.broker import Broker, free_port, start_mosquitto
from simulators.fleet_terminal import BrokerAddress, FleetTerminal, TerminalIdentity
from sync.contract.topics import TerminalAddress
from tests.new_store import migrate
from tests.waiting import LONGEST_S

ORG = "zarya"


def write_pair(folder: Path, name: str, issued: Issued) -> tuple[Path, Path]:
    """Write certificate and key; returns their files."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(issued.certificate_pem)
    key.unlink(missing_ok=True)
    write_secret(key, issued.key_pem or b"")
    return certificate, key


@dataclass
class TestCentre:
    """A running centre. `terminal` makes enrolled, connected terminals; everything ends with `running_centre`."""

    __test__ = False

    folder: Path
    broker: Broker
    authority: Authority
    config: CentralConfig
    engine: Engine
    registry: Registry
    dispatcher: Dispatcher
    employer_id: str
    worker_id: str
    ingests: list[tuple[Ingest, threading.Thread]] = field(default_factory=list)
    fleet: list[FleetTerminal] = field(default_factory=list)

    def start_ingest(self) -> Ingest:
        """One more ingest worker, in a thread."""
        ingest = Ingest(self.config, self.engine, name=f"ingest-{len(self.ingests)}-{free_port()}")
        thread = threading.Thread(target=ingest.run, name="ingest")
        thread.start()
        self.ingests.append((ingest, thread))
        assert ingest.ready.wait(LONGEST_S)
        return ingest

    def stop_ingest(self) -> None:
        """End all ingest workers."""
        for ingest, _ in self.ingests:
            ingest.stop()
        for _, thread in self.ingests:
            thread.join(LONGEST_S)
        self.ingests.clear()

    def identity(self, name: str, *, enrolled: bool = True) -> tuple[TerminalIdentity, BrokerAddress]:
        """Register a terminal and hand over its keys and certificate."""
        key = Ed25519PrivateKey.generate()
        centre = load_signing_key(self.config.keys.centre_signing_key_file).public_key()
        identity = TerminalIdentity(TerminalAddress(ORG, name), key, centre, self.config.generation)
        issued = self.authority.issue_terminal(name)
        certificate, tls_key = write_pair(self.folder, f"tls-{name}", issued)
        with writing(self.engine) as connection:
            if terminals.get_terminal(connection, name) is None:
                self.registry.add_terminal(connection, Terminal(name, ORG, f"Киоск {name}", "Проходная"))
            now = now_utc()
            enrolments.add_certificate(connection, issued.serial, name, now=now, not_after=issued.not_after)
            if enrolled:
                terminals.set_key(connection, name, identity.public_key)
        address = BrokerAddress(self.broker.host, self.broker.port, self.broker.ca_file, certificate, tls_key)
        return identity, address

    def terminal(self, name: str, *, enrolled: bool = True, acknowledges: bool = True) -> FleetTerminal:
        """A registered and connected terminal."""
        terminal = FleetTerminal(*self.identity(name, enrolled=enrolled), acknowledges=acknowledges)
        terminal.start()
        self.fleet.append(terminal)
        return terminal


@contextlib.contextmanager
def running_centre(folder: Path, *, ingests: int = 1, store_url: str | None = None) -> Iterator[TestCentre]:
    """Authority, broker, store and centre; all of it ends with the block."""
    authority = create_secrets(folder)
    with start_mosquitto(folder / "broker", authority) as broker:
        choices = Choices("test", broker.port, free_port(), store_url=store_url or "sqlite:///central.db")
        config = write_config(folder, choices)
        engine = open_engine(config.store_url)
        migrate(engine)
        registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
        with writing(engine) as connection:
            registry.add_organisation(connection, Organisation(ORG, "Медпункт Заря", "Л041-00000-00/00000000"))
            employer_id = registry.add_employer(connection, Employer(ORG, "ООО «Ромашка-Транс»"))
            worker = Worker(ORG, employer_id, "1001", "Ветров Степан Ильич", "водитель")
            registry.save_workers(connection, [worker])
        photos = FacePhotos(Outgoing.from_config(config), MediaFiles(config.media_dir))
        pen = Outgoing.from_config(config)
        dispatcher = Dispatcher(config, engine, photos, Replenisher(pen, registry), Rosters(engine, pen))
        centre = TestCentre(
            folder, broker, authority, config, engine, registry, dispatcher, employer_id, worker.worker_id
        )
        try:
            dispatcher.start()
            for _ in range(ingests):
                centre.start_ingest()
            yield centre
        finally:
            centre.stop_ingest()
            dispatcher.stop()
            for terminal in centre.fleet:
                terminal.stop()
            engine.dispose()


def is_listed(authority: Authority, serial: str) -> bool:
    """Whether the list of revoked certificates on the disk names this one (hexadecimal)."""
    return read_list(authority.folder).get_revoked_certificate_by_serial_number(int(serial, 16)) is not None
