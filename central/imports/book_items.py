"""Items of a reference book out of rows by heading, each fault with its row. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from central.books.catalogue import DISTRICTS, Attr, BookKind
from central.core.days import parse_day
from central.imports.row_faults import RowFault
from central.imports.tables import (
    TableRow,
    UnreadableTable,
)
from central.words.texts import text
from sync.contract.books import BookItem

_CODES = ("ID", "CODE", "КОД")
_NAMES = ("NAME", "SUBJECT", "TYPE", "NAMEFULL", "NAME_FULL", "NAMESHORT", "FULL_NAME", "НАИМЕНОВАНИЕ", "НАЗВАНИЕ")
_PARENTS = ("PID", "PARENT", "PARENT_ID", "PARENTID")
_ENDS = ("DATA_END", "DATEOUT", "DATE_END", "VALID_UNTIL")
_NO = frozenset({"0", "false", "нет", "no"})
_DISTRICT = dict(
    zip(
        "12345678",
        ("central", "north_west", "volga", "ural", "north_caucasus", "south", "siberia", "far_east"),
        strict=True,
    )
)


def items_of(kind: BookKind, rows: Sequence[TableRow]) -> tuple[tuple[BookItem, ...], list[RowFault]]:
    items: dict[str, BookItem] = {}
    faults: list[RowFault] = []
    for row in rows:
        faults += [RowFault(code, row=row.number, column=column) for column, code in row.faults.items()]
        upper = {name.upper(): value for name, value in row.items()}
        is_own = "code" in row or "ru" in row
        values = _own_values(kind, row) if is_own else _national_values(kind, upper)
        code = values["code"]
        if not code:
            faults.append(RowFault("needed", row=row.number, column=text("ru", "book.field.code")))
            continue
        if not kind.is_code(code):
            faults.append(RowFault("wrong_form", typed=code, row=row.number, column=text("ru", "book.field.code")))
            continue
        if code in items:
            faults.append(RowFault("twice", typed=code, row=row.number, column=text("ru", "book.field.code")))
            continue
        for name in ("valid_from", "valid_until"):
            if values[name] and parse_day(values[name]) is None:
                faults.append(
                    RowFault("not_a_day", typed=values[name], row=row.number, column=text("ru", f"book.field.{name}"))
                )
                values[name] = ""
        try:
            items[code] = BookItem.model_validate(
                values
                | {name: parse_day(values[name]) if values[name] else None for name in ("valid_from", "valid_until")}
            )
        except ValidationError as error:
            place = str(error.errors()[0]["loc"][0])
            faults.append(RowFault("too_long", row=row.number, column=text("ru", f"book.field.{place}")))
        if not values["ru"].strip():
            faults.append(RowFault("needed", row=row.number, column=text("ru", "book.field.ru")))
    if not rows:
        raise UnreadableTable("empty")
    return tuple(items.values()), faults


def _own_values(kind: BookKind, row: Mapping[str, str]) -> dict[str, Any]:
    attrs = {attr.name: _attr_value(attr, row[attr.name]) for attr in kind.attrs if row.get(attr.name)}
    return {
        "code": row.get("code", "").strip(),
        "parent": row.get("parent", "").strip(),
        "ru": row.get("ru", ""),
        "en": row.get("en", ""),
        "offered": row.get("offered", "").casefold() not in _NO,
        "valid_from": row.get("valid_from", ""),
        "valid_until": row.get("valid_until", ""),
        "attrs": attrs,
    }


def _attr_value(attr: Attr, words: str) -> Any:
    if attr.kind == "list":
        return [part.strip() for part in words.split(";") if part.strip()]
    if attr.kind == "number" and words.strip().isdecimal():
        return int(words)
    return words


def _national_values(kind: BookKind, row: Mapping[str, str]) -> dict[str, Any]:
    """A row of a national dictionary: key, name, what it stands under, its end."""
    code, parent = _first(row, _CODES), _first(row, _PARENTS)
    attrs: dict[str, Any] = {}
    offered = row.get("ACTUAL", "1").casefold() not in _NO
    if kind.name == "rf_subjects":
        code = (row.get("CODE_FNS") or code).zfill(2)
        district = _DISTRICT.get(row.get("FED", ""), "")
        attrs = {"okato": row.get("CODE_OKATO", "")} | ({"federal_district": district} if district in DISTRICTS else {})
        # The dictionary also lists a leased town, which is no subject.
        offered = offered and "не является субъектом" not in row.get("STATUS", "")
    elif kind.name == "medical_positions":
        attrs = {"equivalent": row["EQUIVALENT"]} if row.get("EQUIVALENT") else {}
    elif kind.name == "medical_organisations":
        code = row.get("OID") or code
        attrs = {
            "inn": row.get("INN", ""),
            "region_code": row.get("REGIONID", "").zfill(2) if row.get("REGIONID") else "",
        }
    end = _day_only(_first(row, _ENDS))
    return {
        "code": code,
        "parent": "" if parent in {"0", code} else parent,
        "ru": _first(row, _NAMES),
        "en": "",
        "offered": offered and not end,
        "valid_from": "",
        "valid_until": end,
        "attrs": {name: value for name, value in attrs.items() if value},
    }


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[name].strip() for name in names if row.get(name, "").strip()), "")


def _day_only(words: str) -> str:
    """A day without the time that some dictionaries write behind it."""
    return words.split("T")[0].split(" ")[0]
