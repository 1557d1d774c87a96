"""The demo's carrier and its operator of electronic waybills: folders, an invented firm, a signed waybill for a driver of it."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import tomli_w
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection

from central.authority.pki import Authority
from central.core.config import CentralConfig, load_config
from central.core.parties import Employer
from central.partners.medic_titles import check_title
from central.people.registry import Registry
from central.registers.transfers import worker_of_row
from central.signature.software import SoftwareKey
from central.store.registry import get_employer
from central.store.workers import get_worker
from dopusk.lab.demo.sample_people import EMPLOYERS, ORG, PEOPLE, SampleIds
from simulators.waybill_carrier import CARRIER_INN, driver, waybill

OPERATOR = "demo-folders"
SENDER, RECIPIENT = "2BM-7700000001", "2BM-7700000002"
CARRIER = 0
"""Which employer carries people and has electronic waybills."""


def connect_operator(config_file: Path, folder: Path) -> CentralConfig:
    """Add an operator by folders to the centre's configuration."""
    licence = {
        "series": "Л041",
        "number": "00000-00/00000000",
        "issued_on": date(2024, 2, 1),
        "until": date(2099, 12, 31),
    }
    operator = {
        "name": OPERATOR,
        "org": ORG,
        "kind": "folder",
        "folder": str(folder.resolve()),
        "carriers_ca_file": str(load_config(config_file).keys.authority_dir.resolve() / "ca.pem"),
        "sender": SENDER,
        "licence": licence,
    }
    with config_file.open("a", encoding="utf-8") as file:
        file.write("\n" + tomli_w.dumps({"waybills": {"poll_s": 0.5, "operators": [operator]}}))
    return load_config(config_file)


def enter_waybill_parties(connection: Connection, registry: Registry, people: SampleIds) -> None:
    """Enter by what operators know the carrier, and by what carriers know its drivers."""
    row = get_employer(connection, people.employers[CARRIER])
    if row is None:
        raise LookupError("the demo's carrier is not entered")
    known = {name: row[name] for name in ("okved", "region_code", "alert_contact", "limits")}
    registry.add_employer(
        connection,
        Employer(
            ORG,
            row["name"],
            row["employer_id"],
            inn=CARRIER_INN,
            waybill_operator=OPERATOR,
            waybill_titles="both",
            exchange_id=RECIPIENT,
            **known,
        ),
    )
    drivers = [person.personnel_number for person in PEOPLE if person.employer == CARRIER]
    rows = [get_worker(connection, people.workers[number]) for number in drivers]
    registry.save_workers(
        connection,
        [replace(worker_of_row(dict(row)), inn=driver_inn(row["personnel_number"])) for row in rows if row is not None],
    )


def driver_inn(personnel_number: str) -> str:
    """An invented ИНН of a person with the right check digits."""
    ten = f"770000{personnel_number}"
    first = _check(ten, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
    return ten + first + _check(ten + first, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))


def _check(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 % 10)


def send_waybill(folder: Path, authority: Authority, personnel_number: str) -> Path | None:
    """Put a signed waybill of today into the operator's folder; returns the file, None for a worker who drives for nobody."""
    person = next((one for one in PEOPLE if one.personnel_number == personnel_number), None)
    if person is None or person.employer != CARRIER:
        return None
    today = datetime.now().astimezone()
    name = f"ON_PTLSSOBTS_{SENDER}_{RECIPIENT}_0_{today:%Y%m%d}_{str(uuid4()).upper()}"
    content = waybill(
        name,
        drivers=driver(driver_inn(personnel_number), person.full_name),
        uid=str(uuid4()),
        day=f"{today:%d.%m.%Y}",
    )
    issued = authority.issue_medic("Диспетчерова Анна Павловна", "carrier", EMPLOYERS[CARRIER])
    key = load_pem_private_key(issued.key_pem or b"", None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the carrier's key is of another kind")
    signature = SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key).sign_detached(content)
    inbox = folder / "in"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / f"{name}.sig").write_bytes(signature)
    unfinished = inbox / f".{name}.part"
    unfinished.write_bytes(content)
    unfinished.replace(inbox / f"{name}.xml")
    return inbox / f"{name}.xml"


def titles_in(folder: Path) -> list[Path]:
    """Titles of medics in the operator's folder, each valid by the schema. Raises `WaybillFault` for one that is not."""
    found = sorted((folder / "out").glob("ON_PTLSPRMO_*.xml"))
    for file in found:
        check_title(file.read_bytes(), "T2", file.stem)
    return found
