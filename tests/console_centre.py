"""A console on a real store for tests: organisation, people, terminals with keys, medics with certificates, sample exams.

Messages go the whole way of ingest (judged, committed, projected); only the broker between is left out.
"""

import contextlib
import functools
import random
import re
import shutil
import ssl
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import FastAPI
from sqlalchemy import Engine

from central.access import accounts
from central.access.accounts import create_account
from central.access.program_keys import draft_of
from central.authority.pki import Authority
from central.console.app import create_app
from central.core.config import CentralConfig
from central.core.media_files import MediaFiles
from central.core.rights import Role
from central.core.snils import SnilsKey
from central.deciding.medics import MedicPerson, Qualification, add_medic
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import Outgoing, load_signing_key
from central.people.registry import Registry
from central.signature import software
from central.store import api_keys, terminals
from central.store.engine import open_engine, writing
from central.store.sealing import Sealer
from central.store.workers import get_worker
from dopusk.lab.broker import free_port
from dopusk.lab.demo.sample_people import ORG, SampleIds, enter_people
from simulators.fleet_exam import exam_payload
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.canonical import new_id
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.snils import check_number
from sync.contract.topics import TerminalAddress, Up
from tests.new_store import folder_of_the_process, migrate
from tests.waiting import LONGEST_S, until

SQLITE_URL = "sqlite:///central.db"
PASSWORD = "correct horse battery"
PASSPHRASE = "key of the medic"
ZOYA = "Луговая Зоя Марковна"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class ConsoleCentre:
    """What a test of the console needs. `browser` gives a logged-in client of its own."""

    folder: Path
    config: CentralConfig
    authority: Authority
    engine: Engine
    outgoing: Outgoing
    registry: Registry
    people: SampleIds
    terminal: TerminalIdentity
    dice: random.Random = field(default_factory=lambda: random.Random(5))
    shift: timedelta = timedelta(0)
    """Moved forward by tests that need time to pass in the console."""
    woken: int = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def app(self) -> FastAPI:
        def wake() -> None:
            self.woken += 1

        return create_app(self.config, engine=self.engine, outgoing=self.outgoing, wake=wake, clock=self.now)

    def receive(self, payload: dict[str, Any]) -> str:
        """Send an exam up the whole way of ingest; returns its id."""
        _, sealed = self.terminal.seal(EXAM_SCHEMA, payload)
        rules = Rules(self.config.generation, timedelta(days=1))
        intake = Intake(self.engine, MediaFiles(self.config.media_dir), rules)
        (verdict,) = intake.take([Arrival(self.terminal.address.up(Up.EXAM), sealed.wire)])
        assert verdict.outcome == "accepted", verdict
        return str(payload["exam_id"])

    def payload(self, number: str = "1001", **changes: Any) -> dict[str, Any]:
        """A payload of that worker, with fields replaced."""
        known = {name: changes.pop(name) for name in ("systolic_mmhg", "started_at", "exam_type") if name in changes}
        made = exam_payload(
            self.dice,
            org=ORG,
            worker_id=self.people.workers[number],
            employer_id=self.people.employers[0],
            generation=self.config.generation,
            **known,
        )
        return made | changes

    def exam(self, number: str = "1001", **changes: Any) -> str:
        """A new waiting exam; returns its id."""
        return self.receive(self.payload(number, **changes))

    def add_medic(self, username: str, full_name: str, **changes: Any) -> str:
        """A medic with certificate, key and account; returns the medic's id."""
        medic_id = new_id()
        issued = self.authority.issue_medic(full_name, medic_id, "Медпункт «Заря»")
        key = load_pem_private_key(issued.key_pem or b"", None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        today = self.now().date()
        nine = f"{910_000_000 + zlib.crc32(username.encode()) % 80_000_000}"
        snils = f"{nine}{check_number(nine):02d}"
        papers: dict[str, Any] = {
            "education": "higher",
            "accreditation_until": today + timedelta(days=400),
            "training_hours": 36,
            "training_at": today - timedelta(days=100),
            "federal_register_at": today - timedelta(days=10),
        }
        with writing(self.engine) as connection:
            add_medic(
                connection,
                org=ORG,
                full_name=full_name,
                position="фельдшер",
                qualification=Qualification(**(papers | changes)),
                certificate=x509.load_pem_x509_certificate(issued.certificate_pem),
                key=key,
                passphrase=PASSPHRASE,
                now=self.now(),
                medic_id=medic_id,
                person=MedicPerson(*self.registry.sealed_snils(snils)),
            )
            self._add_account(connection, username, full_name, Role.MEDIC, medic_id=medic_id)
        return medic_id

    def add_account(self, username: str, role: Role, **values: Any) -> None:
        """An account without a register entry; of a worker, if no other is named, that of number 1001."""
        with writing(self.engine) as connection:
            if role is Role.WORKER and "person_id" not in values:
                row = get_worker(connection, self.people.workers["1001"])
                values |= {"orgs": (), "employer_id": None, "person_id": row["person_id"] if row is not None else None}
            self._add_account(connection, username, f"Имя {username}", role, **values)

    def _add_account(self, connection: Any, username: str, full_name: str, role: Role, **values: Any) -> None:
        employer_id = values.pop("employer_id", None)
        create_account(
            connection,
            username=username,
            full_name=full_name,
            role=role,
            password=PASSWORD,
            now=self.now(),
            orgs=values.pop("orgs", (ORG,)),
            employer_ids=values.pop("employer_ids", (employer_id,) if employer_id else ()),
            **values,
        )


NO_ROOTS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""The console is asked by plain HTTP: to read for each client whom this machine trusts takes longer than most requests."""


class Browser:
    """A client that follows forms as a person does: loads the page, takes its token, sends the form."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, follow_redirects=False, timeout=LONGEST_S, verify=NO_ROOTS)

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def post(self, path: str, fields: dict[str, Any], page: str | None = None) -> httpx.Response:
        """Send a form with the token of the page it stands on."""
        shown = self.get(page or path)
        found = CSRF.findall(shown.text)
        token = found[-1] if found else ""
        return self.http.post(path, data={"csrf": token} | fields)

    def log_in(self, username: str, *, unlock: bool = True) -> "Browser":
        answer = self.post("/login", {"username": username, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        if unlock:
            assert self.post("/signature", {"passphrase": PASSPHRASE}).status_code == 303
        return self

    def decide(self, exam_id: str, **fields: Any) -> httpx.Response:
        return self.post(f"/exams/{exam_id}/decision", fields, page=f"/exams/{exam_id}")


def key_of_program(centre: ConsoleCentre, employer_id: str | None, scopes: Sequence[str]) -> str:
    """A key for another system, of the organisation where no employer is named; the secret."""
    drawn, faults = draft_of("1C", scopes, "", "", of_employer=employer_id is not None, now=centre.now())
    assert drawn is not None, faults
    key, secret = drawn.made(ORG, employer_id, "", centre.now())
    with writing(centre.engine) as connection:
        api_keys.add(connection, key)
    return secret


def shows(text: str, number: str) -> bool:
    """Whether the number stands in the text by itself. Ids, tokens and moments are full of digits, and other ones each time."""
    return re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", text) is not None


def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords and passphrases of tests need not be slow to guess."""
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setitem(software._SCRYPT, "n", 2**4)


@contextlib.contextmanager
def serving(app: FastAPI, port: int) -> Iterator[str]:
    """The application on a real port; gives its address."""
    # A connection that is closed for its idleness just when a request goes out would fail a test that pauses for so long.
    patient = {"timeout_keep_alive": round(LONGEST_S), "log_level": "error", "lifespan": "on"}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **patient))
    thread = threading.Thread(target=server.run, name="console")
    thread.start()
    try:
        assert until(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(LONGEST_S)


def build_console_centre(folder: Path, store_url: str = SQLITE_URL) -> ConsoleCentre:
    """A fresh centre with one terminal and nobody in the console yet."""
    if store_url == SQLITE_URL:
        people, terminal_key = _copy(folder, _founded())
        return _opened(folder, _configured(folder, store_url), people, terminal_key)
    create_secrets(folder)
    config = _configured(folder, store_url)
    return _opened(folder, config, *_enter(config))


def build_centre_with_zoya(folder: Path) -> ConsoleCentre:
    """A fresh centre on SQLite with one medic, `zoya`."""
    people, terminal_key = _copy(folder, _founded_with_zoya())
    return _opened(folder, _configured(folder, SQLITE_URL), people, terminal_key)


def _opened(folder: Path, config: CentralConfig, people: SampleIds, terminal_key: Ed25519PrivateKey) -> ConsoleCentre:
    engine = open_engine(config.store_url)
    outgoing = Outgoing.from_config(config)
    registry = Registry(outgoing, SnilsKey.from_file(config.keys.snils_key_file))
    centre_key = load_signing_key(config.keys.centre_signing_key_file).public_key()
    terminal = TerminalIdentity(TerminalAddress(ORG, "kiosk-1"), terminal_key, centre_key, "test")
    authority = Authority(folder / "authority")
    return ConsoleCentre(folder, config, authority, engine, outgoing, registry, people, terminal)


def _configured(folder: Path, store_url: str) -> CentralConfig:
    return write_config(folder, Choices("test", 8883, free_port(), store_url=store_url))


def _enter(config: CentralConfig) -> tuple[SampleIds, Ed25519PrivateKey]:
    """Make the tables, enter the people and the terminal; the ids, and the terminal's key."""
    engine = open_engine(config.store_url)
    migrate(engine)
    registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    centre_key = load_signing_key(config.keys.centre_signing_key_file)
    key = Ed25519PrivateKey.generate()
    identity = TerminalIdentity(TerminalAddress(ORG, "kiosk-1"), key, key.public_key(), "test")
    with writing(engine) as connection:
        people = enter_people(connection, registry)
        terminals.set_key(connection, "kiosk-1", identity.public_key)
    # As `serve` does it: a copy may be looked at when these rows are older than the minute in which a seal is due.
    Sealer(engine, centre_key).run()
    engine.dispose()
    return people, key


_Founded = tuple[Path, SampleIds, Ed25519PrivateKey]


def _copy(folder: Path, founded: _Founded) -> tuple[SampleIds, Ed25519PrivateKey]:
    """Keys, certificates and people of a centre that was made once in this process: making them takes long."""
    source, people, key = founded
    shutil.copytree(source, folder, dirs_exist_ok=True)
    return SampleIds(people.employers, dict(people.workers)), key


@functools.cache
def _founded() -> _Founded:
    folder = folder_of_the_process() / "centre"
    create_secrets(folder)
    people, key = _enter(_configured(folder, SQLITE_URL))
    (folder / "central.toml").unlink()
    return folder, people, key


@functools.cache
def _founded_with_zoya() -> _Founded:
    folder = folder_of_the_process() / "centre-with-zoya"
    centre = build_console_centre(folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        cheap_hashes(monkeypatch)
        centre.add_medic("zoya", ZOYA)
    Sealer(centre.engine, load_signing_key(centre.config.keys.centre_signing_key_file)).run()
    centre.engine.dispose()
    (folder / "central.toml").unlink()
    return folder, centre.people, _founded()[2]
