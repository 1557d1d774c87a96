"""The centre that pages are measured at: a population (`dopusk.lab.population`) whose people have sessions open."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection, Engine

from central.access.accounts import open_session
from central.authority.pki import Authority
from central.core.config import CentralConfig
from central.core.rights import Role
from central.core.snils import SnilsKey
from central.deciding.medics import MedicPerson, Qualification, add_medic
from central.store import accounts, api_keys
from central.store.api_keys import ApiKey
from central.store.engine import writing
from dopusk.lab.population import filling
from dopusk.lab.population.plan import Plan
from sync.contract.canonical import new_id

_ORGANISATIONS, _EMPLOYERS, _SEED = 8, 40, 11

_IDLE_SNILS = "80099999959"
"""Invented; with the right check number."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the centre is: the exams of so many days, the newest `waiting` of them undecided."""

    exams: int
    workers: int
    terminals: int
    medics: int
    days: int
    waiting: int


SHORT = Scale(exams=20_000, workers=2_000, terminals=100, medics=10, days=20, waiting=50)
MILLION = Scale(exams=1_000_000, workers=20_000, terminals=1_000, medics=50, days=60, waiting=100)


@dataclass(frozen=True, slots=True)
class Seat:
    """A medic with a browser that is logged in."""

    org: str
    medic_id: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Population:
    """What stands in the store. The first organisation is the largest, and its first employer the largest of its own."""

    scale: Scale
    made: filling.Population
    seats: tuple[Seat, ...]
    idle_medic_id: str
    """A medic of the largest organisation who has decided nothing yet."""
    senior: str
    """Cookie of somebody who sees all organisations."""
    dispatcher: str
    engineer: str
    api_secret: str
    """Of a program of the largest employer, as `dispatcher`."""

    @property
    def orgs(self) -> tuple[str, ...]:
        """All organisations."""
        return self.made.titles.names.orgs

    @property
    def employers(self) -> list[str]:
        """Those of the largest organisation."""
        names = self.made.titles.names.employers
        return [names[place] for place in self.made.society.centres[0].firms]

    @property
    def terminals(self) -> list[str]:
        """Those of the largest organisation, the busiest first."""
        names, society = self.made.titles.names.terminals, self.made.society
        return [names[gate.place] for gate in society.gates if gate.centre == 0]

    @property
    def cookies(self) -> list[str]:
        """Of all who are logged in."""
        return [*(seat.cookie for seat in self.seats), self.senior, self.dispatcher, self.engineer]


def populate(engine: Engine, config: CentralConfig, scale: Scale) -> Population:
    """Fill an empty store whose tables are made, and log everybody in."""
    now = datetime.now(UTC)
    plan = Plan(
        _ORGANISATIONS,
        _EMPLOYERS,
        scale.workers,
        scale.exams,
        scale.days,
        _SEED,
        now,
        terminals=scale.terminals,
        medics=scale.medics,
        waiting=scale.waiting,
    )
    made = filling.populate(engine, config, plan)
    snils_key = SnilsKey.from_file(config.keys.snils_key_file)
    with writing(engine) as connection:
        others = {role: _cookie(connection, name) for role, name in made.titles.others.items()}
        seats = tuple(
            Seat(desk.entry.org, desk.entry.medic_id, _cookie(connection, desk.username)) for desk in made.desks
        )
        return Population(
            scale,
            made,
            seats,
            _enter_idle(connection, Authority(config.keys.authority_dir), snils_key, made.titles.names.orgs[0]),
            others[Role.SENIOR_MEDIC],
            others[Role.EMPLOYER],
            others[Role.SERVICE],
            _enter_api_key(connection, made.titles.names.orgs[0], made.titles.names.employers[0]),
        )


def _cookie(connection: Connection, username: str) -> str:
    account = accounts.by_username(connection, username)
    if account is None:
        raise LookupError(f"account {username} was not entered")
    return f"dopusk_session={open_session(connection, account.account_id, '127.0.0.1', datetime.now(UTC)).token}"


def _enter_idle(connection: Connection, authority: Authority, snils_key: SnilsKey, org: str) -> str:
    now, key, medic_id = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1()), new_id()
    issued = authority.issue_medic("Мерная Праздна Ильинична", medic_id, org, key.public_key())
    day = now.date()
    return add_medic(
        connection,
        org=org,
        full_name="Мерная Праздна Ильинична",
        position="врач",
        qualification=Qualification("higher", day + timedelta(days=400), 36, day, day),
        certificate=x509.load_pem_x509_certificate(issued.certificate_pem),
        key=key,
        passphrase=secrets.token_hex(8),
        now=now,
        medic_id=medic_id,
        person=MedicPerson(snils_key.hmac(_IDLE_SNILS), snils_key.seal(_IDLE_SNILS)),
    )


def _enter_api_key(connection: Connection, org: str, employer_id: str) -> str:
    secret = secrets.token_urlsafe(32)
    hashed = sha256(secret.encode("utf-8")).hexdigest()
    now = datetime.now(UTC)
    api_keys.add(connection, ApiKey(new_id(), org, employer_id, "gate", hashed, now, "bench", None, None))
    return secret
