"""Reads what the carrier sends: the waybill (T1, `ON_PTLSSOBTS`) and the return to the depot (T5, `ON_PTLSODPARK`). No I/O.

A file is validated as a whole by the schema of its title before anything is read, and every wrong or missing piece is named by its
line and place.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from central.partners.waybill_schema import check_whole
from central.partners.waybill_xml import WaybillFault, parsed

FORMAT_VERSION = "5.01"
_KND: dict[str, "Kind"] = {"1110380": "T1", "1110384": "T5"}
_NOTES = ("ТабНомер", "СНИЛС")
"""Names of `ИнфПол/ТекстИнф` by which a carrier may say more of its driver: an agreement of ours, the format leaves them free."""
Kind = Literal["T1", "T5"]


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in its parts, as ФИОТип has them; no patronymic is None."""

    surname: str
    given: str
    patronymic: str | None = None

    @property
    def full(self) -> str:
        """As registers write it."""
        return " ".join(part for part in (self.surname, self.given, self.patronymic) if part)


@dataclass(frozen=True, slots=True)
class DrivingLicence:
    """A driving licence; the format wants all three parts."""

    number: str
    series: str
    issued_on: str
    """ДД.ММ.ГГГГ, as it stands in the file."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver of a waybill. `inn`: 12 digits; not every file names it."""

    name: PersonName
    inn: str | None
    licence: DrivingLicence | None
    personnel_number: str | None = None
    snils: str | None = None
    """As it stands in the file."""


@dataclass(frozen=True, slots=True)
class CarrierFile:
    """A T1 or a T5. Day and time of making are texts of the file: a title repeats them letter by letter."""

    kind: Kind
    file_id: str
    made_day: str
    made_time: str
    waybill_uid: str
    number: str = ""
    needs_exam_after: bool = False
    """Whether the waybill asks for an exam after the trip (`ОбМедОсмПосле` 1)."""
    valid_from: date | None = None
    """Term of a waybill. A return is answered by an exam of its own day or the next."""
    valid_until: date | None = None
    carrier_inn: str = ""
    """Empty where the carrier leaves it out."""
    carrier_name: str = ""
    drivers: tuple[Driver, ...] = ()


def read_carrier_file(content: bytes, file_name: str) -> CarrierFile:
    """The file; `file_name` without its ending is its ИдФайл. Raises `WaybillFault` with line and place of what is wrong."""
    root = parsed(content)
    if root.tag != "Файл":
        raise WaybillFault("not_a_waybill", str(root.tag)[:40])
    version = root.get("ВерсФорм") or ""
    if version != FORMAT_VERSION:
        raise WaybillFault("version", version[:40])
    file_id = _needed(root, "ИдФайл")
    if file_id != file_name.removesuffix(".xml"):
        raise WaybillFault("other_name", f"{root.sourceline}: Файл/@ИдФайл")
    document = root.find("Документ")
    kind = _KND.get(document.get("КНД") or "") if document is not None else None
    if document is None or kind is None:
        raise WaybillFault("not_a_waybill", "Документ/@КНД")
    check_whole(root, kind)
    return _waybill(file_id, document) if kind == "T1" else _return(file_id, document)


def _waybill(file_id: str, document: Any) -> CarrierFile:
    about = document.find("СодИнфСоб")
    term = about.find("СрокПЛ")
    begin, end = ("ДатаИспПЛ", "ДатаИспПЛ") if term.get("ПЛДень") == "1" else ("ДатаНачИспПЛ", "ДатаКонИспПЛ")
    since, until = _day(term, begin), _day(term, end)
    if until < since:
        raise _wrong(term, end)
    inn, carrier = _carrier(about.find("СвЛицПЛ/ИдСв"))
    notes = {one.get("Идентиф").strip(): one.get("Значение").strip() for one in about.findall("ИнфПол/ТекстИнф")}
    drivers = tuple(_driver(element) for element in about.findall("СвВодит"))
    if len(drivers) == 1:
        # A field of the whole file speaks of a driver where there is one.
        number, snils = (notes.get(name) or None for name in _NOTES)
        drivers = (replace(drivers[0], personnel_number=number, snils=snils),)
    return CarrierFile(
        "T1",
        file_id,
        _made_day(document, "ДатИнфСоб"),
        document.get("ВрИнфСоб"),
        _needed(about, "УИД_ПЛ"),
        number=(document.get("НомерПЛ") or "").strip(),
        needs_exam_after=about.get("ОбМедОсмПосле") == "1",
        valid_from=since,
        valid_until=until,
        carrier_inn=inn,
        carrier_name=carrier,
        drivers=drivers,
    )


def _return(file_id: str, document: Any) -> CarrierFile:
    day = _day(document, "ДатИнфЗаезд")
    return CarrierFile(
        "T5",
        file_id,
        document.get("ДатИнфЗаезд"),
        document.get("ВрИнфЗаезд"),
        _needed(document.find("СодИнфЗаезд"), "УИД_ПЛ"),
        valid_from=day,
        valid_until=day + timedelta(days=1),
    )


def _carrier(identity: Any) -> tuple[str, str]:
    """ИНН and name of the firm or the sole trader that made the waybill; the format lets a carrier leave the ИНН out."""
    firm = identity.find("СвЮЛУч")
    if firm is not None:
        return firm.get("ИННЮЛ") or "", _needed(firm, "НаимОрг")
    trader = identity.find("СвИП")
    return trader.get("ИНН") or "", _name(trader).full


def _driver(element: Any) -> Driver:
    paper = element.find("ВодитУд")
    licence = None
    if paper is not None:
        licence = DrivingLicence(_needed(paper, "НомВУ"), _needed(paper, "СерВУ"), _made_day(paper, "ДатаВыдВУ"))
    return Driver(_name(element), element.get("ИННФЛ"), licence)


def _name(element: Any) -> PersonName:
    found = element.find("ФИО")
    return PersonName(_needed(found, "Фамилия"), _needed(found, "Имя"), (found.get("Отчество") or "").strip() or None)


def _needed(element: Any, name: str) -> str:
    """A value that a title needs; the format lets blanks stand for it, and some of them be left out."""
    value = str(element.get(name) or "").strip()
    if not value:
        raise WaybillFault("missing", f"{element.sourceline}: {_path(element)}/@{name}")
    return value


def _made_day(element: Any, name: str) -> str:
    """A day as it stands in the file, once it is known to be one."""
    _day(element, name)
    return str(element.get(name))


def _day(element: Any, name: str) -> date:
    """A day; the schema's pattern takes 29.02 for one in every year."""
    try:
        # Only the day is used.
        return datetime.strptime(element.get(name), "%d.%m.%Y").date()  # noqa: DTZ007
    except ValueError as error:
        raise _wrong(element, name) from error


def _wrong(element: Any, name: str) -> WaybillFault:
    return WaybillFault("wrong_value", f"{element.sourceline}: {_path(element)}/@{name}")


def _path(element: Any) -> str:
    return str(element.getroottree().getpath(element)).removeprefix("/Файл/")
