"""The journal's columns: the union of the lists that practice prints (order 835n item 14 and product exports). Pure.

A value that was not measured is an empty cell and never a number.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from central.store.journal import JournalRow
from central.words import exam_view, wording
from central.words.table_values import Number, Side, Value, local
from central.words.texts import text, text_or
from sync.contract.decision_rules import AFTER_WORK

SignatureCheck = Callable[[JournalRow], str]
"""What a check of the row's signature finds, as of `central.journal.signature_check`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One row prepared for its columns: the decision's record parsed once, the last values looked up once."""

    row: JournalRow
    values: Mapping[str, exam_view.ShownValue]
    record: Mapping[str, Any]
    language: str
    zone: tzinfo
    check: SignatureCheck

    def value(self, name: str) -> str:
        """The last value of a quantity; empty when there is none."""
        found = self.values.get(name)
        return found.value if found else ""

    def number(self, name: str) -> Number | None:
        """The last value of a quantity as a number; None when there is none."""
        found = self.values.get(name)
        return found.number if found else None


Cell = Callable[[Reading], str]


def reading_of(row: JournalRow, language: str, zone: tzinfo, check: SignatureCheck) -> Reading:
    """Prepare a row. `check` is asked only where its column is wanted: it takes longer than all others together."""
    record = json.loads(row.record) if row.record else {}
    return Reading(row, exam_view.summary(row.payload, language), record, language, zone, check)


def _person(name: str) -> Cell:
    return lambda item: str(item.row.worker[name] or "") if item.row.worker else ""


def _decision(name: str) -> Cell:
    return lambda item: str(item.record.get("decision", {}).get(name) or "")


def _visual(name: str) -> Cell:
    def cell(item: Reading) -> str:
        word = item.record.get("decision", {}).get("visual", {}).get(name, "")
        if word:
            return text_or(item.language, f"decision.visual_{word}", word)
        # Of an exam in person: what the medic who examined saw.
        seen = (item.row.payload.get("room") or {}).get("seen", ())
        return "; ".join(
            exam_view.seen_words(item.row.payload, one["code"], item.language) for one in seen if one["field"] == name
        )

    return cell


def _moment(item: Reading) -> str:
    return wording.moment_with_offset(item.row.finished_at, item.zone)


def _birth(item: Reading) -> str:
    born = item.row.worker["birth_date"] if item.row.worker else None
    return f"{born:%d.%m.%Y}" if born else ""


def _sex(item: Reading) -> str:
    sex = item.row.worker["sex"] if item.row.worker else None
    return text(item.language, f"exam.{sex}") if sex else ""


def _pressure(item: Reading) -> str:
    high, low = item.value("systolic_mmhg"), item.value("diastolic_mmhg")
    return f"{high}/{low}" if high or low else ""


def _alcohol_sign(item: Reading) -> str:
    found = item.values.get("breath_alcohol_mg_per_l")
    if found is not None:
        return text(item.language, "journal.alcohol_found" if found.side else "journal.alcohol_none")
    return item.value("breath_test")


def _outcome(item: Reading) -> str:
    outcome = item.row.outcome or item.row.state
    is_conclusion = item.row.exam_type in AFTER_WORK and outcome in {"admitted", "not_admitted"}
    return text(item.language, f"{'outcome_after' if is_conclusion else 'outcome'}.{outcome}")


def _conclusion(item: Reading) -> str:
    """О: no signs found; Н: signs found (the journal's own letters)."""
    return {"admitted": "О", "not_admitted": "Н"}.get(item.row.outcome or "", "")


def _reasons(item: Reading) -> str:
    return "; ".join(item.record.get("decision", {}).get("reasons", ()))


def _medic(item: Reading) -> str:
    medic = item.record.get("medic", {})
    return f"{medic['full_name']}, {medic['position']}" if medic else ""


def _signature(item: Reading) -> str:
    """Number and term of the certificate, as the medic has signed them."""
    serial = item.row.certificate_serial
    if not serial:
        return ""
    medic = item.record.get("medic", {})
    days = [_day(medic.get(name), item.zone) for name in ("certificate_from", "certificate_until")]
    if not all(days):
        return text(item.language, "journal.signed_with", serial=serial)
    return text(item.language, "journal.signed_with_term", serial=serial, since=days[0], until=days[1])


def _day(moment: str | None, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(zone):%d.%m.%Y}" if moment else ""


def _signature_check(item: Reading) -> str:
    found = item.check(item.row)
    return text(item.language, f"journal.signature.{found}") if found else ""


def _acknowledged(item: Reading) -> str:
    consent = item.row.payload.get("consent")
    return text(item.language, "journal.consented") if consent and consent["given"] else ""


def _duration(item: Reading) -> str:
    return str(int((item.row.finished_at - item.row.started_at).total_seconds()))


def _drug_test(item: Reading) -> str:
    """The result of a test in the medical room; terminals make none."""
    test = (item.row.payload.get("room") or {}).get("drug_test")
    return text(item.language, "journal.not_done") if test is None else exam_view.drug_test_words(test, item.language)


COLUMNS: dict[str, Cell] = {
    "moment": _moment,
    "duration_s": _duration,
    "exam_type": lambda item: text(item.language, f"exam_type.{item.row.exam_type}"),
    "place": lambda item: ", ".join(filter(None, (item.row.terminal_name, item.row.terminal_place))),
    "employer": lambda item: item.row.employer_name or "",
    "personnel_number": _person("personnel_number"),
    "full_name": _person("full_name"),
    "sex": _sex,
    "birth_date": _birth,
    "complaints": lambda item: "; ".join(exam_view.complaint_lines(item.row.payload, item.language)),
    "mucous": _visual("mucous"),
    "skin": _visual("skin"),
    "behaviour": _visual("behaviour"),
    "temperature": lambda item: item.value("temperature_celsius"),
    "pressure": _pressure,
    "pulse": lambda item: item.value("pulse_bpm"),
    "alcohol_sign": _alcohol_sign,
    "alcohol": lambda item: item.value("breath_alcohol_mg_per_l"),
    "drug_test": _drug_test,
    "conclusion": _conclusion,
    "outcome": _outcome,
    "reasons": _reasons,
    "comment": _decision("comment"),
    "medic": _medic,
    "signature": _signature,
    "signature_check": _signature_check,
    "acknowledged": _acknowledged,
    "exam_id": lambda item: item.row.exam_id,
}
"""Key of each column (its heading is the text `journal.column.<key>`) and how its cell is made."""

_QUANTITIES = {
    "temperature": ("temperature_celsius",),
    "pressure": ("systolic_mmhg", "diastolic_mmhg"),
    "pulse": ("pulse_bpm",),
    "alcohol": ("breath_alcohol_mg_per_l",),
}


def outside(item: Reading, key: str) -> list[exam_view.ShownValue | None]:
    """The values of a column of which one at least lies outside its limits, None for one that is missing; else empty."""
    return [item.values.get(name) for name in _QUANTITIES[key]] if sides(item, key) else []


def sides(item: Reading, key: str) -> tuple[Side, ...]:
    """Where the values of a column lie outside their limits: `high`, `low`; empty for a column without any that does."""
    found = (item.values.get(name) for name in _QUANTITIES.get(key, ()))
    return tuple(dict.fromkeys(value.side for value in found if value is not None and value.side))


_ARROWS = {"high": "↑", "low": "↓"}


def with_arrows(item: Reading, key: str) -> str:
    """The cell with an arrow at each value that lies outside its limits: `162 ↑/98 ↑`."""
    if not sides(item, key):
        return COLUMNS[key](item)
    found = [item.values.get(name) for name in _QUANTITIES[key]]
    return "/".join(f"{value.value} {_ARROWS.get(value.side, '')}".strip() if value else "" for value in found)


_IN_FILES: dict[str, tuple[str, ...]] = {"moment": ("moment", "utc_offset"), "pressure": ("systolic", "diastolic")}
"""Columns that a table for reckoning has in parts, each of one kind."""


def _quantity(name: str) -> Callable[[Reading], Value]:
    return lambda item: item.number(name)


def _utc_offset(item: Reading) -> str:
    # Not "+03:00": that begins like a formula.
    return "UTC" + wording.moment_with_offset(item.row.finished_at, item.zone).rpartition(" ")[2]


_VALUES: dict[str, Callable[[Reading], Value]] = {
    "moment": lambda item: local(item.row.finished_at, item.zone),
    "utc_offset": _utc_offset,
    "duration_s": lambda item: int((item.row.finished_at - item.row.started_at).total_seconds()),
    "birth_date": lambda item: item.row.worker["birth_date"] if item.row.worker else None,
    "temperature": _quantity("temperature_celsius"),
    "systolic": _quantity("systolic_mmhg"),
    "diastolic": _quantity("diastolic_mmhg"),
    "pulse": _quantity("pulse_bpm"),
    "alcohol": _quantity("breath_alcohol_mg_per_l"),
}
"""The columns of files whose values are no words."""


def file_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """The columns of a table for reckoning (XLSX, CSV) that these columns of the journal become."""
    return tuple(part for key in keys for part in _IN_FILES.get(key, (key,)))


def file_values(item: Reading, parts: Sequence[str]) -> list[Value]:
    """The values of one row, of the columns that `file_keys` gives."""
    return [_VALUES[part](item) if part in _VALUES else COLUMNS[part](item) for part in parts]


SORTED_BY = tuple(key for key in COLUMNS if key not in {"signature", "signature_check", "drug_test"})
"""The columns that the page can be sorted by."""


def sort_value(item: Reading, key: str) -> Any:
    """What a column is sorted by: numbers as numbers, moments as moments, systolic pressure for both; None for nothing."""
    if key == "moment":
        return item.row.finished_at
    (value, *_) = file_values(item, file_keys((key,))[:1])
    return value.value if isinstance(value, Number) else value


ON_SCREEN = (
    "moment",
    "full_name",
    "personnel_number",
    "employer",
    "exam_type",
    "outcome",
    "temperature",
    "pressure",
    "pulse",
    "alcohol",
    "complaints",
    "reasons",
    "medic",
)
"""The columns that the page shows until the reader chooses others."""


def headings(keys: tuple[str, ...], language: str) -> list[str]:
    """The headings of these columns."""
    return [text(language, f"journal.column.{key}") for key in keys]


def numbered(headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> tuple[list[str], Iterator[list[Value]]]:
    """Headings and rows with the column № before them, which every form of the journal has."""
    return ["№", *headings], ([number, *row] for number, row in enumerate(rows, start=1))


def cells(item: Reading, keys: tuple[str, ...]) -> list[str]:
    """The cells of one row."""
    return [COLUMNS[key](item) for key in keys]
