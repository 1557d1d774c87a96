"""The demo's registers other than people: instruments with verification dates, key carriers, grounds from other registers.

The instruments are those of the demo's bench, so that the register and what the terminal reports meet; one more is overdue.
Firms, numbers and entries are plainly invented: the taxpayer numbers are of a region 00 that does not exist.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from central.imports import ground_columns, grounds
from central.imports.tables import write_table
from central.link.outgoing import Outgoing
from central.people.limits import LimitDraft, set_limit
from central.people.registry import Registry
from central.registers.forms import FORMS
from central.registers.keeping import FormInput, RegisterChange
from central.store import api_keys, medics, terminals
from central.store import registry as people_store
from central.store.api_keys import ApiKey
from dopusk.lab.demo.sample_people import HISTORY_TERMINAL_ID, ORG, SampleIds
from sync.contract.canonical import new_id

INNS = ("0000100012", "0000200017")


@dataclass(frozen=True, slots=True)
class SampleInstrument:
    """One instrument; its verification ended or ends so many days from today."""

    measures: str
    maker: str
    model: str
    serial: str
    archive: bool
    """Stands at the terminal of the past exams, and otherwise at the demo's own."""
    days_left: int
    spare: bool = False
    """In a drawer: nothing measures with it."""

    def verified_until(self, today: date) -> date:
        """The last day of its verification."""
        return today + timedelta(days=self.days_left)


INSTRUMENTS = (
    SampleInstrument("temperature", "Calex Electronics", "PyroMiniBus", "123456", False, 400),
    SampleInstrument("pressure", "A&D", "TM2655", "5190400001", False, 25),
    SampleInstrument("breath", "Sentech Korea", "Dingo E-200", "E200-000001", False, 210),
    SampleInstrument("temperature", "Calex Electronics", "PyroMiniBus", "123457", True, 320),
    SampleInstrument("pressure", "A&D", "TM2655", "5190400002", True, 140),
    SampleInstrument("breath", "Sentech Korea", "Dingo E-200", "E200-000007", True, 96),
    SampleInstrument("breath", "Sentech Korea", "Dingo E-200", "E200-000003", True, -12, spare=True),
)


OF_THE_ROOM = (
    SampleInstrument("temperature", "A&D", "DT-635", "635-000012", False, 310),
    SampleInstrument("pressure", "A&D", "UA-911BT-C", "911-004512", False, 190),
    SampleInstrument("breath", "Sentech Korea", "Dingo E-200", "E200-000010", False, 65),
)
"""What a medic reads in the medical room."""


def instruments_at(*, archive: bool) -> list[SampleInstrument]:
    """The instruments that one terminal measures with: that of the past exams, or the demo's own."""
    return [item for item in INSTRUMENTS if item.archive == archive and not item.spare]


def enter_registers(connection: Connection, registry: Registry, change: RegisterChange) -> None:
    """Enter a medical room, instruments and grounds, and give the employers taxpayer numbers, in the caller's transaction."""
    today = change.author.at.date()
    own = next(one for one in terminals.terminal_ids(connection, ORG) if one != HISTORY_TERMINAL_ID)
    for place, row in enumerate(people_store.list_employers(connection, ORG)):
        _save(
            change,
            "employers",
            row["employer_id"],
            _employer_fields(row) | {"inn": row["inn"] or INNS[place % len(INNS)]},
        )
    room = _save(change, "rooms", None, {"name": "Кабинет медработника", "place": "1 этаж"})
    for number, item in enumerate((*INSTRUMENTS, *OF_THE_ROOM), start=1):
        until = item.verified_until(today)
        fields = {
            "measures": item.measures,
            "maker": item.maker,
            "model": item.model,
            "serial": item.serial,
            "terminal_id": room if item in OF_THE_ROOM else HISTORY_TERMINAL_ID if item.archive else own,
            "registration_number": f"РЗН 0000/{number:05d}",
            "verified_at": (until - timedelta(days=365)).isoformat() if item.days_left < 365 else today.isoformat(),
            "verified_until": until.isoformat(),
            "verification_number": f"С-ДЕМО/{number:06d}",
        }
        _save(change, "devices", None, fields)
    for number, medic in enumerate(medics.of_organisations(connection, (ORG,)), start=1):
        carrier = {
            "number": f"ДЕМО-{number:06d}",
            "carrier_kind": "token",
            "holder_id": medic.medic_id,
            "issued_at": (today - timedelta(days=120)).isoformat(),
            "document": f"Акт № {number} (пример)",
        }
        _save(change, "carriers", None, carrier)
    checked = grounds.check_file(connection, ORG, _grounds(change.author.at), today, registry.snils_hash)
    grounds.store_checked(connection, checked, change.author)


def enter_limits(
    connection: Connection, registry: Registry, outgoing: Outgoing, people: SampleIds, author: str, now: datetime
) -> None:
    """A limit of the organisation that was set anew once, and a worker's own norm, in the caller's transaction."""
    month_ago, week_ago = now - timedelta(days=30), now - timedelta(days=7)
    own = LimitDraft(ORG, "organisation", "", "pulse_bpm", 50.0, 105.0, "Приказ главного врача № 7 (пример)")
    anew = LimitDraft(ORG, "organisation", "", "pulse_bpm", 50.0, 100.0, "Приказ главного врача № 12 (пример)")
    worker, until = people.workers["1003"], (now + timedelta(days=180)).date()
    basis = "Заключение терапевта (пример)"
    personal = LimitDraft(ORG, "worker", worker, "systolic_mmhg", 95.0, 150.0, basis, until)
    for draft, at in ((own, month_ago), (anew, week_ago), (personal, week_ago)):
        set_limit(connection, registry, outgoing, draft, author, at)


def enter_key(connection: Connection, employer_id: str, account_id: str, now: datetime) -> None:
    """The key of a gate's program. Nobody knows its secret: to try the interface, make another key."""
    api_keys.add(
        connection,
        ApiKey(
            key_id=new_id(),
            org=ORG,
            employer_id=employer_id,
            name="Турникет проходной (пример)",
            secret_sha256=sha256(secrets.token_bytes(32)).hexdigest(),
            created_at=now - timedelta(days=20),
            created_by=account_id,
            last_used_at=now - timedelta(minutes=3),
            revoked_at=None,
        ),
    )


def _save(change: RegisterChange, kind: str, entry_id: str | None, fields: dict[str, str]) -> str:
    saved = FORMS[kind].save(change, entry_id, FormInput(fields))
    if not isinstance(saved, str):
        raise ValueError(f"the demo's {kind} do not pass the checks: {saved}")
    return saved


def _employer_fields(row: Any) -> dict[str, str]:
    waybill = ("waybill_operator", "waybill_titles", "exchange_id")
    return {name: row[name] or "" for name in ("name", "okved", "region_code", "alert_contact", *waybill)}


def _grounds(at: datetime) -> bytes:
    def ago(days: int) -> str:
        return f"{at - timedelta(days=days):%d.%m.%Y}"

    rows = [
        ["1001", "периодический", ago(200), ago(200 - 730), "годен", "нет", "", "ПМО, клиника «Вымысел»"],
        ["1001", "психиатрическое", ago(700), ago(-20), "годен", "нет", "", "Комиссия № 2 (пример)"],
        ["1001", "ХТИ", ago(60), "", "", "нет", "", "Лаборатория «Вымысел»"],
        [
            "1003",
            "периодический",
            ago(420),
            ago(55),
            "ограничения",
            "нет",
            "контроль давления",
            "ПМО, клиника «Вымысел»",
        ],
        ["1003", "ХТИ", ago(230), "", "", "нет", "", "Лаборатория «Вымысел»"],
        ["1004", "наркология", ago(30), "", "", "да", "наблюдение", "Диспансер (пример)"],
        ["1005", "периодический", ago(90), ago(90 - 730), "годен", "нет", "", "ПМО, клиника «Вымысел»"],
    ]
    return write_table(ground_columns.HEADINGS, [[number, "", *rest] for number, *rest in rows])
