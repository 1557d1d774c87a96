"""Describes the details of an access-log entry in words. Pure. The log keeps codes, which outlast a change of words."""

from collections.abc import Mapping
from typing import Any

from central.words.texts import text_or

_VALUES: Mapping[str, tuple[str, ...]] = {
    "outcome": ("outcome",),
    "role": ("role", "copy.role"),
    "move": ("copy.move",),
    "means": ("stock.means",),
    "book": ("book.title",),
    "parameter": ("quantity",),
    "source": ("limit_source",),
    "by": ("audit.value",),
    "register": ("registers",),
    "code": ("audit.value", "refused.code", "signature"),
    "kind": ("paper.kind", "stock.kind", "consent.kind", "refused.kind"),
}
"""Of values that are codes: where their words are looked for, first one first."""


def details(detail: Mapping[str, Any], language: str, people: Mapping[str, str]) -> list[tuple[str, str]]:
    """Name and value of each detail; what has no words stays as it is. `people`: names of accounts by id."""
    return [
        (text_or(language, f"audit.field.{name}", name), _value(name, kept, language, people))
        for name, kept in detail.items()
    ]


def _value(name: str, kept: Any, language: str, people: Mapping[str, str]) -> str:
    words = str(kept)
    if name == "relieved":
        return people.get(words, words)
    if name == "form":
        return words.upper()
    for place in _VALUES.get(name, ()):
        found = text_or(language, f"{place}.{words}", "")
        if found:
            return found
    return words
