"""A register as a table of words, for a file: the columns of its form, without keys and phrases. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

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
    "organisations": ("name", "licence", "licence_until", "oid"),
}
"""By kind; the workers have a file of their own, in the form of their import."""


def headings(kind: str, language: str) -> list[str]:
    """The labels of the form."""
    return [text(language, f"entry.field.{name}") for name in COLUMNS[kind]]


def lines(kind: str, rows: Iterable[Mapping[str, Any]], language: str) -> list[list[str]]:
    """One line of words for each row; a day as 31.12.2026, nothing as an empty cell."""
    return [[_words(name, row[name], language) for name in COLUMNS[kind]] for row in rows]


def _words(name: str, value: Any, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return text_or(language, f"entry.choice.{name}.{value}", str(value))
