"""Columns of files of examinations of before, and the values of one row. Pure; whose a row is, `central.imports.row_person` says.

Twenty columns. `Табельный номер` or `СНИЛС` finds the worker, with `Работодатель` where several employers use the number. `Дата`,
`Вид осмотра` (предсменный, предрейсовый, послесменный, послерейсовый, в течение смены), `Заключение` (допущен, не допущен, не
завершён; after work: прошёл, не прошёл, признаков не выявлено, выявлены признаки) and `Источник` are needed. An empty cell of a
value means that the source has none.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from central.core.days import parse_day
from central.core.name_folding import fold_name
from central.examining.typed_values import BODY, WHOLE
from central.imports.ground_columns import TIME_OF_DAY
from central.imports.row_person import EMPLOYER, NUMBER, SNILS
from central.imports.tables import Columns
from sync.contract.canonical import canonical, sha256_hex

AT, TIME, EXAM_TYPE, OUTCOME, REASON = "Дата", "Время", "Вид осмотра", "Заключение", "Причина"
SYSTOLIC, DIASTOLIC = "Систолическое, мм рт. ст.", "Диастолическое, мм рт. ст."
PULSE, TEMPERATURE, ALCOHOL = "Пульс, уд/мин", "Температура, °C", "Алкоголь в выдохе, мг/л"
DEVICE, COMPLAINTS, MEDIC, ORGANISATION = "Прибор", "Жалобы", "Медработник", "Организация"
ENTRY, NOTE, SOURCE = "Номер записи", "Примечание", "Источник"
HEADINGS = (
    *(NUMBER, SNILS, EMPLOYER, AT, TIME, EXAM_TYPE, OUTCOME, REASON),
    *(SYSTOLIC, DIASTOLIC, PULSE, TEMPERATURE, ALCOHOL, DEVICE, COMPLAINTS),
    *(MEDIC, ORGANISATION, ENTRY, NOTE, SOURCE),
)
NEEDED = (AT, EXAM_TYPE, OUTCOME, SOURCE)
COLUMNS = Columns(NEEDED, known=HEADINGS, identifiers=(NUMBER, SNILS, ENTRY))
EXAM_TYPES = {
    "предсменный": "pre_shift",
    "предрейсовый": "pre_trip",
    "послесменный": "post_shift",
    "послерейсовый": "post_trip",
    "в течение смены": "during_shift",
}
_EXAM_TYPE_WORDS = {fold_name(words): code for words, code in EXAM_TYPES.items()}
OUTCOMES = {"допущен": "admitted", "не допущен": "not_admitted", "не завершён": "unfinished"}
_OUTCOME_WORDS = {fold_name(words): code for words, code in OUTCOMES.items()} | {
    fold_name("прошёл"): "admitted",
    fold_name("не прошёл"): "not_admitted",
    fold_name("признаков не выявлено"): "admitted",
    fold_name("выявлены признаки"): "not_admitted",
}
"""Of exams after work the source says «прошёл» or «признаков не выявлено»; nothing of it admits anybody here."""
QUANTITIES = {
    "systolic_mmhg": SYSTOLIC,
    "diastolic_mmhg": DIASTOLIC,
    "pulse_bpm": PULSE,
    "temperature_celsius": TEMPERATURE,
    "breath_alcohol_mg_per_l": ALCOHOL,
}
_TEXTS = {
    "reason": REASON,
    "device": DEVICE,
    "complaints": COMPLAINTS,
    "medic": MEDIC,
    "organisation": ORGANISATION,
    "number": ENTRY,
    "note": NOTE,
}
MOST_CHARS = 500


def values_of(row: Mapping[str, str], today: date, faults: dict[str, str]) -> dict[str, Any]:
    """What a row says, without whom it is about; `sha256` is of all of that. Faults: column → code."""
    for name in NEEDED:
        if not row.get(name, ""):
            faults.setdefault(name, "needed")
    for name in HEADINGS:
        if len(row.get(name, "")) > MOST_CHARS:
            faults.setdefault(name, "too_long")
    exam_type, outcome = fold_name(row.get(EXAM_TYPE, "")), fold_name(row.get(OUTCOME, ""))
    if exam_type not in _EXAM_TYPE_WORDS:
        faults.setdefault(EXAM_TYPE, "choose")
    if outcome not in _OUTCOME_WORDS:
        faults.setdefault(OUTCOME, "choose")
    words = row.get(TIME, "")
    if words and not TIME_OF_DAY.fullmatch(words):
        faults.setdefault(TIME, "not_a_time")
    said: dict[str, Any] = {
        "at": _day(row, today, faults),
        "at_time": words.zfill(5) if words else None,
        "exam_type": _EXAM_TYPE_WORDS.get(exam_type, ""),
        "outcome": _OUTCOME_WORDS.get(outcome, ""),
        **{name: _number(row, name, heading, faults) for name, heading in QUANTITIES.items()},
        **{name: row.get(heading, "") or None for name, heading in _TEXTS.items()},
        "source": row.get(SOURCE, ""),
    }
    high, low = said["systolic_mmhg"], said["diastolic_mmhg"]
    if high is not None and low is not None and high <= low:
        faults.setdefault(DIASTOLIC, "not_below_systolic")
    plain = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in said.items()
        if value is not None
    }
    return said | {"sha256": sha256_hex(canonical(plain))}


def _day(row: Mapping[str, str], today: date, faults: dict[str, str]) -> date | None:
    found = parse_day(row[AT]) if row.get(AT, "") else None
    if row.get(AT, "") and found is None:
        faults.setdefault(AT, "not_a_day")
    if found is not None and found > today:
        faults.setdefault(AT, "future")
    return found


def _number(row: Mapping[str, str], name: str, heading: str, faults: dict[str, str]) -> int | float | None:
    """A value of the source, or None where it has none; what no body gives is a fault, and never a value."""
    text = row.get(heading, "")
    if not text:
        return None
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        faults.setdefault(heading, "not_a_number")
        return None
    low, high = BODY[name]
    if not low <= number <= high or (name in WHOLE and not number.is_integer()):
        faults.setdefault(heading, "impossible")
        return None
    return int(number) if name in WHOLE else number
