"""Invented organisations, employers, workers, terminals with devices, medics with certificates, accounts with sessions.

They are entered through the store and not through the register, which would send a new roster to every terminal each time.
"""

import base64
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection

from central.access.accounts import create_account, open_session
from central.authority.pki import Authority
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.rights import Role
from central.core.snils import SnilsKey
from central.deciding.medics import Qualification, add_medic
from central.signature.software import SoftwareKey
from central.store import api_keys, medics, registry, terminals
from central.store.api_keys import ApiKey
from central.store.medics import MedicEntry
from sync.contract.canonical import new_id
from sync.contract.health import DeviceHealth, TerminalStatus
from sync.contract.snils import check_number

SHARES = {"north": 0.4, "south": 0.2, "east": 0.1, "west": 0.1, "river": 0.08, "hill": 0.06, "lake": 0.04, "port": 0.02}
"""The medical organisations, and what share of everything each has."""
EMPLOYERS = 5
"""Employers of each organisation, the first one twice as large as the others."""
PASSWORD = "thirteen yardsticks"  # noqa: S105 - of a store that lives for one run
PASSPHRASE = "eleven yardsticks"  # noqa: S105
_SURNAMES = [
    "Мерин",
    "Шагов",
    "Вёрстин",
    "Саженев",
    "Локотов",
    "Пядин",
    "Аршинов",
    "Вершков",
    "Футов",
    "Дюймов",
    "Четвертов",
    "Осьмин",
]
_NAMES = ["Игнат", "Назар", "Фома", "Лука", "Савва", "Клим", "Тихон", "Прохор", "Демьян", "Архип", "Ефим", "Мирон"]
_FATHERS = [
    "Ильич",
    "Лукич",
    "Фомич",
    "Савельевич",
    "Тихонович",
    "Прохорович",
    "Демьянович",
    "Архипович",
    "Ефимович",
    "Миронович",
]
_DEVICES = (("thermometer", "temperature"), ("cuff", "pressure"), ("breathalyser", "breath"))


@dataclass(frozen=True, slots=True)
class Person:
    """One worker, and the terminal at the gate of the place of work."""

    worker_id: str
    employer_id: str
    org: str
    personnel_number: str
    full_name: str
    terminal_id: str


@dataclass(frozen=True, slots=True)
class MedicDesk:
    """One medic: register entry, opened key, account, and the cookie of a session."""

    org: str
    username: str
    account_id: str
    entry: MedicEntry
    key: SoftwareKey
    cookie: str


@dataclass(frozen=True, slots=True)
class People:
    """Everybody. `senior` sees all organisations; `dispatcher` and `api_secret` belong to the largest employer."""

    organisations: dict[str, Organisation]
    employers: dict[str, tuple[str, ...]]
    terminals: dict[str, tuple[str, ...]]
    persons: tuple[Person, ...]
    desks: tuple[MedicDesk, ...]
    idle_medic_id: str
    """A medic of the largest organisation who has decided nothing yet."""
    senior: str
    dispatcher: str
    engineer: str
    api_secret: str


def enter_people(
    connection: Connection,
    authority: Authority,
    snils_key: SnilsKey,
    *,
    workers: int,
    terminals: int,
    medics: int,
    now: datetime,
) -> People:
    """Enter everybody, in the caller's transaction."""
    dice = random.Random(workers)  # noqa: S311 - invented people
    organisations = {
        org: Organisation(org, f"Медпункт «{org.title()}»", "Л041-00000-00/00000000 от 01.02.2024") for org in SHARES
    }
    for organisation in organisations.values():
        registry.put_organisation(connection, organisation, now=now)
    employers = {org: _enter_employers(connection, org, now) for org in SHARES}
    kiosks = {org: _enter_terminals(connection, org, _part(terminals, org), now) for org in SHARES}
    persons = tuple(_enter_workers(connection, snils_key, dice, employers, kiosks, workers, now))
    desks = [
        _enter_medic(connection, authority, org, f"{org}-{place}", now)
        for org in SHARES
        for place in range(_part(medics, org))
    ]
    largest = next(iter(SHARES))
    secret = secrets.token_urlsafe(32)
    _enter_api_key(connection, largest, employers[largest][0], secret, now)
    return People(
        organisations,
        employers,
        kiosks,
        persons,
        tuple(desks),
        _enter_medic(connection, authority, largest, "idle", now).entry.medic_id,
        _enter_account(connection, "senior", Role.SENIOR_MEDIC, tuple(SHARES), now),
        _enter_account(connection, "dispatcher", Role.EMPLOYER, (largest,), now, employer_id=employers[largest][0]),
        _enter_account(connection, "engineer", Role.SERVICE, tuple(SHARES), now),
        secret,
    )


def _part(whole: int, org: str) -> int:
    return max(1, round(whole * SHARES[org]))


def _enter_employers(connection: Connection, org: str, now: datetime) -> tuple[str, ...]:
    made = [
        Employer(org, f"ООО «{org.title()}-Транс {place}»", region_code="77", okved="49.31")
        for place in range(EMPLOYERS)
    ]
    for employer in made:
        registry.put_employer(connection, employer, now=now)
    return tuple(employer.employer_id for employer in made)


def _enter_terminals(connection: Connection, org: str, count: int, now: datetime) -> tuple[str, ...]:
    """Enrolled terminals that have said that they are well; one of forty is offline."""
    names = tuple(f"{org}-{place:04}" for place in range(count))
    for place, name in enumerate(names):
        terminals.add_terminal(connection, Terminal(name, org, f"Терминал {place}", f"Проходная {place}"), now=now)
        terminals.set_key(connection, name, base64.b64encode(secrets.token_bytes(32)).decode("ascii"))
        devices = tuple(
            DeviceHealth(
                device_id=device_id,
                measures=measures,
                state="fault" if place % 50 == 7 and device_id == "cuff" else "ready",
                maker="Maker",
                model=device_id.title(),
                serial=f"{place:06}",
                verified_until=(now.date() + timedelta(days=200)).isoformat(),
            )
            for device_id, measures in _DEVICES
        )
        status = TerminalStatus(state="online", at=now, software_version="0.2.0", devices=devices)
        terminals.note_status(connection, name, status, now=now)
        if place % 40 == 39:
            terminals.note_status(connection, name, TerminalStatus(state="offline"), now=now)
    return names


def _enter_workers(
    connection: Connection,
    snils_key: SnilsKey,
    dice: random.Random,
    employers: dict[str, tuple[str, ...]],
    kiosks: dict[str, tuple[str, ...]],
    count: int,
    now: datetime,
) -> Sequence[Person]:
    persons: list[Person] = []
    for org in SHARES:
        firms = (employers[org][0], *employers[org])
        # The first terminals are at the busiest gates.
        gates = [1 / (place + 10) for place in range(len(kiosks[org]))]
        for place in range(_part(count, org)):
            nine = f"{900_000_000 + len(persons):09}"
            digits = f"{nine}{check_number(nine):02d}"
            full_name = f"{dice.choice(_SURNAMES)} {dice.choice(_NAMES)} {dice.choice(_FATHERS)}"
            entered = Worker(
                org,
                dice.choice(firms),
                f"{100_000 + place}",
                full_name,
                "водитель автобуса",
                sex="male",
                birth_date=date(1960, 1, 1) + timedelta(days=dice.randrange(15_000)),
            )
            registry.put_worker(
                connection,
                entered,
                snils_hmac=snils_key.hmac(digits),
                snils_sealed=snils_key.seal(digits),
                now=now,
            )
            (terminal_id,) = dice.choices(kiosks[org], weights=gates)
            number = entered.personnel_number
            persons.append(Person(entered.worker_id, entered.employer_id, org, number, full_name, terminal_id))
    return persons


def _enter_medic(connection: Connection, authority: Authority, org: str, username: str, now: datetime) -> MedicDesk:
    medic_id, full_name = new_id(), f"Мерная {username.title()} Ильинична"
    issued = authority.issue_medic(full_name, medic_id, org)
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    key = load_pem_private_key(issued.key_pem or b"", password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority makes keys on elliptic curves")
    papers = Qualification(
        "secondary",
        now.date() + timedelta(days=400),
        36,
        now.date() - timedelta(days=100),
        now.date() - timedelta(days=100),
    )
    add_medic(
        connection,
        org=org,
        full_name=full_name,
        position="фельдшер",
        qualification=papers,
        certificate=certificate,
        key=key,
        passphrase=PASSPHRASE,
        now=now,
        medic_id=medic_id,
    )
    entry = medics.find(connection, medic_id)
    if entry is None:
        raise LookupError(f"medic {username} was not entered")
    account_id, cookie = _account(connection, username, Role.MEDIC, (org,), now, medic_id=medic_id)
    return MedicDesk(org, username, account_id, entry, SoftwareKey(certificate, key), cookie)


def _enter_account(
    connection: Connection,
    username: str,
    role: Role,
    orgs: tuple[str, ...],
    now: datetime,
    *,
    employer_id: str | None = None,
) -> str:
    return _account(connection, username, role, orgs, now, employer_id=employer_id)[1]


def _account(
    connection: Connection,
    username: str,
    role: Role,
    orgs: tuple[str, ...],
    now: datetime,
    *,
    employer_id: str | None = None,
    medic_id: str | None = None,
) -> tuple[str, str]:
    account_id = create_account(
        connection,
        username=username,
        full_name=f"Мерная {username.title()} Ильинична",
        role=role,
        password=PASSWORD,
        now=now,
        orgs=orgs,
        employer_id=employer_id,
        medic_id=medic_id,
    )
    return account_id, f"dopusk_session={open_session(connection, account_id, '127.0.0.1', now).token}"


def _enter_api_key(connection: Connection, org: str, employer_id: str, secret: str, now: datetime) -> None:
    hashed = sha256(secret.encode("utf-8")).hexdigest()
    api_keys.add(connection, ApiKey(new_id(), org, employer_id, "gate", hashed, now, "bench", None, None))
