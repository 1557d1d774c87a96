"""Columns of tables of grounds, and the values of one row. Pure; whom a row means is asked in `central.imports.grounds`.

Columns: `Табельный номер` or `СНИЛС` (one of them finds the worker), `Работодатель` (needed where several employers use the
number; name, ИНН or id), `Вид` (words or code of the book of kinds), `Дата`, `Действует до`, `Заключение` (годен, ограничения, не
годен, or empty where the register draws none), `Только очно` (да or нет, never empty: what nobody said forbids nothing and allows
nothing), `Примечание`, `Источник` (which register the row comes from). A file may also have: `Время` (08:30), `Врач`,
`Организация`, `OID организации`, `Прививка` (words or code of the book of vaccines), `Доза`, `Серия`, `Номер`, `Подтверждено` (да,
нет or empty), `Взамен номера` (number of the document whose place this one takes).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from central.core.days import parse_day
from central.core.name_folding import fold_name
from central.imports.row_person import EMPLOYER, NUMBER, SNILS
from central.imports.tables import Columns
from sync.contract.books import BookItem
from sync.contract.canonical import canonical, sha256_hex

KIND, AT = "Вид", "Дата"
UNTIL, FINDING, IN_PERSON, NOTE, SOURCE = "Действует до", "Заключение", "Только очно", "Примечание", "Источник"
TIME, DOCTOR, ORGANISATION, OID = "Время", "Врач", "Организация", "OID организации"
VACCINE, DOSE, SERIES, DOCUMENT = "Прививка", "Доза", "Серия", "Номер"
CONFIRMED, REPLACES = "Подтверждено", "Взамен номера"
HEADINGS = (
    *(NUMBER, SNILS, KIND, AT, UNTIL, FINDING, IN_PERSON, NOTE, SOURCE, EMPLOYER),
    *(TIME, DOCTOR, ORGANISATION, OID, VACCINE, DOSE, SERIES, DOCUMENT, CONFIRMED, REPLACES),
)
NEEDED = (KIND, AT, IN_PERSON, SOURCE)
COLUMNS = Columns(NEEDED, known=HEADINGS, identifiers=(NUMBER, SNILS, SERIES, DOCUMENT, REPLACES))
OLD_KINDS = {
    "периодический": "periodic",
    "психиатрическое": "psychiatric",
    "хти": "toxicology",
    "медкнижка": "medical_book",
    "больничный": "sick_leave",
}
"""Words that files of before use, and those that people say."""
FINDINGS = {
    "": "none",
    "годен": "fit",
    "fit": "fit",
    "ограничения": "restricted",
    "годен с ограничениями": "restricted",
    "restricted": "restricted",
    "не годен": "unfit",
    "unfit": "unfit",
}
YES, NO = {"да", "yes", "1"}, {"нет", "no", "0"}
STATES = dict.fromkeys(YES, "confirmed") | dict.fromkeys(NO, "not_confirmed") | {"": None}
MOST_CHARS = 500
TIME_OF_DAY = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){3,}")
_PLAIN = {
    "doctor": DOCTOR,
    "organisation": ORGANISATION,
    "organisation_oid": OID,
    "dose": DOSE,
    "series": SERIES,
    "number": DOCUMENT,
}


def words_of(items: Iterable[BookItem]) -> dict[str, str]:
    """What a cell may say for each item that may be chosen, folded → its code."""
    found: dict[str, str] = {}
    for item in items:
        if item.offered:
            found |= {fold_name(words): item.code for words in (item.code, item.ru, item.en) if words}
    return found


def values_of(
    row: Mapping[str, str],
    kinds: Mapping[str, str],
    vaccines: Mapping[str, str],
    today: date,
    faults: dict[str, str],
) -> dict[str, Any]:
    """What a row says, without whom it is about; `sha256` is of all of that. Faults: column → code."""
    for name in NEEDED:
        if not row.get(name, ""):
            faults.setdefault(name, "needed")
    for name in HEADINGS:
        if len(row.get(name, "")) > MOST_CHARS:
            faults.setdefault(name, "too_long")
    kind, finding, in_person = (fold_name(row.get(name, "")) for name in (KIND, FINDING, IN_PERSON))
    for name, value, allowed in ((KIND, kind, kinds), (FINDING, finding, FINDINGS), (IN_PERSON, in_person, YES | NO)):
        if value not in allowed:
            faults.setdefault(name, "choose")
    at, until = _day(row, AT, faults), _day(row, UNTIL, faults)
    if at is not None and at > today:
        faults.setdefault(AT, "future")
    if at is not None and until is not None and until < at:
        faults.setdefault(UNTIL, "before_since")
    said = {
        "kind": kinds.get(kind, ""),
        "at": at,
        "valid_until": until,
        "finding": FINDINGS.get(finding, ""),
        "blocks_remote": in_person in YES,
        "note": row.get(NOTE, ""),
        "source": row.get(SOURCE, ""),
    }
    added = _added(row, kinds.get(kind, ""), vaccines, faults)
    # Columns that this row does not fill change nothing of its hash: a file of before, sent again, adds nothing.
    hashed = said | {name: value for name, value in added.items() if value}
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in hashed.items()}
    said_state = added.pop("confirmed")
    added.pop("replaces")
    return said | added | {"said_state": said_state, "sha256": sha256_hex(canonical(plain))}


def _added(
    row: Mapping[str, str], kind: str, vaccines: Mapping[str, str], faults: dict[str, str]
) -> dict[str, str | None]:
    confirmed, vaccine = fold_name(row.get(CONFIRMED, "")), fold_name(row.get(VACCINE, ""))
    if confirmed not in STATES:
        faults.setdefault(CONFIRMED, "choose")
    if row.get(TIME, "") and not TIME_OF_DAY.fullmatch(row[TIME]):
        faults.setdefault(TIME, "not_a_time")
    if row.get(OID, "") and not _OID.fullmatch(row[OID]):
        faults.setdefault(OID, "not_an_oid")
    if vaccine and vaccine not in vaccines:
        faults.setdefault(VACCINE, "unknown_vaccine")
    if kind == "vaccination" and not vaccine:
        faults.setdefault(VACCINE, "needed")
    if vaccine and kind and kind != "vaccination":
        faults.setdefault(VACCINE, "not_this_kind")
    return {
        **{name: row.get(heading, "") or None for name, heading in _PLAIN.items()},
        "at_time": row[TIME].zfill(5) if row.get(TIME, "") else None,
        "vaccine": vaccines.get(vaccine) or None,
        "confirmed": STATES.get(confirmed),
        "replaces": row.get(REPLACES, "") or None,
    }


def _day(row: Mapping[str, str], column: str, faults: dict[str, str]) -> date | None:
    words = row.get(column, "")
    found = parse_day(words) if words else None
    if words and found is None:
        faults.setdefault(column, "not_a_day")
    return found
