"""The demo's medic: invented, with a register entry, a certificate of the demo's own authority and a console account."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection

from central.access.accounts import create_account
from central.authority.pki import Authority
from central.core.rights import Role
from central.core.snils import parse_snils
from central.deciding.medics import MedicPerson, Qualification, add_medic
from central.people.registry import Registry
from dopusk.lab.demo.sample_people import MEDIC_NUMBER, sample_snils
from sync.contract.canonical import new_id

FULL_NAME = "Луговая Зоя Марковна"
POSITION = "врач"


@dataclass(frozen=True, slots=True)
class Login:
    """How to get into the demo's console. Printed on purpose: the demo's folder is thrown away."""

    username: str
    password: str
    passphrase: str


LOGIN = Login("medic", "tikhaya-reka-2026", "demo-signature-2026")  # not a secret: printed by the demo


def enter_medic(
    connection: Connection, authority: Authority, org: str, organisation: str, now: datetime, registry: Registry
) -> Login:
    """Enter the medic, her software key and her account, in the caller's transaction."""
    snils_hmac, snils_sealed = registry.sealed_snils(parse_snils(sample_snils(MEDIC_NUMBER)))
    medic_id = new_id()
    issued = authority.issue_medic(FULL_NAME, medic_id, organisation)
    today = now.date()
    add_medic(
        connection,
        org=org,
        full_name=FULL_NAME,
        position=POSITION,
        qualification=Qualification(
            education="higher",
            accreditation_until=today + timedelta(days=900),
            training_hours=36,
            training_at=today - timedelta(days=200),
            federal_register_at=today - timedelta(days=400),
        ),
        certificate=x509.load_pem_x509_certificate(issued.certificate_pem),
        key=load_pem_private_key(issued.key_pem or b"", password=None),  # type: ignore[arg-type]
        passphrase=LOGIN.passphrase,
        now=now,
        medic_id=medic_id,
        person=MedicPerson(snils_hmac, snils_sealed, date(1984, 3, 12), "female"),
    )
    create_account(
        connection,
        username=LOGIN.username,
        full_name=FULL_NAME,
        role=Role.MEDIC,
        password=LOGIN.password,
        now=now,
        orgs=(org,),
        medic_id=medic_id,
    )
    return LOGIN
