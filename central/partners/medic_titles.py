"""Makes the medic's titles of the electronic waybill: T2 `ON_PTLSPRMO` before the trip, T6 `ON_PTLSPOSMO` after it. No I/O.

Format 5.01 of order ЕД-7-26/116@ of 17.02.2023. A title says "admitted" and has no other word: whoever makes one has an admission.
No value, no complaint, no number of a certificate stands in it. The same facts always give the same bytes.
"""

import base64
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from central.partners.waybill_files import FORMAT_VERSION, CarrierFile, Driver, PersonName
from central.partners.waybill_schema import check_whole
from central.partners.waybill_xml import Element, WaybillFault, parsed, written

Title = Literal["T2", "T6"]
PROGRAM = "Dopusk"


@dataclass(frozen=True, slots=True)
class _Form:
    prefix: str
    knd: str
    reference: str
    """Element that names the carrier's file, and the ends of its attributes."""
    reference_end: str
    exam: str
    mark_name: str
    mark: str


FORMS: dict[Title, _Form] = {
    "T2": _Form(
        "ON_PTLSPRMO",
        "1110381",
        "ИдИнфСоб",
        "ИнфСоб",
        "СвМОПред",
        "ОтметМОПред",
        "Прошел предсменный медицинский осмотр, к исполнению трудовых обязанностей допущен",
    ),
    "T6": _Form(
        "ON_PTLSPOSMO",
        "1110385",
        "ИдИнфЗаезд",
        "ИнфЗаезд",
        "СвМОПосл",
        "ОтметМОПосл",
        "Прошел послерейсовый медицинский осмотр",
    ),
}
ANSWERS_TO: dict[str, Title] = {"T1": "T2", "T5": "T6"}
"""Which title a file of the carrier's asks for."""
ELECTRONIC_POWER = "3"
"""`СпосПодтПолном` of a power of attorney that is held in a system."""


@dataclass(frozen=True, slots=True)
class Licence:
    """The medical licence in the four parts that the format needs, as the organisation has decided to write them."""

    series: str
    number: str
    issued_on: date
    until: date


@dataclass(frozen=True, slots=True)
class Power:
    """An electronic power of attorney (МЧД). `number`: 36 characters; `storage`: the system that holds it."""

    number: str
    issued_on: date
    storage: str


@dataclass(frozen=True, slots=True)
class TitleSettings:
    """How an organisation fills a title through one operator. The first three are disputed: ask the operator."""

    exam_kind: str
    """`ВидМО`: 1 or 2."""
    utc_coordination: str
    """`НалКоорТочВрПрМО`: 0 or 1."""
    file_name: str
    """Template of the file's name: {prefix}, {recipient}, {sender}, {date}, {uuid}."""
    authority: str
    """`СпосПодтПолном`: 1 to 6; 3 needs a power of attorney, 5 (a paper one) is not made here."""
    sender: str
    recipient: str
    licence: Licence
    medic_of: str = "organisation"
    """`organisation` writes `СвМедОрг` with its name; `carrier` writes `СвМедРаб`, a medic of the carrier's own staff."""


@dataclass(frozen=True, slots=True)
class TitleFacts:
    """Everything that a title says. `exam_at` with the offset of the place; `made_at` in the same zone."""

    title: Title
    answers: CarrierFile
    answers_signature: bytes
    driver: Driver
    exam_at: datetime
    made_at: datetime
    medic: PersonName
    position: str
    organisation: str
    power: Power | None
    settings: TitleSettings
    uuid: str


@dataclass(frozen=True, slots=True)
class MadeTitle:
    """A title as it is to be signed."""

    file_id: str
    content: bytes


def make_title(facts: TitleFacts, program_version: str = "1") -> MadeTitle:
    """The exact bytes, valid by the schema. Raises `WaybillFault`: `power`, `paper_power`, `letters`, `schema` with the place."""
    form, settings = FORMS[facts.title], facts.settings
    file_id = _file_id(facts, form)
    needs_power = settings.authority == ELECTRONIC_POWER
    if needs_power and facts.power is None:
        raise WaybillFault("power", facts.medic.full)
    if settings.authority == "5":
        raise WaybillFault("paper_power")
    reference = {
        f"ИдФайл{form.reference_end}": facts.answers.file_id,
        f"ДатФайл{form.reference_end}": facts.answers.made_day,
        f"ВрФайл{form.reference_end}": facts.answers.made_time,
        "ЭП": base64.b64encode(facts.answers_signature).decode("ascii"),
    }
    document = Element(
        "Документ",
        {"КНД": form.knd, "ДатИнфМО": _day(facts.made_at), "ВрИнфМО": facts.made_at.strftime("%H:%M:%S")},
        (
            Element(form.reference, reference),
            Element(
                "СодИнфМО",
                {"УИД_ПЛ": facts.answers.waybill_uid, "ВидМО": settings.exam_kind},
                (_medic(facts), _exam(facts, form)),
            ),
            _signer(facts, facts.power if needs_power else None),
        ),
    )
    whole = {"ИдФайл": file_id, "ВерсПрог": f"{PROGRAM} {program_version}"[:40], "ВерсФорм": FORMAT_VERSION}
    content = written(Element("Файл", whole, (document,)))
    check_title(content, facts.title, file_id)
    return MadeTitle(file_id, content)


def check_title(content: bytes, title: Title, file_id: str) -> None:
    """Raise `WaybillFault` unless the bytes are valid by the schema and by the two rules beside it."""
    root = parsed(content)
    try:
        check_whole(root, title)
    except WaybillFault as fault:
        # A title of ours that is not valid is no matter of the carrier's.
        raise WaybillFault("power" if fault.code == "rule" else "schema", fault.detail) from fault
    if root.get("ИдФайл") != file_id:
        raise WaybillFault("other_name", "Файл/@ИдФайл")


def _file_id(facts: TitleFacts, form: _Form) -> str:
    settings = facts.settings
    name = settings.file_name.format(
        prefix=form.prefix,
        recipient=settings.recipient,
        sender=settings.sender,
        date=facts.made_at.strftime("%Y%m%d"),
        uuid=facts.uuid,
    )
    if not re.fullmatch(r"[0-9A-Za-z_.-]{1,255}", name) or name.startswith("."):
        raise WaybillFault("file_name", name[:60])
    return name


def _medic(facts: TitleFacts) -> Element:
    licence = facts.settings.licence
    paper = {
        "Сер": licence.series,
        "Ном": licence.number,
        "ДатВыд": _day(licence.issued_on),
        "Срок": _day(licence.until),
    }
    children, position = (_name(facts.medic), Element("ЛицензМО", paper)), {"Должн": facts.position or None}
    if facts.settings.medic_of == "carrier":
        return Element("СвМедРаб", position, children)
    return Element("СвМедОрг", {"НаимМедОрг": facts.organisation} | position, children)


def _exam(facts: TitleFacts, form: _Form) -> Element:
    offset = facts.exam_at.strftime("%z")
    moment = f"{facts.exam_at.strftime('%d.%m.%YT%H:%M:%S')}{offset[:3]}:{offset[3:5]}"
    papers = facts.driver.licence
    children = [_name(facts.driver.name)]
    if papers is not None:
        numbers = {"НомВУ": papers.number, "СерВУ": papers.series, "ДатаВыдВУ": papers.issued_on}
        children.insert(0, Element("ВодитУд", numbers))
    return Element(
        form.exam,
        {
            "ДатВрПрМО": moment,
            "НалКоорТочВрПрМО": facts.settings.utc_coordination,
            form.mark_name: form.mark,
        },
        (Element("СвВодит", {"ИННФЛ": facts.driver.inn}, children),),
    )


def _signer(facts: TitleFacts, power: Power | None) -> Element:
    children = [_name(facts.medic)]
    if power is not None:
        held = {"НомДовер": power.number, "ДатаДовер": _day(power.issued_on), "ИдСистХран": power.storage}
        children.append(Element("СвДоверЭл", held))
    way = {"Должн": facts.position or None, "ТипПодпис": "1", "СпосПодтПолном": facts.settings.authority}
    return Element("ПодпИнфМО", way, children)


def _name(name: PersonName) -> Element:
    return Element("ФИО", {"Фамилия": name.surname, "Имя": name.given, "Отчество": name.patronymic})


def _day(day: date) -> str:
    return day.strftime("%d.%m.%Y")
