"""Consents in tables: one column of the workers' file, and the register as a separate table.

The column holds consents as `kind version DD.MM.YYYY`, several divided by semicolons; kinds in Russian or as codes. A file
adds consents that are not in force yet and withdraws none: a withdrawal has a date, means and a basis of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from sqlalchemy import Connection

from central.core.days import parse_day
from central.imports.tables import write_table
from central.store import consents as store
from central.store import registry
from central.store.consents import KINDS, ConsentRecord, Kind
from central.words.table_values import local
from central.words.xlsx_sheet import titles

COLUMN = "Согласия"
BASIS = "по файлу работников; документ у работодателя или медорганизации"
"""What is kept as the basis of a consent that came with the workers' file."""
_WORDS: dict[Kind, str] = {
    "health_data": "здоровье",
    "video": "видео",
    "biometric_comparison": "биометрия",
    "whole_record": "сведения",
    "self_readings": "приборы",
}
_KINDS: dict[str, Kind] = {word: kind for kind, word in _WORDS.items()} | {kind: kind for kind in KINDS}
HEADINGS = (
    "Табельный номер",
    "ФИО",
    "Согласие",
    "Версия текста",
    "SHA-256 текста",
    "Дата",
    "Способ",
    "Основание",
    "Внёс",
    "Внесено, UTC",
    "Отозвано",
    "Способ отзыва",
    "Основание отзыва",
    "Отзыв внёс",
    "Работодатель",
)
_MEANS = {"paper": "бумага", "kiosk": "терминал", "electronic": "электронный документ"}


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """One consent of a cell."""

    kind: Kind
    version: str
    given_on: date


def read_cell(words: str, texts: Mapping[tuple[str, str], date], today: date) -> list[GivenConsent] | str:
    """The consents of a cell, or the code of what is wrong. `texts` gives for kind and version since when the text holds."""
    found = []
    for entry in filter(None, (part.strip() for part in words.split(";"))):
        parts = entry.split()
        if len(parts) != 3 or parts[0].lower() not in _KINDS:
            return "consent_form"
        kind, version = _KINDS[parts[0].lower()], parts[1]
        given_on = parse_day(parts[2])
        if given_on is None:
            return "not_a_day"
        if given_on > today:
            return "future"
        if (kind, version) not in texts:
            return "unknown_text"
        if given_on < texts[kind, version]:
            return "before_text"
        found.append(GivenConsent(kind, version, given_on))
    return found


def named(kind: Kind, version: str) -> str:
    """A text as the column names it, without a day."""
    return f"{_WORDS[kind]} {version}"


def cell_of(records: Sequence[ConsentRecord]) -> str:
    """Consents in force in the form of the column."""
    standing = [record for record in records if record.in_force]
    return "; ".join(f"{_WORDS[one.kind]} {one.text_version} {one.given_on:%d.%m.%Y}" for one in standing)


def register_table(connection: Connection, org: str, names: Mapping[str, str], band: str = "") -> bytes:
    """The whole register as XLSX: every consent, also withdrawn ones. `names` of accounts by id."""
    employers = {
        row["employer_id"]: row["name"]
        for archived in (False, True)
        for row in registry.list_employers(connection, org, archived=archived)
    }
    rows = [
        [
            worker["personnel_number"],
            worker["full_name"],
            _WORDS[record.kind],
            record.text_version,
            record.text_sha256,
            record.given_on,
            _MEANS[record.means],
            record.basis,
            names.get(record.author, record.author),
            local(record.created_at, UTC),
            record.withdrawn_on,
            _MEANS[record.withdrawal_means] if record.withdrawal_means else "",
            record.withdrawal_basis or "",
            names.get(record.withdrawal_author or "", record.withdrawal_author or ""),
            employers.get(worker["employer_id"], ""),
        ]
        for worker, record in store.of_organisation(connection, org)
    ]
    organisation = registry.get_organisation(connection, org)
    title = titles(["Реестр согласий", str(organisation["name"]) if organisation else ""], band)
    return write_table(HEADINGS, rows, band, name="Согласия", title=list(title))
