"""Files of reference books: our own tables and JSON, and the national dictionaries as their registers give them out. Pure.

Taken are CSV (`;` or `,`; UTF-8, with or without a mark, or windows-1251), XLSX, JSON flat and as lists of column and value, and
a ZIP with one such file. OID, version and day are read from the file and from its name. Nothing is unpacked or kept beyond the
bounds, and what cannot be taken is told with its place.
"""

import contextlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from central.books.catalogue import BOOKS, DISTRICTS, Attr, BookKind
from central.core.days import parse_day
from central.core.text_cleaning import clean_line
from central.imports.row_faults import RowFault
from central.imports.tables import (
    MAX_FILE_BYTES,
    MAX_ROWS,
    Columns,
    TableRow,
    UnreadableTable,
    read_table,
    write_table,
)
from central.words.table_values import Value
from central.words.texts import text
from sync.contract.books import BookItem

MOST_FAULTS = 200
_MOST_UNPACKED = 64 * 1024 * 1024
_OID = re.compile(r"(?<![0-9.])(1\.2\.643(?:\.[0-9]{1,6}){3,12})(?![0-9.]*[0-9])")
_VERSION = re.compile(r"(?:_v?|^v)([0-9]{1,4}(?:\.[0-9]{1,5}){1,3})(?=[_.]|$)")
_DAY_IN_NAME = re.compile(r"(?<![0-9])(20[0-9]{2})(0[1-9]|1[0-2])([0-2][0-9]|3[01])(?![0-9])")
_FIELDS = ("code", "parent", "ru", "en", "offered", "valid_from", "valid_until")
_NAMES = ("NAME", "SUBJECT", "TYPE", "NAMEFULL", "NAME_FULL", "NAMESHORT", "FULL_NAME", "НАИМЕНОВАНИЕ", "НАЗВАНИЕ")
_CODES = ("ID", "CODE", "КОД")
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


@dataclass(frozen=True, slots=True)
class BookFile:
    """What a file holds. `source`: oid, version, as_of, file, where they are known."""

    items: tuple[BookItem, ...]
    version: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[RowFault, ...] = ()


def read_book_file(name: str, content: bytes, file_name: str = "") -> BookFile:
    """The items of a book in a file. Raises `UnreadableTable` for a file that cannot be taken as a whole."""
    kind = BOOKS[name]
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableTable("too_large")
    if not content.strip():
        raise UnreadableTable("empty")
    if content.startswith(b"PK") and not _is_workbook(content):
        content, inner = _unzipped(content)
        file_name = f"{file_name} {inner}"
    facts = _facts_of_name(file_name)
    bare = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare[:1] in {b"{", b"["}:
        rows, told = _rows_of_json(kind, bare)
        facts |= told
    else:
        rows = _rows_of_table(kind, content)
    if kind.oid and facts.get("oid", kind.oid) != kind.oid:
        raise UnreadableTable("other_dictionary", facts["oid"])
    items, faults = _items(kind, rows)
    return BookFile(items, facts.pop("version", ""), facts, tuple(faults[:MOST_FAULTS]))


def _facts_of_name(file_name: str) -> dict[str, str]:
    facts = {}
    if found := _OID.search(file_name):
        facts["oid"] = found[1]
    # Its numbers are no version.
    bare = re.sub(r"\.(zip|csv|json|xlsx)\b", "", _OID.sub("", file_name)).replace(" ", "_")
    if found := _VERSION.search(bare):
        facts["version"] = found[1]
    if found := _DAY_IN_NAME.search(file_name):
        facts["as_of"] = "-".join(found.groups())
        facts.setdefault("version", facts["as_of"])
    if file_name:
        facts["file"] = clean_line(file_name)[:120]
    return facts


def _is_workbook(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return True  # the reader of workbooks says what is wrong with it


def _unzipped(content: bytes) -> tuple[bytes, str]:
    """The one file of an archive. What it says of its size is not believed: no more is unpacked than is taken."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX")]
            if len(files) != 1:
                raise UnreadableTable("not_one_file", str(len(files)))
            with archive.open(files[0]) as packed:
                unpacked = packed.read(_MOST_UNPACKED + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise UnreadableTable("not_a_table", "zip") from error
    if len(unpacked) > _MOST_UNPACKED:
        raise UnreadableTable("too_large")
    return unpacked, files[0].filename.rsplit("/", 1)[-1]


def book_of(content: bytes, file_name: str) -> str:
    """Which book a file is of, by what it says of itself or by its name; empty where neither tells."""
    by_oid = {kind.oid: kind.name for kind in BOOKS.values() if kind.oid}
    names = file_name
    if content.startswith(b"PK") and not _is_workbook(content):
        content, inner = _unzipped(content)
        names = f"{file_name} {inner}"
    bare = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"{") and len(bare) <= MAX_FILE_BYTES:
        with contextlib.suppress(ValueError, RecursionError):
            whole = json.loads(bare)
            if str(whole.get("book", "")) in BOOKS:
                return str(whole["book"])
            names = f"{names} {_facts_of_json(whole).get('oid', '')}"
    if (found := _OID.search(names)) and found[1] in by_oid:
        return by_oid[found[1]]
    own = file_name.rsplit("/", 1)[-1].casefold()
    return next((name for name in BOOKS if own.startswith(name)), "")


def headings(kind: BookKind, language: str = "ru") -> dict[str, str]:
    """Headings of our own table by field."""
    own = {name: text(language, f"book.field.{name}") for name in _FIELDS}
    return own | {attr.name: text(language, f"book.attr.{attr.name}") for attr in kind.attrs}


def book_table(kind: BookKind, items: Sequence[BookItem], band: str = "") -> bytes:
    """The items as XLSX, in the form that `read_book_file` takes."""
    named = headings(kind)
    rows: list[list[Value]] = []
    for item in items:
        line: list[Value] = [
            item.code,
            item.parent,
            item.ru,
            item.en,
            text("ru", "book.yes" if item.offered else "book.no"),
        ]
        line += [item.valid_from, item.valid_until]
        line += [_attr_words(item.attrs.get(attr.name)) for attr in kind.attrs]
        rows.append(line)
    return write_table(list(named.values()), rows, band, name=kind.name, identifiers=[named["code"], named["parent"]])


def _attr_words(value: Any) -> Value:
    return "; ".join(value) if isinstance(value, list) else value


def book_json(name: str, version: str, items: Sequence[BookItem], source: Mapping[str, Any]) -> bytes:
    """The items as JSON, in the form that `read_book_file` takes."""
    whole = {
        "book": name,
        "version": version,
        "source": dict(source),
        "items": [item.model_dump(mode="json") for item in items],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode("utf-8")


def _rows_of_table(kind: BookKind, content: bytes) -> list[TableRow]:
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


def _rows_of_json(kind: BookKind, content: bytes) -> tuple[list[TableRow], dict[str, str]]:
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
        facts = _facts_of_json(whole)
        found = next((whole[name] for name in ("items", "list", "records", "data", "rows") if name in whole), None)
    if not isinstance(found, list):
        raise UnreadableTable("not_a_table", "JSON")
    if len(found) > MAX_ROWS:
        raise UnreadableTable("too_many_rows", str(MAX_ROWS))
    return [_json_row(one, number) for number, one in enumerate(found, start=1)], facts


def _facts_of_json(whole: Mapping[str, Any]) -> dict[str, str]:
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


def _items(kind: BookKind, rows: Sequence[TableRow]) -> tuple[tuple[BookItem, ...], list[RowFault]]:
    items: dict[str, BookItem] = {}
    faults: list[RowFault] = []
    for row in rows:
        faults += [RowFault(row.number, column, code) for column, code in row.faults.items()]
        upper = {name.upper(): value for name, value in row.items()}
        is_own = "code" in row or "ru" in row
        values = _own_values(kind, row) if is_own else _national_values(kind, upper)
        code = values["code"]
        if not code:
            faults.append(RowFault(row.number, text("ru", "book.field.code"), "needed"))
            continue
        if not kind.is_code(code):
            faults.append(RowFault(row.number, text("ru", "book.field.code"), "wrong_form", code))
            continue
        if code in items:
            faults.append(RowFault(row.number, text("ru", "book.field.code"), "twice", code))
            continue
        for name in ("valid_from", "valid_until"):
            if values[name] and parse_day(values[name]) is None:
                faults.append(RowFault(row.number, text("ru", f"book.field.{name}"), "not_a_day", values[name]))
                values[name] = ""
        try:
            items[code] = BookItem.model_validate(
                values
                | {name: parse_day(values[name]) if values[name] else None for name in ("valid_from", "valid_until")}
            )
        except ValidationError as error:
            place = str(error.errors()[0]["loc"][0])
            faults.append(RowFault(row.number, text("ru", f"book.field.{place}"), "too_long"))
        if not values["ru"].strip():
            faults.append(RowFault(row.number, text("ru", "book.field.ru"), "needed"))
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
