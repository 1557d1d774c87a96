"""A store on SQLite and on PostgreSQL, and an intake over it, without a broker."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, select, text

from central.core.clock import now_utc
from central.core.media_files import MediaFiles
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.snils import SnilsKey
from central.exchange.checks import Rules
from central.exchange.intake import Intake
from central.exchange.rosters import Rosters
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import outgoing, terminals
from central.store.engine import open_engine, writing
from central.store.metadata import metadata
from dopusk.lab.postgres import fresh_database, running_postgres
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.topics import TerminalAddress
from tests.new_store import make_tables

ORG = "zarya"
CENTRE_KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    with running_postgres() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_engine(postgres: Path) -> Iterator[Engine]:
    opened = open_engine(fresh_database(postgres, "tests"))
    make_tables(opened)
    yield opened
    opened.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        opened = open_engine(f"sqlite:///{tmp_path / 'central.db'}")
        make_tables(opened)
        yield opened
        opened.dispose()
        return
    shared = request.getfixturevalue("postgres_engine")
    with shared.begin() as connection:
        # On tables of a few rows many times faster than TRUNCATE, which makes new files.
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    yield shared


@pytest.fixture
def registry() -> Registry:
    return Registry(Outgoing(CENTRE_KEY, "test"), SnilsKey(os.urandom(32)))


@pytest.fixture
def worker(engine: Engine, registry: Registry) -> Worker:
    with writing(engine) as connection:
        registry.add_organisation(connection, Organisation(ORG, "Медпункт Заря", "Л041"))
        employer_id = registry.add_employer(connection, Employer(ORG, "ООО «Ромашка-Транс»"))
        new = Worker(ORG, employer_id, "1001", "Ветров Степан Ильич", "водитель")
        registry.save_workers(connection, [new])
    return new


@pytest.fixture
def enrolled(engine: Engine, registry: Registry, worker: Worker) -> Callable[[str], TerminalIdentity]:
    def enrol(name: str) -> TerminalIdentity:
        identity = TerminalIdentity(
            TerminalAddress(ORG, name), Ed25519PrivateKey.generate(), CENTRE_KEY.public_key(), "test"
        )
        with writing(engine) as connection:
            registry.add_terminal(connection, Terminal(name, ORG, name, "Проходная"))
            terminals.set_key(connection, name, identity.public_key)
        spread(engine)
        return identity

    return enrol


def spread(engine: Engine) -> int:
    """What the centre's thread does with the rosters, once; for how many terminals it queued something."""
    return Rosters(engine, Outgoing(CENTRE_KEY, "test")).work()


def answer_rosters(engine: Engine) -> None:
    """As if every terminal had taken the lists that it was sent."""
    c = outgoing.centre_outbox.c
    with writing(engine) as connection:
        query = select(c.terminal_id, c.message_id).where(c.kind == "roster", outgoing.IS_OPEN)
        for terminal_id, message_id in connection.execute(query).all():
            outgoing.mark_acked(connection, terminal_id, [message_id], now=now_utc())


def spread_anew(engine: Engine) -> int:
    """The same after every terminal has taken what it was sent before."""
    answer_rosters(engine)
    return spread(engine)


@pytest.fixture
def files(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "media")


@pytest.fixture
def intake(engine: Engine, files: MediaFiles) -> Intake:
    return Intake(engine, files, Rules("test", timedelta(days=1), timedelta(0)))


def take_guards_out(engine: Engine) -> None:
    """As somebody does who owns the database and wants to change what is only ever added."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            query = "SELECT name, name FROM sqlite_master WHERE type = 'trigger'"
        else:
            query = "SELECT tgname, tgname || ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal"
        for _, named in connection.execute(text(query)).fetchall():
            connection.execute(text(f"DROP TRIGGER {named}"))
