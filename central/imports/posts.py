"""A staffing table as a file: XLSX or CSV, taken whole or not at all. The rules are those of `central.registers.post_rules`.

A row is about the post that has its number with its employer; what is not in the file stays as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from central.books.codes import Codes
from central.core.name_folding import fold_name
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import Columns, TableRow, fault_table, write_table
from central.registers.post_rules import SOUT_CLASSES, post_of
from central.store import posts
from central.store.posts import Post
from central.words.table_values import Value

NUMBER, TITLE, DEPARTMENT, PLACES = "Номер строки", "Должность", "Подразделение", "Штатных единиц"
CODE, FACTORS, CLASS, UNTIL = "Код должности", "Вредные факторы", "Класс СОУТ", "СОУТ до"
DOCUMENT, EMPLOYER = "Документ", "Работодатель"
FIELDS = {
    NUMBER: "number",
    TITLE: "title",
    DEPARTMENT: "department",
    PLACES: "places",
    CODE: "position_code",
    FACTORS: "harm_factors",
    CLASS: "sout_class",
    UNTIL: "sout_until",
    DOCUMENT: "document",
    EMPLOYER: "employer_id",
}
HEADINGS = tuple(FIELDS)
COLUMNS = Columns((NUMBER, TITLE, PLACES), known=HEADINGS, identifiers=(NUMBER, CODE, FACTORS, CLASS))
_HEADING_OF = {name: heading for heading, name in FIELDS.items()}
_CODED = (CODE, FACTORS)


@dataclass(frozen=True, slots=True)
class CheckedPosts:
    """What a file says: the versions that it adds, and what is wrong with it."""

    items: list[Post] = field(default_factory=list)
    added: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)
    rows: Sequence[TableRow] = ()

    @property
    def changed(self) -> int:
        """Posts that are there and would say something else."""
        return len(self.items) - self.added

    def error_file(self, language: str) -> bytes:
        """The rows with faults, with what is wrong beside them."""
        return fault_table(HEADINGS, self.rows, self.faults, language)


def check_rows(
    connection: Connection,
    rows: Sequence[TableRow],
    employers: Mapping[str, tuple[str, str]],
    today: date,
) -> CheckedPosts:
    """Check the rows of a file; stores nothing. `employers`: organisation and name of those that it may name, by id."""
    known = posts.held(connection, employers)
    by_name = {fold_name(name): one for one, (_, name) in employers.items()}
    only = next(iter(employers)) if len(employers) == 1 else ""
    nearest = Nearest({CLASS: SOUT_CLASSES}, {EMPLOYER: [name for _, name in employers.values()]})
    books: dict[str, Codes] = {}
    seen: dict[tuple[str, str], int] = {}
    checked = CheckedPosts()
    items: list[Post] = []
    added = unchanged = 0
    for row in rows:
        given = {name: row[heading] for heading, name in FIELDS.items() if heading in row}
        faults = dict(row.faults)
        employer_id = by_name.get(fold_name(given.get("employer_id", "")), "?") if given.get("employer_id") else only
        if not employer_id:
            faults[EMPLOYER] = "needed"
        org = employers[employer_id][0] if employer_id in employers else ""
        key = (employer_id, given.get("number", ""))
        before = known.get(key)
        if key in seen:
            faults.setdefault(NUMBER, "twice")
        seen[key] = row.number
        found = post_of(given | {"employer_id": employer_id}, org, employers, before)
        if isinstance(found, dict):
            faults = {_HEADING_OF[name]: code for name, code in found.items()} | faults
        row_faults = [
            nearest.fault(row.number, column, code, row.get(column, ""), {"unknown"}) for column, code in faults.items()
        ]
        row_faults += [
            one
            for one in _code_faults(books.setdefault(org, Codes(connection, org, today)), row, before)
            if one.column not in faults
        ]
        if row_faults:
            checked.faults.extend(row_faults)
        elif isinstance(found, Post):
            if found is before:
                unchanged += 1
            else:
                added += before is None
                items.append(found)
    if checked.faults:
        return CheckedPosts(faults=checked.faults, rows=rows)
    return CheckedPosts(items, added, unchanged)


def table_of(found: Iterable[Post], names: Mapping[str, str], band: str = "") -> bytes:
    """The posts in the form that can be taken back; without any, one row as an example."""
    rows = [_cells(one, names) for one in found]
    if not rows:
        example = Post(
            "",
            1,
            "",
            next(iter(names), ""),
            "12",
            "Водитель автобуса",
            "Колонна 1",
            "11442",
            4,
            ("4.1",),
            "3.1",
            date(2028, 5, 31),
            "Отчёт о СОУТ № 7",
            is_closed=False,
        )
        rows = [_cells(example, names)]
    return write_table(HEADINGS, rows, band, name="Штатное расписание", identifiers=COLUMNS.identifiers)


def _cells(one: Post, names: Mapping[str, str]) -> list[Value]:
    return [
        one.number,
        one.title,
        one.department,
        one.places,
        one.position_code or "",
        ", ".join(one.harm_factors),
        one.sout_class or "",
        one.sout_until,
        one.document,
        names.get(one.employer_id, ""),
    ]


def _code_faults(codes: Codes, row: TableRow, before: Post | None) -> Iterable[RowFault]:
    for column in _CODED:
        held = () if before is None else (before.position_code or "",) if column == CODE else before.harm_factors
        typed = row.get(column, "")
        fault = codes.fault(FIELDS[column], typed, held) if typed else None
        if fault is not None:
            yield RowFault(fault.code, typed=typed, near=fault.near, row=row.number, column=column)
