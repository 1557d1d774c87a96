"""A console's centre with a folder operator, a carrier that signs, and a driver whom both know by the ИНН."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import update

from central.core.waybill_config import LicenceParts, OperatorConfig, WaybillsConfig
from central.partners.waybill_exchange import OperatorExchange, exchange_with
from central.signature.software import SoftwareKey
from central.store import waybill_list
from central.store.engine import reading, writing
from central.store.registry import employer, worker
from central.store.waybill_list import ListedWaybill
from dopusk.lab.demo.sample_people import ORG
from simulators.waybill_carrier import CARRIER_INN, DRIVER_INN, T1_NAME, T5_NAME, came_back, waybill
from tests.console_centre import ConsoleCentre

OPERATOR = "folders"


def settings(centre: ConsoleCentre, **changes: Any) -> OperatorConfig:
    """The operator as a configuration names it."""
    values: dict[str, Any] = {
        "name": OPERATOR,
        "org": ORG,
        "kind": "folder",
        "folder": centre.folder / "operator",
        "carriers_ca_file": centre.config.keys.authority_dir / "ca.pem",
        "sender": "2BM-7700000001",
        "licence": LicenceParts(
            series="Л041", number="00000-00/00000000", issued_on=date(2024, 2, 1), until=date(2099, 12, 31)
        ),
    }
    return OperatorConfig(**(values | changes))


@dataclass
class WaybillCentre:
    """The centre, its operator, and the hand of a carrier."""

    centre: ConsoleCentre
    operator: OperatorConfig
    carrier: SoftwareKey

    @property
    def folder(self) -> Path:
        return self.centre.folder / "operator"

    def day(self) -> str:
        """Today as files write it."""
        return self.centre.now().astimezone().strftime("%d.%m.%Y")

    def signed(self, content: bytes) -> bytes:
        """The carrier's signature."""
        return self.carrier.sign_detached(content)

    def drop(self, name: str, content: bytes, signature: bytes | None = None) -> None:
        """Put a file where the operator puts it."""
        inbox = self.folder / "in"
        inbox.mkdir(parents=True, exist_ok=True)
        made = self.signed(content) if signature is None else signature
        if made:
            (inbox / f"{name}.sig").write_bytes(made)
        (inbox / f"{name}.xml").write_bytes(content)

    def drop_waybill(self, name: str = T1_NAME, **changes: Any) -> None:
        """A T1 of today for the driver."""
        self.drop(name, waybill(name, **({"day": self.day()} | changes)))

    def drop_return(self, name: str = T5_NAME, **changes: Any) -> None:
        """A T5 of today."""
        self.drop(name, came_back(name, **({"day": self.day()} | changes)))

    def exchange(self) -> OperatorExchange:
        made = exchange_with(self.centre.engine, self.operator, self.centre.registry.snils_hash)
        made._clock = self.centre.now
        return made

    def pass_once(self) -> None:
        """What the thread of `serve` does in one pass."""
        exchange = self.exchange()
        exchange.take_files()
        exchange.look_again()
        exchange.send_titles()
        exchange.take_receipts()

    def rows(self) -> Sequence[ListedWaybill]:
        """The list, the newest first."""
        with reading(self.centre.engine) as connection:
            return waybill_list.listed(connection, (ORG,))

    def out(self) -> list[Path]:
        """Titles in the operator's folder."""
        return sorted((self.folder / "out").glob("*.xml"))


def waybill_centre(centre: ConsoleCentre, number: str = "1001", **changes: Any) -> WaybillCentre:
    """Connect the operator to a centre, and enter the ИНН of carrier and driver."""
    operator = settings(centre, **changes)
    centre.config = centre.config.model_copy(update={"waybills": WaybillsConfig(operators=(operator,))})
    with writing(centre.engine) as connection:
        connected = {"inn": CARRIER_INN, "waybill_operator": OPERATOR, "waybill_titles": "both"}
        connection.execute(
            update(employer)
            .where(employer.c.employer_id == centre.people.employers[0])
            .values(exchange_id="2BM-7700000002", **connected)
        )
        of_driver = worker.c.worker_id == centre.people.workers[number]
        connection.execute(update(worker).where(of_driver).values(inn=DRIVER_INN))
    issued = centre.authority.issue_medic("Диспетчер Перевозчика", "carrier", "ООО «Ромашка-Транс»")
    key = load_pem_private_key(issued.key_pem or b"", None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return WaybillCentre(centre, operator, SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key))


def receipt(folder: Path, name: str, file_id: str, state: str, words: str = "") -> None:
    """What an operator's program writes."""
    (folder / "receipts").mkdir(parents=True, exist_ok=True)
    text = f'{{"file_id": "{file_id}", "state": "{state}", "words": "{words}", "at": "{datetime.now().isoformat()}"}}'  # noqa: DTZ005
    (folder / "receipts" / f"{name}.json").write_text(text, encoding="utf-8")
