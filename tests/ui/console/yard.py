"""What stands between an admission and the road, on the stage: gates with passages, an operator with files of carriers."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection, Engine, update

from central.authority.pki import Authority
from central.core.config import CentralConfig
from central.core.gate_config import GateConfig, GatesConfig
from central.core.partner_config import PartnersConfig
from central.core.trust import Trust
from central.core.waybill_config import LicenceParts, OperatorConfig, WaybillsConfig
from central.deciding.passages import Asked, GatePassages
from central.partners.carrier_intake import take_file
from central.partners.operators import IncomingFile
from central.people.registry import Registry
from central.signature.software import SoftwareKey
from central.store import code_maps, exchanges, registry, self_readings, staff_fetches
from central.store.engine import writing
from central.store.exchange_log import About, Ended, log
from central.store.self_readings import SelfReading
from central.store.staff_fetches import StaffFetch
from central.systems.field_mapping import enter_field
from central.systems.mapping import MapDraft, dictionary_of, enter
from central.systems.sent_form import FormField
from dopusk.lab.demo.sample_people import ORG, SampleIds
from simulators.waybill_carrier import CARRIER_INN, DRIVER, DRIVER_INN, T1_NAME, waybill
from sync.contract.canonical import new_id
from tests.partner_centre import partner

_OPERATOR = "folders"
_DICTIONARY = "Код;Название\nI10;Гипертензия\nF10;Опьянение\n".encode()


def leave_the_yard(
    config: CentralConfig, engine: Engine, authority: Authority, made: Registry, people: SampleIds
) -> CentralConfig:
    """Connect three gates and an operator, and let workers pass and files come. The configuration to serve with."""
    with writing(engine) as connection:
        own = registry.employer.c.employer_id == people.employers[0]
        known = {"inn": CARRIER_INN, "waybill_operator": _OPERATOR, "waybill_titles": "both"}
        connection.execute(update(registry.employer).where(own).values(exchange_id="2BM-7700000002", **known))
        driver = registry.worker.c.worker_id == people.workers["1001"]
        connection.execute(update(registry.worker).where(driver).values(inn=DRIVER_INN, driving_licence="77 99 123456"))
    operator = _operator(config)
    with writing(engine) as connection:
        _files(connection, operator, authority, made)
    gates = _gates()
    passages = GatePassages(engine, Trust(config.keys.authority_dir))
    asked = [(gates[place % 3], number, "") for place, number in enumerate(("1001", "1002", "1004", "1001"))]
    for place, (gate, number, refusal) in enumerate([*asked, (gates[1], "1002", "way_out"), (gates[0], "none", "")]):
        worker_id = people.workers.get(number)
        state = "queued" if gate.opens == "on_admission" else "answered"
        passage = passages.ask(gate, Asked(f"stage-{place}", worker_id, number, refusal, state))
        if passage.is_open and state == "queued":
            passages.end(passage, "unknown", "no_answer", before=("queued",))
    _readings(engine, people)
    changed: dict[str, Any] = {"gates": GatesConfig(gates=gates), "waybills": WaybillsConfig(operators=(operator,))}
    changed["partners"] = _partners(engine)
    return config.model_copy(update=changed)


def _readings(engine: Engine, people: SampleIds) -> None:
    """What watches of workers sent: pages that show them are walked with them."""
    now = datetime.now(UTC)
    with writing(engine) as connection:
        for number, worker_id in people.workers.items():
            for code, quantity, value in (("8480-6", "systolic_mmhg", 200.0), ("8462-4", "diastolic_mmhg", 120.0)):
                made = SelfReading(
                    reading_id=new_id(),
                    org=ORG,
                    worker_id=worker_id,
                    consent_id=new_id(),
                    quantity=quantity,
                    code_system="loinc",
                    code=code,
                    value=value,
                    measured_at=now - timedelta(hours=2),
                    device="Часы «Образец» 2",
                    key_id="stage",
                    sent_id=f"{number}-{code}",
                    received_at=now,
                )
                assert self_readings.add(connection, made)


def _partners(engine: Engine) -> PartnersConfig:
    """A partner that lacks a code, with a dictionary and results that went, failed and wait for somebody."""
    system = partner("mis", "https://mis.example/exams", title="Медицинская информационная система клиники")
    now, decision_id = datetime.now(UTC), new_id()
    about = About(ORG, "mis", "out", "rest", "send", "decision-json", "decision", decision_id)
    draft = MapDraft("reasons", "pressure_high", "", "I10", "Гипертензия", "wider", "письмо № 12")
    with writing(engine) as connection:
        enter(connection, draft, "mis", ORG, "stage", now)
        code_maps.add_dictionary(connection, dictionary_of(_DICTIONARY, "mis", ORG, "reasons", "", "stage", now))
        for field in (FormField("Вид", "code", "exam_type"), FormField("Ид", "text", "осмотр/{exam_id}")):
            enter_field(connection, field, "письмо № 12", "mis", ORG, "stage", now)
        exchanges.queue(connection, "mis", ORG, [(decision_id, now)], now, now)
        for one in exchanges.due(connection, "mis", now, 1):
            exchanges.settle(connection, one, "unmapped", now, code="unmapped", place="reasons/alcohol_breath")
        log(connection, about, b"", Ended("refused", "unmapped", "reasons/alcohol_breath"), now)
        log(connection, about, b"x", Ended("retrying", "status", "", 503, 120, 2), now)
        log(connection, about, b"x", Ended("ok", http_status=200), now)
        shown = {"rows": 812, "added": 2, "changed": 1, "leaving": 1, "faults": 0}
        shown |= {"added_numbers": ["0000-00812", "0000-00813"], "leaving_numbers": ["0000-00007"]}
        staff_fetches.add(connection, StaffFetch(new_id(), "hr", ORG, now, "asks", "0" * 64, shown))
    hr = {"kind": "1c", "sends": None, "since": None, "all_employers": False, "employers": (CARRIER_INN,)}
    personnel = partner("hr", "https://1c.example/zup", title="1С:ЗУП перевозчика", **hr)
    return PartnersConfig(systems=(system, personnel))


def _gates() -> tuple[GateConfig, ...]:
    common: dict[str, Any] = {"org": ORG, "employers": (CARRIER_INN,)}
    sigur = {"kind": "sigur", "host": "sigur.example", "login": "dopusk", "access_point": 3}
    told = {"kind": "webhook", "opens": "on_admission", "terminals": ("kiosk-01",), "url": "https://gate.example/open"}
    return (
        GateConfig(name="main", place="Центральная проходная, вход с улицы Гаражной", kind="rest", **common),
        GateConfig(name="depot", place="Парк, вход", **sigur, **common),
        GateConfig(name="kiosk", place="У терминала", secret_file="gate-secret", **told, **common),
    )


def _operator(config: CentralConfig) -> OperatorConfig:
    licence = LicenceParts(
        series="Л041", number="00000-00/00000000", issued_on=date(2024, 2, 1), until=date(2099, 12, 31)
    )
    return OperatorConfig(
        name=_OPERATOR,
        org=ORG,
        kind="folder",
        folder=config.keys.authority_dir.parent / "operator",
        carriers_ca_file=config.keys.authority_dir / "ca.pem",
        sender="2BM-7700000001",
        licence=licence,
    )


def _files(connection: Connection, operator: OperatorConfig, authority: Authority, made: Registry) -> None:
    """A waybill that waits, one of a driver whom nobody has, one that breaks its format, one that nobody signed."""
    issued = authority.issue_medic("Диспетчерова Анна Павловна", "carrier", "ООО «Ромашка-Транс»")
    key = load_pem_private_key(issued.key_pem or b"", None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    carrier, now = SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key), datetime.now(UTC)
    roots = x509.load_pem_x509_certificates(authority.ca_pem)
    nobody = re.sub(r"770000000182|123456", "770000000290", DRIVER)
    contents = [{}, {"drivers": nobody}, {"after": "3"}, {}]
    for place, changes in enumerate(contents, start=1):
        name = T1_NAME.replace("11111111", str(place) * 8)
        day = f"{now.astimezone():%d.%m.%Y}"
        content = waybill(name, day=day, uid=f"{place}50e8400-e29b-41d4-a716-44665544000", **changes)
        signature = carrier.sign_detached(content) if place < len(contents) else b""
        file = IncomingFile(f"{name}.xml", content, signature, name)
        assert take_file(connection, operator, roots, file, now, made.snils_hash)
