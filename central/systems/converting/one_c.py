"""Staff as 1C publishes it by its standard OData: catalogues in, rows of the workers' file out. Pure.

Read from published clients of the standard OData interface of 1C; names of catalogues and fields are those of 1С:ЗУП 3. Answers are
JSON (`{"value": [...]}`) or Atom (`feed/entry/content/m:properties/d:…`). An empty reference is a GUID of zeros, an empty day is
0001-01-01. What is marked for deletion is not there.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from xml.parsers import expat

from central.core.name_folding import fold_name
from central.imports import worker_columns as column
from central.imports.tables import TableRow

STAFF = "Catalog_Сотрудники"
PEOPLE = "Catalog_ФизическиеЛица"
CURRENT = "InformationRegister_ТекущиеКадровыеДанныеСотрудников"
POSITIONS = "Catalog_Должности"
DEPARTMENTS = "Catalog_ПодразделенияОрганизаций"
ENTITIES = (STAFF, PEOPLE, CURRENT, POSITIONS, DEPARTMENTS)
"""What is fetched, in this order."""
_NOBODY = "00000000-0000-0000-0000-000000000000"
_NO_DAY = date(1, 1, 1)
_MOST_DEPTH = 12
MOST_ROWS = 150_000

Entity = Mapping[str, Any]


class UnreadableStaff(ValueError):
    """What came is no answer of that interface. `place`: which entity or field."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place


def read_answer(content: bytes, entity: str) -> list[Entity]:
    """The rows of one answer, JSON or Atom. Raises `UnreadableStaff`."""
    rows: Any = _of_atom(content, entity) if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else None
    if rows is None:
        try:
            whole = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise UnreadableStaff(entity, "neither JSON nor Atom") from error
        rows = whole.get("value") if isinstance(whole, dict) else None
        if rows is None and isinstance(whole, dict):
            raise UnreadableStaff(entity, "no list `value` in it")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableStaff(entity, "`value` is no list of objects")
    return rows


def read_whole(content: bytes) -> dict[str, list[Entity]]:
    """A file with all entities: one JSON object, each entity's name with its rows. Raises `UnreadableStaff`."""
    try:
        whole = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableStaff("file", "no JSON") from error
    if not isinstance(whole, dict) or STAFF not in whole:
        raise UnreadableStaff("file", f"no {STAFF} in it")
    found: dict[str, list[Entity]] = {}
    for name in ENTITIES:
        rows = whole.get(name, [])
        rows = rows.get("value") if isinstance(rows, dict) else rows
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnreadableStaff(name, "no list of objects")
        found[name] = rows
    return found


def workers_of(entities: Mapping[str, Sequence[Entity]], employer: str) -> list[TableRow]:
    """Rows of the workers' file, in the order of the catalogue. `employer`: what the register calls it, name or ИНН.

    The key of 1C (`Ref_Key`) becomes the worker's key in the employer's system. Nothing is filled in: what 1C does not say is not
    in the row, and the register's rules judge it. Raises `UnreadableStaff` for a row without a key and for two rows with one key.
    """
    people, current = _by_key(entities, PEOPLE, "Ref_Key"), _by_key(entities, CURRENT, "Сотрудник_Key")
    positions, departments = _by_key(entities, POSITIONS, "Ref_Key"), _by_key(entities, DEPARTMENTS, "Ref_Key")
    found: list[TableRow] = []
    seen: set[str] = set()
    for number, row in enumerate(entities.get(STAFF, ()), start=1):
        if row.get("DeletionMark") is True or row.get("IsFolder") is True:
            continue
        key = _text(row, "Ref_Key")
        if not key or key == _NOBODY:
            raise UnreadableStaff(f"{STAFF} {number}", "no Ref_Key")
        if key in seen:
            raise UnreadableStaff(f"{STAFF} {number}", "the same Ref_Key twice")
        seen.add(key)
        person = people.get(_text(row, "ФизическоеЛицо_Key"), {})
        work = current.get(key, {})
        position = positions.get(_text(work, "ТекущаяДолжность_Key"), {})
        department = departments.get(_text(work, "ТекущееПодразделение_Key"), {})
        until = _day(work, "ДатаУвольнения", key)
        told = {
            column.NUMBER: _text(row, "Code"),
            column.NAME: _text(person, "ФИО") or _text(person, "Description") or _text(row, "Description"),
            column.POSITION: _text(position, "Description"),
            column.EMPLOYER: employer,
            column.EXTERNAL: key,
            column.SNILS: _text(person, "СтраховойНомерПФР"),
            column.BORN: _ru(_day(person, "ДатаРождения", key)),
            column.SEX: {"мужской": "м", "женский": "ж"}.get(fold_name(_text(person, "Пол")), ""),
            column.DEPARTMENT: _text(department, "Description"),
            column.SINCE: _ru(_day(work, "ДатаПриема", key)),
            column.UNTIL: _ru(until),
            column.INN: _text(person, "ИНН"),
        }
        needed = {column.NUMBER, column.NAME, column.POSITION, column.EMPLOYER}
        # An employment that has no end any more has none at the centre either.
        said = {name: words for name, words in told.items() if words or name in needed or name == column.UNTIL}
        found.append(TableRow(said, number, {}))
    return found


def _by_key(entities: Mapping[str, Sequence[Entity]], name: str, key: str) -> dict[str, Entity]:
    return {_text(row, key): row for row in entities.get(name, ()) if row.get("DeletionMark") is not True}


def _text(row: Entity, name: str) -> str:
    value = row.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _day(row: Entity, name: str, key: str) -> date | None:
    words = _text(row, name)
    if not words:
        return None
    try:
        found = datetime.fromisoformat(words).date()
    except ValueError as error:
        raise UnreadableStaff(f"{name} {key}", "no day") from error
    return None if found == _NO_DAY else found


def _ru(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day is not None else ""


def _of_atom(content: bytes, entity: str) -> list[dict[str, Any]]:
    """Properties of each entry. `Edm.Boolean` is one; everything else stays text."""
    rows: list[dict[str, Any]] = []
    names: list[str] = []
    texts: list[str] = []
    kind = [""]

    def opened(name: str, attributes: dict[str, str]) -> None:
        names.append(name.rpartition(":")[2])
        texts.clear()
        if len(names) > _MOST_DEPTH:
            raise ValueError("too deep")
        if names[-1] == "properties":
            rows.append({})
            if len(rows) > MOST_ROWS:
                raise ValueError("too many rows")
        kind[0] = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "type"), "")

    def closed(_name: str) -> None:
        if len(names) > 1 and names[-2] == "properties" and rows:
            said = "".join(texts).strip()
            rows[-1][names[-1]] = said == "true" if kind[0] == "Edm.Boolean" else said
        names.pop()
        texts.clear()

    def forbidden(*_: Any) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = forbidden
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError) as error:
        raise UnreadableStaff(entity, "no Atom that can be read") from error
    return rows
