"""Files of other systems read by a field map: XLSX, delimited text, XML and JSON come out as the same rows.

A map says which heading, element or key is which field of ours; the names of the fields themselves are always understood. The form
of a federal file changes without us: then a new map is entered, and no program.
"""

import itertools
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from xml.parsers import expat

from sqlalchemy import Connection

from central.core.name_folding import fold_name
from central.imports.tables import MAX_ROWS, Columns, TableRow, UnreadableTable, read_table
from central.store.field_maps import FieldMap, of_kind

SHIPPED = {
    "medics": FieldMap(
        "medics",
        "ФРМР",
        {
            "СНИЛС": "snils",
            "Фамилия, имя, отчество": "full_name",
            "ФИО": "full_name",
            "Фамилия": "surname",
            "Имя": "given_name",
            "Отчество": "patronymic",
            "Дата рождения": "birth_date",
            "Пол": "sex",
            "Электронная почта": "email",
            "Номер записи ФРМР": "frmr_id",
            "OID организации": "org_oid",
            "OID МО": "org_oid",
            "Организация": "org_name",
            "Должность": "post",
            "Ставка": "rate",
            "Начало работы": "since",
            "Дата приёма": "since",
            "Конец работы": "until",
            "Дата увольнения": "until",
            "Уровень образования": "level",
            "Учебное заведение": "institution",
            "Год окончания": "year",
            "Номер диплома": "diploma_no",
            "Специальность": "speciality",
            "Вид документа": "paper_kind",
            "Номер документа": "paper_no",
            "Дата выдачи": "paper_issued",
            "Действует до": "paper_until",
            "Часов": "paper_hours",
        },
    ),
    "organisations": FieldMap(
        "organisations",
        "ФРМО",
        {
            "OID": "oid",
            "OID организации": "oid",
            "Обозначение": "org",
            "Название": "name",
            "Полное наименование": "name",
            "ИНН": "inn",
            "КПП": "kpp",
            "ОГРН": "ogrn",
            "Адрес": "address",
            "Код региона": "region_code",
            "Электронная почта": "email",
            "Телефон": "phone",
            "Профиль": "profile",
            "Часы работы": "hours",
        },
    ),
}
"""The map that comes with the program for each kind."""
_MOST_DEPTH = 20
_MOST_NAME = 100


def read_mapped(content: bytes, chosen: FieldMap, needed: Sequence[Sequence[str]], secret: str) -> list[TableRow]:
    """The rows of a file by field. `needed`: sets of fields, of which the file must have one whole set; `secret`: a field whose
    digits must not be rounded.

    Raises `UnreadableTable`. Takes its time: no transaction waits for it.
    """
    fields = dict(chosen.fields) | {name: name for name in chosen.fields.values()}
    start = content.lstrip()[:1]
    if start in {b"<", b"\xef"} and content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return _checked(_by_field(_rows_of_xml(content), fields), needed)
    if start in {b"[", b"{"}:
        return _checked(_by_field(_rows_of_json(content), fields), needed)
    return _rows_of_table(content, fields, needed, secret)


def headings_of(chosen: FieldMap) -> dict[str, str]:
    """What each field is called in a file of that form, for people; the first of several names."""
    found: dict[str, str] = {}
    for heading, name in chosen.fields.items():
        found.setdefault(name, heading)
    return found


def headed(chosen: FieldMap, rows: Sequence[TableRow]) -> tuple[list[str], list[TableRow]]:
    """Headings and rows in the form in which they came, for a file of faults."""
    called = headings_of(chosen)
    used = [heading for name, heading in called.items() if any(name in row for row in rows)]
    return used, [TableRow({called[name]: words for name, words in row.items()}, row.number, {}) for row in rows]


def maps_of(connection: Connection, kind: str) -> dict[str, FieldMap]:
    """Every map of that kind by name, the shipped one first; one that was entered under its name takes its place."""
    shipped = SHIPPED[kind]
    return {shipped.name: shipped} | of_kind(connection, kind)


class MapFault(ValueError):
    """What is wrong with a map that was typed: `field` (name | lines), `code`, and of a line its number and words."""

    def __init__(self, field: str, code: str, line: int = 0, words: str = "") -> None:
        super().__init__(f"{field}: {code} {line} {words}")
        self.field, self.code, self.line, self.words = field, code, line, words


def map_of_lines(kind: str, name: str, lines: str) -> FieldMap:
    """A map that was typed, one `heading = field` a line; a field goes by its name or by its heading in the shipped map.

    Raises `MapFault`.
    """
    fields: dict[str, str] = {}
    known = {fold_name(heading): name for heading, name in SHIPPED[kind].fields.items()}
    known |= {name: name for name in SHIPPED[kind].fields.values()}
    for number, line in enumerate(lines.splitlines(), start=1):
        if not line.strip():
            continue
        heading, sign, field = (part.strip() for part in line.rpartition("="))
        heading = " ".join(heading.split())
        if not sign or not heading:
            raise MapFault("lines", "no_heading", number, line.strip()[:60])
        if fold_name(field) not in known:
            raise MapFault("lines", "no_field", number, field[:60])
        if heading in fields:
            raise MapFault("lines", "twice", number, heading[:60])
        fields[heading] = known[fold_name(field)]
    if not name.strip() or len(name) > _MOST_NAME:
        raise MapFault("name", "needed")
    if not fields:
        raise MapFault("lines", "empty")
    return new_map(kind, name, fields)


def lines_of(chosen: FieldMap) -> str:
    """A map as it is typed. What keeps the name of the field is left out."""
    named = headings_of(SHIPPED[chosen.kind])
    return "\n".join(f"{heading} = {named[field]}" for heading, field in chosen.fields.items() if heading != field)


def map_differences(before: FieldMap | None, after: FieldMap) -> list[tuple[str, str, str]]:
    """Headings that mean another field than before: heading, field before and now, empty for none."""
    old, new = dict(before.fields) if before else {}, after.fields
    found = [(heading, old.get(heading, ""), new.get(heading, "")) for heading in [*new, *(set(old) - set(new))]]
    # A heading that is the field's own name is always understood.
    return sorted((one, was, now) for one, was, now in found if was != now and one not in {was, now})


def new_map(kind: str, name: str, fields: Mapping[str, str]) -> FieldMap:
    """A map that is to be entered. Raises `ValueError` for a field that there is none of, and for nothing."""
    known = set(SHIPPED[kind].fields.values())
    cleaned = {" ".join(heading.split()): field.strip() for heading, field in fields.items() if heading.strip()}
    unknown = sorted(set(cleaned.values()) - known)
    if unknown:
        raise ValueError(f"no such field: {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    if not name.strip() or not cleaned:
        raise ValueError("a map needs a name and at least one heading")
    # What the map does not name keeps the name of the field.
    rest = {field: field for field in sorted(known - set(cleaned.values()))}
    return FieldMap(kind, " ".join(name.split()), cleaned | rest)


def _rows_of_table(
    content: bytes, fields: Mapping[str, str], needed: Sequence[Sequence[str]], secret: str
) -> list[TableRow]:
    headings: dict[str, list[str]] = {}
    for heading, name in fields.items():
        headings.setdefault(name, []).append(heading)
    first: UnreadableTable | None = None
    for wanted in needed:
        for chosen in itertools.product(*(headings[name] for name in wanted)):
            columns = Columns(chosen, known=tuple(fields), identifiers=tuple(headings.get(secret, ())))
            try:
                rows = read_table(content, chosen, columns=columns)
            except UnreadableTable as error:
                first = first or error
                if error.code != "headings":
                    raise
                continue
            return [
                TableRow(
                    {fields[heading]: words for heading, words in row.items() if words or heading in chosen},
                    row.number,
                    {fields[heading]: code for heading, code in row.faults.items()},
                )
                for row in rows
            ]
    raise first or UnreadableTable("empty")


def _by_field(rows: Sequence[Mapping[str, str]], fields: Mapping[str, str]) -> list[TableRow]:
    folded = {fold_name(heading): name for heading, name in fields.items()}
    made = []
    for number, row in enumerate(rows, start=1):
        known = {folded[fold_name(key)]: words.strip() for key, words in row.items() if fold_name(key) in folded}
        made.append(TableRow(known, number, {}))
    return made


def _checked(rows: list[TableRow], needed: Sequence[Sequence[str]]) -> list[TableRow]:
    if not rows:
        raise UnreadableTable("empty")
    if len(rows) > MAX_ROWS:
        raise UnreadableTable("too_many_rows")
    found: Collection[str] = {name for row in rows for name in row}
    if not any(set(wanted) <= set(found) for wanted in needed):
        raise UnreadableTable("headings", ", ".join(name for name in needed[0] if name not in found))
    return rows


def _rows_of_json(content: bytes) -> list[dict[str, str]]:
    """A list of objects, or an object with one list in it."""
    try:
        whole = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableTable("not_a_table") from error
    if isinstance(whole, dict):
        whole = next((value for value in whole.values() if isinstance(value, list)), [whole])
    if not isinstance(whole, list) or not all(isinstance(row, dict) for row in whole):
        raise UnreadableTable("not_a_table")
    return [dict(_flat(row)) for row in whole]


def _flat(row: Mapping[str, Any], depth: int = 0) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in row.items():
        if isinstance(value, dict) and depth < _MOST_DEPTH:
            found += _flat(value, depth + 1)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found.append((key, str(value)))
    return found


def _rows_of_xml(content: bytes) -> list[dict[str, str]]:
    """Every child of the root is a row; its elements that hold text alone are its fields, whatever they stand in."""
    rows: list[dict[str, str]] = []
    open_names: list[str] = []
    texts: list[str] = []

    def opened(name: str, attributes: dict[str, str]) -> None:
        open_names.append(name.rpartition(":")[2])
        texts.clear()
        if len(open_names) > _MOST_DEPTH:
            raise ValueError("too deep")
        if len(open_names) == 2:
            rows.append(dict(attributes))
            if len(rows) > MAX_ROWS:
                raise UnreadableTable("too_many_rows")

    def closed(name: str) -> None:
        said = "".join(texts).strip()
        if len(open_names) > 2 and said:
            rows[-1].setdefault(open_names[-1], said)
        open_names.pop()
        texts.clear()

    def forbidden(*_: Any) -> None:
        raise ValueError("a file of records has no document type")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = forbidden
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError) as error:
        raise UnreadableTable("not_a_table") from error
    return rows
