"""Reads what the carrier sends: the waybill (T1, `ON_PTLSSOBTS`) and the return to the depot (T5, `ON_PTLSODPARK`). No I/O.

Read is what the medic's titles need, and every wrong or missing piece of it is named by its place. The rest of the file belongs to
the carrier and its operator.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from central.partners.waybill_xml import WaybillFault, parsed

FORMAT_VERSION = "5.01"
_KND = {"1110380": "T1", "1110384": "T5"}
_DAY, _TIME = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}"), re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_PERSONAL_INN, _FIRM_INN = re.compile(r"[0-9]{12}"), re.compile(r"[0-9]{10}([0-9]{2})?")
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
    """All three parts of a driving licence; a file without one of them names none."""

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
    carrier_name: str = ""
    drivers: tuple[Driver, ...] = ()


def read_carrier_file(content: bytes, file_name: str) -> CarrierFile:
    """The file; `file_name` without its ending is its ИдФайл. Raises `WaybillFault` with the place of what is wrong."""
    root = parsed(content)
    if root.tag != "Файл":
        raise WaybillFault("not_a_waybill", str(root.tag)[:40])
    version = _needed(root, "ВерсФорм", "Файл", 5)
    if version != FORMAT_VERSION:
        raise WaybillFault("version", version)
    file_id = _needed(root, "ИдФайл", "Файл", 255)
    if file_id != file_name.removesuffix(".xml"):
        raise WaybillFault("other_name", "Файл/@ИдФайл")
    document = _child(root, "Документ", "Файл")
    knd = _needed(document, "КНД", "Документ", 7)
    if knd not in _KND:
        raise WaybillFault("not_a_waybill", f"Документ/@КНД {knd}")
    return _waybill(file_id, document) if _KND[knd] == "T1" else _return(file_id, document)


def _waybill(file_id: str, document: Any) -> CarrierFile:
    about = _child(document, "СодИнфСоб", "Документ")
    term = _child(about, "СрокПЛ", "СодИнфСоб")
    only = term.get("ПЛДень") == "1"
    begin, end = ("ДатаИспПЛ", "ДатаИспПЛ") if only else ("ДатаНачИспПЛ", "ДатаКонИспПЛ")
    since, until = _day_value(term, begin, "СрокПЛ"), _day_value(term, end, "СрокПЛ")
    if until < since:
        raise WaybillFault("wrong_value", f"СрокПЛ/@{end}")
    inn, carrier = _carrier(about)
    drivers = tuple(_driver(element) for element in about.findall("СвВодит"))
    if not drivers:
        raise WaybillFault("missing", "СодИнфСоб/СвВодит")
    after = _needed(about, "ОбМедОсмПосле", "СодИнфСоб", 1)
    if after not in {"1", "2"}:
        raise WaybillFault("wrong_value", "СодИнфСоб/@ОбМедОсмПосле")
    return CarrierFile(
        "T1",
        file_id,
        _form(document, "ДатИнфСоб", "Документ", _DAY),
        _form(document, "ВрИнфСоб", "Документ", _TIME),
        _needed(about, "УИД_ПЛ", "СодИнфСоб", 36),
        number=_needed(document, "НомерПЛ", "Документ", 50),
        needs_exam_after=after == "1",
        valid_from=since,
        valid_until=until,
        carrier_inn=inn,
        carrier_name=carrier,
        drivers=drivers,
    )


def _return(file_id: str, document: Any) -> CarrierFile:
    about = _child(document, "СодИнфЗаезд", "Документ")
    day = _day_value(document, "ДатИнфЗаезд", "Документ")
    return CarrierFile(
        "T5",
        file_id,
        _form(document, "ДатИнфЗаезд", "Документ", _DAY),
        _form(document, "ВрИнфЗаезд", "Документ", _TIME),
        _needed(about, "УИД_ПЛ", "СодИнфЗаезд", 36),
        valid_from=day,
        valid_until=day + timedelta(days=1),
    )


def _carrier(about: Any) -> tuple[str, str]:
    """ИНН and name of the firm or the sole trader that made the waybill."""
    place = "СодИнфСоб/СвЛицПЛ/ИдСв"
    identity = _child(_child(about, "СвЛицПЛ", "СодИнфСоб"), "ИдСв", "СвЛицПЛ")
    firm, trader = identity.find("СвЮЛУч"), identity.find("СвИП")
    if firm is not None:
        return _form(firm, "ИННЮЛ", f"{place}/СвЮЛУч", _FIRM_INN), _needed(firm, "НаимОрг", f"{place}/СвЮЛУч", 1000)
    if trader is not None:
        return _form(trader, "ИНН", f"{place}/СвИП", _PERSONAL_INN), _name(trader, f"{place}/СвИП").full
    raise WaybillFault("missing", f"{place}/СвЮЛУч")


def _driver(element: Any) -> Driver:
    inn = element.get("ИННФЛ")
    if inn is not None and (not _PERSONAL_INN.fullmatch(inn) or inn.startswith("00")):
        raise WaybillFault("wrong_value", "СвВодит/@ИННФЛ")
    paper = element.find("ВодитУд")
    licence = None
    if paper is not None and all(paper.get(name) for name in ("НомВУ", "СерВУ", "ДатаВыдВУ")):
        place = "СвВодит/ВодитУд"
        licence = DrivingLicence(
            _needed(paper, "НомВУ", place, 20),
            _needed(paper, "СерВУ", place, 20),
            _form(paper, "ДатаВыдВУ", place, _DAY),
        )
    return Driver(_name(element, "СвВодит"), inn, licence)


def _name(element: Any, place: str) -> PersonName:
    found, inside = _child(element, "ФИО", place), f"{place}/ФИО"
    return PersonName(
        _needed(found, "Фамилия", inside, 60), _needed(found, "Имя", inside, 60), found.get("Отчество") or None
    )


def _child(element: Any, name: str, place: str) -> Any:
    found = element.find(name)
    if found is None:
        raise WaybillFault("missing", f"{place}/{name}")
    return found


def _needed(element: Any, name: str, place: str, longest: int) -> str:
    value = str(element.get(name) or "").strip()
    if not value:
        raise WaybillFault("missing", f"{place}/@{name}")
    if len(value) > longest:
        raise WaybillFault("wrong_value", f"{place}/@{name}")
    return value


def _form(element: Any, name: str, place: str, form: re.Pattern[str]) -> str:
    value = _needed(element, name, place, 40)
    if not form.fullmatch(value):
        raise WaybillFault("wrong_value", f"{place}/@{name}")
    if form is _DAY:
        _day_value(element, name, place)
    return value


def _day_value(element: Any, name: str, place: str) -> date:
    try:
        # Only the day is used.
        return datetime.strptime(_needed(element, name, place, 10), "%d.%m.%Y").date()  # noqa: DTZ007
    except ValueError as error:
        raise WaybillFault("wrong_value", f"{place}/@{name}") from error
