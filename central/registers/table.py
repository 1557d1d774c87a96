"""A register as a table, for a file: the columns of its form, without keys and phrases. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from central.words.table_values import Value
from central.words.texts import text, text_or

COLUMNS: dict[str, tuple[str, ...]] = {
    "employers": ("name", "inn", "okved", "region_code", "alert_contact"),
    "medics": (
        "full_name",
        "position",
        "education",
        "accreditation_until",
        "training_hours",
        "training_at",
        "federal_register_at",
    ),
    "devices": (
        "measures",
        "maker",
        "model",
        "serial",
        "terminal_id",
        "registration_number",
        "verified_at",
        "verified_until",
        "verification_number",
    ),
    "rooms": ("name", "place"),
    "carriers": ("number", "carrier_kind", "holder", "issued_at", "document", "returned_at", "lost_at"),
    "organisations": ("name", "licence", "licence_until", "oid"),
}
"""By kind; the workers have a file of their own, in the form of their import."""


def headings(kind: str, language: str) -> list[str]:
    """The labels of the form."""
    return [text(language, f"entry.field.{name}") for name in COLUMNS[kind]]


def lines(kind: str, rows: Iterable[Mapping[str, Any]], language: str) -> list[list[Value]]:
    """One line of values for each row: days and counts as such, codes in words, nothing as an empty cell."""
    return [[_value(name, row[name], language) for name in COLUMNS[kind]] for row in rows]


def _value(name: str, value: Any, language: str) -> Value:
    if value is None or isinstance(value, date) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return text_or(language, f"entry.choice.{name}.{value}", str(value))
