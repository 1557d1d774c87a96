"""Rows of a reference book out of a table or JSON, in our own form or as the national dictionaries come. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from central.books.catalogue import BookKind
from central.core.text_cleaning import clean_line
from central.imports.tables import (
    MAX_ROWS,
    Columns,
    TableRow,
    UnreadableTable,
    read_table,
)
from central.words.texts import text

_CODES = ("ID", "CODE", "КОД")
_NAMES = ("NAME", "SUBJECT", "TYPE", "NAMEFULL", "NAME_FULL", "NAMESHORT", "FULL_NAME", "НАИМЕНОВАНИЕ", "НАЗВАНИЕ")


FIELDS = ("code", "parent", "ru", "en", "offered", "valid_from", "valid_until")
"""Of an item, whatever its book."""


def headings(kind: BookKind, language: str = "ru") -> dict[str, str]:
    """Headings of our own table by field."""
    own = {name: text(language, f"book.field.{name}") for name in FIELDS}
    return own | {attr.name: text(language, f"book.attr.{attr.name}") for attr in kind.attrs}


def rows_of_table(kind: BookKind, content: bytes) -> list[TableRow]:
    """Rows by heading: in our own form, in the dictionary's, or without headings as the list of activities comes."""
    own = {language: headings(kind, language) for language in ("ru", "en")}
    wanted = [
        Columns([own[language]["code"], own[language]["ru"]], list(own[language].values()), [own[language]["code"]])
        for language in own
    ]
    wanted += [Columns([code, name]) for code in _CODES for name in _NAMES]
    missing: UnreadableTable | None = None
    for columns in wanted:
        try:
            rows = read_table(content, columns.needed, columns=columns)
        except UnreadableTable as error:
            if error.code not in {"headings", "empty"}:
                raise
            missing = missing or error
            continue
        language = next((one for one in own if own[one]["code"] == columns.needed[0]), "")
        if language:
            back = {heading: name for name, heading in own[language].items()}
            return [
                TableRow(
                    {back[key]: value for key, value in row.items() if key in back},
                    row.number,
                    {back.get(key, key): code for key, code in row.faults.items()},
                )
                for row in rows
            ]
        return rows
    if kind.name == "okved2" and not content.startswith(b"PK"):
        return _rows_without_headings(content)
    raise missing or UnreadableTable("empty")


def _rows_without_headings(content: bytes) -> list[TableRow]:
    """Section, code, name: the list of activities as Rosstat gives it out."""
    names = ("SECTION", "ID", "NAME")
    head = ('"' + '";"'.join(names) + '"\r\n').encode("ascii")
    rows = read_table(head + content.removeprefix(b"\xef\xbb\xbf"), names)
    made = []
    for row in rows:
        section, code = row["SECTION"], row["ID"]
        values = {
            "ID": code or section,
            "NAME": row["NAME"],
            "PARENT": "" if not code else _activity_above(code, section),
        }
        made.append(TableRow(values, row.number - 1, row.faults))
    return made


def _activity_above(code: str, section: str) -> str:
    """The class above an activity: 49.4 of 49.41, 49 of 49.4, H of 49."""
    return code[:-1].rstrip(".") if len(code) > 2 else section


def rows_of_json(kind: BookKind, content: bytes) -> tuple[list[TableRow], dict[str, str]]:
    try:
        whole = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnreadableTable("not_a_table", "JSON") from error
    facts: dict[str, str] = {}
    found: Any = whole
    if isinstance(whole, dict):
        if str(whole.get("result", "OK")) != "OK":
            raise UnreadableTable("not_a_table", clean_line(str(whole.get("resultText", "")))[:80])
        if whole.get("book", kind.name) != kind.name:
            raise UnreadableTable("other_dictionary", str(whole["book"])[:60])
        facts = facts_of_json(whole)
        found = next((whole[name] for name in ("items", "list", "records", "data", "rows") if name in whole), None)
    if not isinstance(found, list):
        raise UnreadableTable("not_a_table", "JSON")
    if len(found) > MAX_ROWS:
        raise UnreadableTable("too_many_rows", str(MAX_ROWS))
    return [_json_row(one, number) for number, one in enumerate(found, start=1)], facts


def facts_of_json(whole: Mapping[str, Any]) -> dict[str, str]:
    facts = {}
    inner = whole.get("source") if isinstance(whole.get("source"), dict) else {}
    for source in (inner or {}, whole):
        for name, keys in (
            ("oid", ("oid", "identifier")),
            ("version", ("version",)),
            ("as_of", ("as_of", "publishDate")),
        ):
            value = next((source[key] for key in keys if isinstance(source.get(key), str | int | float)), None)
            if value not in (None, ""):
                facts[name] = clean_line(str(value))[:60]
    return facts


def _json_row(one: Any, number: int) -> TableRow:
    """A row, flat or as a list of columns with values."""
    if isinstance(one, list):
        pairs = [(cell.get("column"), cell.get("value")) for cell in one if isinstance(cell, dict)]
    elif isinstance(one, dict):
        pairs = list(one.items())
    else:
        return TableRow({}, number, {"ID": "no_value"})
    row = TableRow({}, number, {})
    for name, value in pairs:
        if not isinstance(name, str):
            continue
        if isinstance(value, dict) and name == "attrs":
            row.update(
                {
                    key: "; ".join(map(str, part)) if isinstance(part, list) else _json_words(part)
                    for key, part in value.items()
                }
            )
        elif isinstance(value, dict | list):
            row.faults[name] = "wrong_form"
        else:
            row[name] = _json_words(value) if name != "ru" and name != "en" else str(value or "")
    return row


def _json_words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean_line(str(value))
