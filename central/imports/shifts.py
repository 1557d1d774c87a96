"""A plan of shifts as a table: XLSX or CSV, taken whole or not at all. The rules are those of `central.workforce.shift_rules`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from central.core.name_folding import fold_name
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import Columns, fault_table, read_table
from central.store.shift_plans import PlannedShift
from central.store.workers import with_numbers
from central.words.texts import text
from central.workforce.shift_rules import EXAM_TYPES, Planning, by_number, planned

NUMBER, EMPLOYER, DAY, BEGIN, KIND = "Табельный номер", "Работодатель", "Дата", "Начало", "Вид осмотра"
FIELDS = {NUMBER: "personnel_number", EMPLOYER: "employer_id", DAY: "day", BEGIN: "begin", KIND: "exam_type"}
HEADINGS = (NUMBER, DAY, BEGIN, KIND, EMPLOYER)
COLUMNS = Columns((NUMBER, DAY, BEGIN), known=HEADINGS, identifiers=(NUMBER,))
_HEADING_OF = {name: heading for heading, name in FIELDS.items()}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """What a file says, and what is wrong with it."""

    shifts: list[PlannedShift] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    error_file: bytes = b""
    """The rows with faults, with what is wrong beside them."""


def check_file(
    connection: Connection,
    content: bytes,
    orgs: Sequence[str],
    names: dict[str, str],
    planning: Planning,
    language: str,
) -> CheckedPlan:
    """Read and check a file. `names`: the employers that it may name, by id; `planning.people` is read here.

    Raises `central.imports.tables.UnreadableTable`.
    """
    rows = read_table(content, COLUMNS.needed, columns=COLUMNS)
    numbers = sorted({row.get(NUMBER, "") for row in rows} - {""})
    people = [
        one
        for org in orgs
        for start in range(0, len(numbers), _AT_ONCE)
        for one in with_numbers(connection, org, numbers[start : start + _AT_ONCE])
    ]
    known = Planning(planning.employer_ids, by_number(people), planning.today, planning.zone)
    kinds = {fold_name(text("ru", f"exam_type.{code}")): code for code in EXAM_TYPES} | {one: one for one in EXAM_TYPES}
    nearest = Nearest({KIND: [text("ru", f"exam_type.{code}") for code in EXAM_TYPES]}, {EMPLOYER: names.values()})
    by_name = {fold_name(name): one for one, name in names.items()}
    checked = CheckedPlan()
    for row in rows:
        given = {name: row.get(heading, "") for heading, name in FIELDS.items()}
        faults = dict(row.faults)
        if given["exam_type"]:
            given["exam_type"] = kinds.get(fold_name(given["exam_type"]), "?")
        if given["employer_id"]:
            given["employer_id"] = by_name.get(fold_name(given["employer_id"]), "?")
        found = planned(given, known)
        if isinstance(found, dict):
            faults = {_HEADING_OF[name]: code for name, code in found.items()} | faults
        if faults:
            checked.faults.extend(
                nearest.fault(row.number, column, code, row.get(column, ""), {"unknown"})
                for column, code in faults.items()
            )
        elif isinstance(found, PlannedShift):
            checked.shifts.append(found)
    if not checked.faults:
        return checked
    return CheckedPlan([], checked.faults, fault_table(HEADINGS, rows, checked.faults, language))
