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

from central.books.catalogue import BOOKS, BookKind
from central.core.text_cleaning import clean_line
from central.imports.book_items import items_of
from central.imports.book_rows import facts_of_json, headings, rows_of_json, rows_of_table
from central.imports.row_faults import RowFault
from central.imports.tables import (
    MAX_FILE_BYTES,
    UnreadableTable,
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
_NAMES = ("NAME", "SUBJECT", "TYPE", "NAMEFULL", "NAME_FULL", "NAMESHORT", "FULL_NAME", "НАИМЕНОВАНИЕ", "НАЗВАНИЕ")


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
        rows, told = rows_of_json(kind, bare)
        facts |= told
    else:
        rows = rows_of_table(kind, content)
    if kind.oid and facts.get("oid", kind.oid) != kind.oid:
        raise UnreadableTable("other_dictionary", facts["oid"])
    items, faults = items_of(kind, rows)
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
            names = f"{names} {facts_of_json(whole).get('oid', '')}"
    if (found := _OID.search(names)) and found[1] in by_oid:
        return by_oid[found[1]]
    own = file_name.rsplit("/", 1)[-1].casefold()
    return next((name for name in BOOKS if own.startswith(name)), "")


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
