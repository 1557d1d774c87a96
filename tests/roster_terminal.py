"""A terminal's own store and its own writer against a centre's store, without a broker between them: for tests of rosters."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine

from central.core.clock import now_utc
from central.core.parties import Terminal
from central.exchange.intake import Arrival, Intake
from central.exchange.rosters import Rosters
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import outgoing, terminals
from central.store.engine import reading, writing
from central.store.outgoing import Waiting
from sync.contract.envelope import read_unverified
from sync.contract.health import HEALTH_SCHEMA, HealthReport, TerminalStatus
from sync.contract.roster import ROSTER_SCHEMA
from sync.contract.topics import TerminalAddress, Up
from terminal.clock import SystemClock
from terminal.incoming import IncomingMessages
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore
from tests.central_store import CENTRE_KEY, ORG
from tests.unit.terminal.kiosk import faceless


@dataclass
class RosterTerminal:
    """One terminal. `receive` applies what the centre has for it, `answer` brings its answers to the centre."""

    name: str
    engine: Engine
    intake: Intake
    store: TerminalStore
    incoming: IncomingMessages
    answered: set[str] = field(default_factory=set)
    received: list[Waiting] = field(default_factory=list)

    def open_messages(self) -> list[Waiting]:
        """What the centre would send now."""
        with reading(self.engine) as connection:
            return outgoing.unacknowledged(connection, self.name, 1000)

    def receive(self, *messages: Waiting) -> None:
        """Apply these, or all that wait, and answer."""
        for message in messages or self.open_messages():
            self.received.append(message)
            if not self.store.inbox.store(message.message_id, message.kind, message.wire):
                self.store.inbox.note_repeated(message.message_id)
        self.incoming.apply_new()
        self.answer()

    def answer(self) -> None:
        rows = [row for row in self.store.outbox.next_queued(1000) if row.message_id not in self.answered]
        self.answered |= {row.message_id for row in rows}
        if rows:
            self.intake.take([Arrival(self.store.address.up(row.kind), row.wire) for row in rows])

    def report(self) -> None:
        """Say at a start what is there, as the report of health does."""
        held = self.store.roster.held()
        stamp = SystemClock().now()
        report = HealthReport(
            cause="start",
            software_version="test",
            config_version="1",
            boot_id="b",
            started_at=stamp.at,
            uptime_s=1.0,
            queued=0,
            parked=0,
            clock_trusted=True,
            camera="none",
            roster_version=held.version,
            roster_sha256=held.sha256,
        )
        with self.store.transaction():
            self.store.queue(Up.HEALTH, HEALTH_SCHEMA, report.model_dump(mode="json"), subject=self.name, stamp=stamp)
        self.answer()

    def link(self, state: str) -> None:
        """Come online, or go."""
        status = TerminalStatus.model_validate({"state": state})
        with writing(self.engine) as connection:
            terminals.note_status(connection, self.name, status, now=now_utc())

    @property
    def numbers(self) -> list[str]:
        """Personnel numbers of the list in force."""
        rows = self.store.db.execute("SELECT value FROM roster_key WHERE kind = 'personnel_number' ORDER BY value")
        return [row[0] for row in rows.fetchall()]


def make_terminal(folder: Path, name: str, engine: Engine, registry: Registry, intake: Intake) -> RosterTerminal:
    """Registered, enrolled and online."""
    key = Ed25519PrivateKey.generate()
    keys = KeyFile(folder / f"{name}.key")
    store = TerminalStore(
        folder / f"{name}.db", folder / f"{name}-media", keys, key, TerminalAddress(ORG, name), "test"
    )
    clock = SystemClock()
    incoming = IncomingMessages(
        store, clock, CENTRE_KEY.public_key(), cast("Any", None), lambda *_: None, faces=faceless(store, clock)
    )
    public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")
    with writing(engine) as connection:
        registry.add_terminal(connection, Terminal(name, ORG, name, "Проходная"))
        terminals.set_key(connection, name, public)
    made = RosterTerminal(name, engine, intake, store, incoming)
    made.link("online")
    return made


def make_rosters(engine: Engine) -> Rosters:
    """What the centre's thread does, to be done by hand with `work`."""
    return Rosters(engine, Outgoing(CENTRE_KEY, "test"))


def is_whole(message: Waiting) -> bool:
    """Whether a message is a list and not a difference."""
    return read_unverified(message.wire)[0].schema_ == ROSTER_SCHEMA
