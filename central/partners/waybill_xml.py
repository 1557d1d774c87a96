"""XML of the electronic waybill: read without trust, written byte for byte. No I/O.

Files are in windows-1251, their values are attributes, they have no namespace (order ЕД-7-26/116@ of 17.02.2023).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ENCODING = "windows-1251"
MAX_FILE_BYTES = 1024 * 1024
"""A title has some kilobytes; more is no title."""
_NOT_WRITTEN = re.compile(r"[\x00-\x1f\x7f\x98]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


class WaybillFault(Exception):
    """A file of a waybill that cannot be taken or made. `code`: a word of `waybill.fault`; `detail`: the place; `who` must act."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Element:
    """An element to be written. Attributes without a value are left out, and never written empty."""

    name: str
    attributes: Mapping[str, str | None]
    children: Sequence["Element"] = ()


def written(root: Element) -> bytes:
    """The exact bytes: one line, attributes in the given order. Raises `WaybillFault` (`letters`) for what windows-1251 has not."""
    text = f'<?xml version="1.0" encoding="{ENCODING}"?>\n{_text(root)}'
    return text.encode(ENCODING)


def _text(element: Element) -> str:
    given = "".join(
        f' {name}="{_escaped(value, f"{element.name}/@{name}")}"'
        for name, value in element.attributes.items()
        if value is not None
    )
    inside = "".join(_text(child) for child in element.children)
    return f"<{element.name}{given}>{inside}</{element.name}>" if inside else f"<{element.name}{given}/>"


def _escaped(value: str, place: str) -> str:
    try:
        value.encode(ENCODING)
    except UnicodeEncodeError as error:
        foreign = f"U+{ord(value[error.start]):04X}"
        raise WaybillFault("letters", f"{place}: {foreign}") from error
    found = _NOT_WRITTEN.search(value)
    if found is not None:
        raise WaybillFault("letters", f"{place}: U+{ord(found.group()):04X}")
    return "".join(_ESCAPES.get(letter, letter) for letter in value)


def parsed(content: bytes) -> Any:
    """The root element, an `lxml` one. Raises `WaybillFault`: `too_long`, `no_xml`, `doctype`.

    Nothing outside the bytes is read, and no entity is resolved: a title has neither.
    """
    # Only who reads a waybill waits for the library.
    from lxml import etree

    if len(content) > MAX_FILE_BYTES:
        raise WaybillFault("too_long", str(len(content)))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line, column = getattr(error, "position", (0, 0))
        raise WaybillFault("no_xml", f"{line}:{column}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise WaybillFault("doctype")
    return root
