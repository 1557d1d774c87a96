"""Which title an exam could have, and its exact bytes, for the page that shows them and the act that signs them.

The same waybill, exam, medic, moment and number always give the same bytes. So the page carries the moment, the number and the
hash, and the act makes the bytes anew and signs them only when the hash is the one that was on the page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.waybill_config import OperatorConfig, WaybillsConfig
from central.deciding.title_to_sign import TitleToSign
from central.partners.medic_titles import ANSWERS_TO, Licence, Power, Title, TitleFacts, TitleSettings, make_title
from central.partners.waybill_files import PersonName, read_carrier_file
from central.partners.waybill_xml import WaybillFault, parsed
from central.store import registry, waybills
from central.store.medics import MedicEntry
from central.store.waybills import Waybill
from sync.contract.decision_rules import AFTER_WORK

SHOWN_FOR = timedelta(hours=12)
"""So long a page may have stood open."""
BEFORE_WORK = frozenset({"pre_shift", "pre_trip"})
_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says about the title that stood on it."""

    waybill_id: str
    uuid: str
    made_at: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A title for one waybill, or why there is none. `fault` and `detail` as of `WaybillFault`."""

    row: Waybill
    shown: Shown | None
    title: TitleToSign | None
    fault: str = ""
    detail: str = ""

    @property
    def text(self) -> str:
        """The title as it reads."""
        return self.title.content.decode("windows-1251") if self.title is not None else ""

    @property
    def said(self) -> tuple[str, ...]:
        """What matters of it, read out of the very bytes: mark, driver, moment of the exam, medic."""
        if self.title is None:
            return ()
        about = parsed(self.title.content).find("Документ/СодИнфМО")
        exam = next(one for one in about if one.tag in {"СвМОПред", "СвМОПосл"})
        mark = exam.get("ОтметМОПред") or exam.get("ОтметМОПосл")
        driver, medic = (" ".join(one.find("ФИО").attrib.values()) for one in (exam.find("СвВодит"), about[0]))
        return mark, driver, exam.get("ДатВрПрМО"), medic


def waiting_for(connection: Connection, worker_id: str | None, exam_type: str, exam_at: datetime) -> list[Waybill]:
    """Waybills of this worker that an exam of that kind and day answers."""
    if worker_id is None or exam_type not in BEFORE_WORK | AFTER_WORK:
        return []
    kind = "T5" if exam_type in AFTER_WORK else "T1"
    return waybills.of_worker(connection, worker_id, kind, day_of(exam_at))


def offer(
    connection: Connection,
    config: WaybillsConfig,
    row: Waybill,
    exam: Mapping[str, Any],
    medic: MedicEntry,
    now: datetime,
    shown: Shown | None = None,
) -> Offer:
    """The title of this waybill, made now, or as it was `shown`."""
    made_at, uuid = now, str(uuid4()).upper()
    if shown is not None:
        made_at, uuid = _moment(shown, now), shown.uuid
    made_at = made_at.astimezone().replace(microsecond=0)
    try:
        facts = _facts(connection, config, row, exam, medic, made_at, uuid)
        made = make_title(facts)
    except WaybillFault as fault:
        return Offer(row, None, None, fault.code, fault.detail)
    title = TitleToSign(row.waybill_id, row.org, row.operator, facts.title, made.file_id, made.content)
    return Offer(row, Shown(row.waybill_id, uuid, made_at.isoformat(), title.sha256), title)


def as_shown(
    connection: Connection,
    config: WaybillsConfig,
    shown: Shown,
    exam: Mapping[str, Any],
    worker_id: str | None,
    medic: MedicEntry,
    now: datetime,
) -> TitleToSign | None:
    """The title that stood on the page; None when it would be another one now, or nobody waits for it any more."""
    row = waybills.find(connection, shown.waybill_id)
    if row is None or row.state != "waiting" or row.worker_id != worker_id or not _UUID.fullmatch(shown.uuid):
        return None
    if row not in waiting_for(connection, worker_id, exam["exam_type"], datetime.fromisoformat(exam["finished_at"])):
        return None
    try:
        found = offer(connection, config, row, exam, medic, now, shown).title
    except ValueError:
        return None
    return found if found is not None and found.sha256 == shown.sha256 else None


def _moment(shown: Shown, now: datetime) -> datetime:
    made_at = datetime.fromisoformat(shown.made_at)
    if made_at.tzinfo is None or not now - SHOWN_FOR <= made_at <= now + timedelta(minutes=1):
        raise ValueError("the page was made at another time")
    return made_at


def _facts(
    connection: Connection,
    config: WaybillsConfig,
    row: Waybill,
    exam: Mapping[str, Any],
    medic: MedicEntry,
    made_at: datetime,
    uuid: str,
) -> TitleFacts:
    operator = config.operator(row.operator)
    employer = registry.get_employer(connection, row.employer_id) if row.employer_id else None
    organisation = registry.get_organisation(connection, row.org)
    if operator is None or employer is None or organisation is None or not employer["exchange_id"]:
        raise WaybillFault("no_operator", row.operator)
    answers = read_carrier_file(row.content, f"{row.file_id}.xml")
    drivers = answers.drivers or _first_file(connection, row)
    title: Title = ANSWERS_TO[answers.kind]
    return TitleFacts(
        title=title,
        answers=answers,
        answers_signature=row.signature,
        driver=drivers[row.driver_no - 1],
        exam_at=datetime.fromisoformat(exam["finished_at"]).astimezone(),
        made_at=made_at,
        medic=_name(medic.full_name),
        position=medic.position,
        organisation=organisation["name"],
        power=_power(operator, medic.medic_id),
        settings=_settings(operator, employer["exchange_id"]),
        uuid=uuid,
    )


def _first_file(connection: Connection, row: Waybill) -> Any:
    first = waybills.of_uid(connection, row.operator, row.waybill_uid, "T1")
    if not first:
        raise WaybillFault("no_waybill")
    return read_carrier_file(first[0].content, f"{first[0].file_id}.xml").drivers


def _name(full_name: str) -> PersonName:
    """Surname, given name, and the rest as a patronymic, in the order of the register."""
    parts = full_name.split()
    if len(parts) < 2:
        raise WaybillFault("medic_name")
    return PersonName(parts[0], parts[1], " ".join(parts[2:]) or None)


def _settings(operator: OperatorConfig, recipient: str) -> TitleSettings:
    paper = operator.licence
    return TitleSettings(
        exam_kind=operator.exam_kind,
        utc_coordination=operator.utc_coordination,
        file_name=operator.file_name,
        authority=operator.authority,
        sender=operator.sender,
        recipient=recipient,
        medic_of=operator.medic_of,
        licence=Licence(paper.series, paper.number, paper.issued_on, paper.until),
    )


def _power(operator: OperatorConfig, medic_id: str) -> Power | None:
    found = next((one for one in operator.powers if one.medic_id == medic_id), None)
    return None if found is None else Power(found.number, found.issued_on, found.storage)
