"""The people of a population, entered into the registers of a centre.

They are entered through the store and not through the registry, which would send a new roster to every terminal each time; no
invented terminal takes one.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from sqlalchemy import Connection

from central.access.accounts import create_account
from central.authority.pki import create_authority
from central.authority.revocation_list import LIST_FILE, replace
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.rights import EMPLOYER_ROLES, Role
from central.core.snils import SnilsKey
from central.core.trust import MEDIC_REVOCATION_FILE, MEDIC_ROOTS_FILE, ROOT_FILE
from central.deciding.medics import MedicPerson, Qualification, add_medic
from central.signature.software import encrypt_key
from central.store import accounts, medics, registry, terminals
from central.store.registry import SealedWorker
from central.store.terminal_employers import terminal_employer
from dopusk.lab.demo.sample_people import OID
from dopusk.lab.population.desks import Desk
from dopusk.lab.population.naming import Titles
from dopusk.lab.population.payload import serial_of
from dopusk.lab.population.plan import MOST_WORKERS
from dopusk.lab.population.signing import Keyring, QuickSigner
from dopusk.lab.population.society import Job, Society
from sync.contract.health import DeviceHealth, TerminalStatus
from sync.contract.snils import check_number

LICENCE = "Л041-00000-00/00000000 от 01.02.2024"
FIRST_SNILS = 910_000_000
_DEVICES = (
    ("thermometer", "temperature", "Calex", "PyroMiniBus", "T"),
    ("cuff", "pressure", "A&D", "TM-2655P", "P"),
    ("breathalyser", "breath", "Dingo", "E-200", "A"),
)
_WORKERS_AT_ONCE = 2000
_AUTHORITY = "Вымышленный удостоверяющий центр"
_BEFORE = timedelta(days=30)
"""Certificates are older than the first exam."""


def enter_society(
    connection: Connection,
    society: Society,
    titles: Titles,
    keyring: Keyring,
    snils_key: SnilsKey,
    authority_dir: Path,
    since: datetime,
    now: datetime,
) -> None:
    """Enter everybody, in the caller's transaction. `since`: before the first exam."""
    names = titles.names
    for centre, org in zip(society.centres, names.orgs, strict=True):
        named = Organisation(org, f"Медпункт «{centre.title}»", LICENCE, oid=f"{OID}.{titles.number}.{centre.place}")
        registry.put_organisation(connection, named, now=since)
    for firm, employer_id in zip(society.firms, names.employers, strict=True):
        employer = Employer(
            names.orgs[firm.centre],
            f"ООО «{firm.title}»",
            employer_id,
            inn=_inn(firm.place + 1000 * titles.number),
            okved=firm.activity.okved,
            region_code=firm.region,
        )
        registry.put_employer(connection, employer, now=since)
    _enter_terminals(connection, society, titles, keyring, since, now)
    bound = [
        {"terminal_id": names.terminals[gate.place], "employer_id": names.employers[gate.firm]}
        for gate in society.gates
        if gate.firm is not None
    ]
    if bound:
        connection.execute(terminal_employer.insert(), bound)
    for start in range(0, len(society.jobs), _WORKERS_AT_ONCE):
        jobs = society.jobs[start : start + _WORKERS_AT_ONCE]
        registry.put_workers(connection, list(_sealed(jobs, titles, snils_key)), now=since)
    _enter_medics(connection, society, titles, keyring, snils_key, authority_dir, since)
    _enter_accounts(connection, society, titles, keyring, now)


def _enter_terminals(
    connection: Connection, society: Society, titles: Titles, keyring: Keyring, since: datetime, now: datetime
) -> None:
    """Enrolled terminals that have said that they are well; one of forty is offline."""
    for gate, name in zip(society.gates, titles.names.terminals, strict=True):
        org = titles.names.orgs[gate.centre]
        place = "Проходная" if gate.firm is None else f"Проходная ООО «{society.firms[gate.firm].title}»"
        title = f"Терминал {gate.place + 1}"
        terminals.add_terminal(connection, Terminal(name, org, title, place), now=since)
        public = keyring.terminal(name).public_key().public_bytes_raw()
        terminals.set_key(connection, name, base64.b64encode(public).decode("ascii"))
        devices = tuple(
            DeviceHealth(
                device_id=device_id,
                measures=measures,
                state="fault" if gate.place % 50 == 7 and device_id == "cuff" else "ready",
                maker=maker,
                model=model,
                serial=serial_of(gate.place, letter),
                verified_until=(now.date() + timedelta(days=200)).isoformat(),
            )
            for device_id, measures, maker, model, letter in _DEVICES
        )
        status = TerminalStatus(state="online", at=now, software_version="population", devices=devices)
        terminals.note_status(connection, name, status, now=now)
        if gate.place % 40 == 39:
            terminals.note_status(connection, name, TerminalStatus(state="offline"), now=now)


def _sealed(jobs: tuple[Job, ...], titles: Titles, snils_key: SnilsKey) -> Iterator[SealedWorker]:
    for job in jobs:
        nine = f"{FIRST_SNILS + titles.number * MOST_WORKERS + job.human.place:09}"
        digits = f"{nine}{check_number(nine):02d}"
        entered = Worker(
            titles.names.orgs[job.firm.centre],
            titles.names.employers[job.firm.place],
            job.personnel_number,
            job.human.full_name,
            job.position,
            titles.names.workers[job.place],
            sex=job.human.sex,
            birth_date=job.human.born_on,
            department=f"Участок {job.place % 7 + 1}",
            regime="general",
            harm_factors=job.firm.activity.factors,
            since=job.since,
        )
        yield SealedWorker(entered, snils_key.hmac(digits), snils_key.seal(digits))


def _enter_medics(
    connection: Connection,
    society: Society,
    titles: Titles,
    keyring: Keyring,
    snils_key: SnilsKey,
    authority_dir: Path,
    since: datetime,
) -> None:
    """Medics with certificates of an authority that is as old as the exams; its key is kept nowhere."""
    began = since - _BEFORE
    day = began.date()
    papers = Qualification("higher", datetime.now(UTC).date() + timedelta(days=900), 36, day, day)
    with TemporaryDirectory() as folder:
        authority = create_authority(Path(folder) / "authority", f"{_AUTHORITY} {titles.number}", lambda: began)
        for doctor, username in zip(society.doctors, titles.medics, strict=True):
            org, key = titles.names.orgs[doctor.centre], keyring.medic(username)
            medic_id = titles.medic_ids[doctor.place]
            nine = f"{800_000_000 + 100_000 * titles.number + doctor.place}"
            digits = f"{nine}{check_number(nine):02d}"
            issued = authority.issue_medic(doctor.full_name, medic_id, org, key.public_key())
            add_medic(
                connection,
                org=org,
                full_name=doctor.full_name,
                position="врач",
                qualification=papers,
                certificate=x509.load_pem_x509_certificate(issued.certificate_pem),
                key=key,
                passphrase="",
                now=since,
                medic_id=medic_id,
                encrypted_key=encrypt_key(key, keyring.words("passphrase")),
                person=MedicPerson(snils_key.hmac(digits), snils_key.seal(digits)),
            )
        for name, own in ((MEDIC_ROOTS_FILE, ROOT_FILE), (MEDIC_REVOCATION_FILE, LIST_FILE)):
            path = authority_dir / name
            known = path.read_bytes().rstrip() + b"\n" if path.exists() else b""
            replace(path, known + (authority.folder / own).read_bytes(), 0o644)


def _enter_accounts(connection: Connection, society: Society, titles: Titles, keyring: Keyring, now: datetime) -> None:
    orgs, password = titles.names.orgs, keyring.words("password")
    for role, username in titles.others.items():
        is_employer = role in EMPLOYER_ROLES
        firm = society.firms[0]
        create_account(
            connection,
            username=username,
            full_name=f"Вымыслова {username.title()} Ильинична",
            role=role,
            password=password,
            now=now,
            orgs=(orgs[firm.centre],) if is_employer else orgs,
            employer_ids=titles.names.employers[:1] if is_employer else (),
        )
    for doctor, username in zip(society.doctors, titles.medics, strict=True):
        create_account(
            connection,
            username=username,
            full_name=doctor.full_name,
            role=Role.MEDIC,
            password=password,
            now=now,
            orgs=(orgs[doctor.centre],),
            medic_id=titles.medic_ids[doctor.place],
        )


def desks_of(connection: Connection, society: Society, titles: Titles, keyring: Keyring) -> tuple[Desk, ...]:
    """The medics as they stand in the registers. Raises `LookupError` when one is not there."""
    found = []
    for doctor, username in zip(society.doctors, titles.medics, strict=True):
        entry = medics.find(connection, titles.medic_ids[doctor.place])
        account = accounts.by_username(connection, username)
        organisation = registry.get_organisation(connection, titles.names.orgs[doctor.centre])
        if entry is None or account is None or organisation is None:
            raise LookupError(f"medic {username} of the population is not in the registers any more")
        shown = {name: organisation[name] for name in ("org", "name", "licence")}
        certificate = x509.load_pem_x509_certificate(entry.certificate_pem)
        signer = QuickSigner(certificate, keyring.medic(username))
        found.append(Desk(username, account.account_id, entry, shown, signer))
    return tuple(found)


def _inn(number: int) -> str:
    """An invented taxpayer number of a firm, of the region 00 that does not exist, with its check digit."""
    nine = f"00{number % 10_000_000:07}"
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    return f"{nine}{sum(int(digit) * weight for digit, weight in zip(nine, weights, strict=True)) % 11 % 10}"
