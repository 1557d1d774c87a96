"""Medics of an organisation from a file of the federal register (ФРМР): checked as a whole, stored as a whole or not at all.

The SNILS says who a medic is. Keys are never touched: a medic whom the register did not know is entered without one, and signs
nothing before there is one. Who is no longer in the file has left the federal register from that day on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from central.core.days import parse_day
from central.core.mail_address import EMAIL
from central.core.name_folding import fold_name
from central.core.snils import parse_snils
from central.imports.field_maps import headed, headings_of, read_mapped
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import TableRow, fault_table
from central.people.registry import Registry
from central.store import medic_records, medics, register_changes, registry
from central.store.field_maps import FieldMap
from central.store.medic_records import Education, Employment, Paper, Record
from central.store.medics import MedicEntry
from central.store.register_changes import Author
from sync.contract.canonical import new_id

NEEDED = (("snils", "full_name"), ("snils", "surname", "given_name"))
"""A file must have one of these sets of fields."""
MOST_LEAVING = 0.2
"""When more than this part of the medics would leave the register, somebody has to say that it is meant."""
_SEXES = {"м": "male", "муж": "male", "мужской": "male", "male": "male", "m": "male", "1": "male"} | {
    **dict.fromkeys(("ж", "жен", "женский", "female", "f", "2"), "female")
}
_PAPERS = {
    "аккредитация": "accreditation",
    "accreditation": "accreditation",
    "сертификат": "certificate",
    "certificate": "certificate",
    "курс": "course",
    "обучение": "course",
    "course": "course",
}
_MOST_CHARS = 300


@dataclass(frozen=True, slots=True)
class MedicChange:
    """What the file says of one medic. `entry`: as stored; None for one who is new. `records` are not known yet."""

    row: int
    entry: MedicEntry | None
    values: Mapping[str, Any]
    records: tuple[Record, ...]

    @property
    def name(self) -> str:
        """The medic's name, as the file has it."""
        return str(self.values["full_name"])

    @property
    def different(self) -> tuple[str, ...]:
        """Names of the fields that change."""
        if self.entry is None:
            return ()
        return tuple(name for name, value in self.values.items() if getattr(self.entry, name) != value)

    @property
    def is_change(self) -> bool:
        """Whether anything would be stored besides the day on which the entry was seen."""
        return self.entry is None or bool(set(self.different) - _SEEN) or bool(self.records)


_SEEN = frozenset({"snils_sealed", "frmr_checked_at", "frmr_source"})


@dataclass(frozen=True, slots=True)
class CheckedMedics:
    """What a file would do."""

    org: str
    changes: tuple[MedicChange, ...]
    leaving: tuple[MedicEntry, ...]
    faults: tuple[RowFault, ...]
    rows: tuple[TableRow, ...] = field(repr=False)
    chosen: FieldMap
    known: int
    """How many medics the register had."""

    @property
    def added(self) -> int:
        """Medics who are new."""
        return sum(one.entry is None for one in self.changes)

    @property
    def changed(self) -> int:
        """Medics of whom something changes."""
        return sum(one.entry is not None and one.is_change for one in self.changes)

    @property
    def unchanged(self) -> int:
        """Medics of whom the file says what is known."""
        return sum(not one.is_change for one in self.changes)

    @property
    def asks_first(self) -> bool:
        """Whether so many would leave the register that somebody has to say that it is meant."""
        return bool(self.leaving) and len(self.leaving) > MOST_LEAVING * self.known

    def error_file(self, language: str) -> bytes:
        """The rows with faults, in the same form, with one more column that says what is wrong."""
        return fault_table(*headed(self.chosen, self.rows), self.faults, language)


def read_file(content: bytes, chosen: FieldMap) -> list[TableRow]:
    """The rows of a file, by field. Raises `UnreadableTable`."""
    return read_mapped(content, chosen, NEEDED, "snils")


def check_rows(
    connection: Connection,
    org: str,
    rows: Sequence[TableRow],
    chosen: FieldMap,
    people: Registry,
    today: date,
    done: Callable[[int], None] = lambda _count: None,
) -> CheckedMedics:
    """Check the rows against the register; stores nothing. `done` is told how many are judged.

    Raises `LookupError` for an organisation without an OID.
    """
    organisation = registry.get_organisation(connection, org)
    if organisation is None or not organisation["oid"]:
        raise LookupError(f"organisation {org} has no OID of the federal register")
    entries = medics.of_organisations(connection, (org,))
    check = _Check(entries, str(organisation["oid"]), chosen.name, headings_of(chosen), people, today)
    for count, row in enumerate(rows, start=1):
        check.step(connection, row)
        done(count)
    left = {one.medic_id for one in entries if one.active and one.left_frmr_at is None}
    found = {one.entry.medic_id for one in check.changes if one.entry is not None}
    leaving = tuple(one for one in entries if one.medic_id in left - found)
    known = sum(one.active for one in entries)
    return CheckedMedics(org, tuple(check.changes), leaving, tuple(check.faults), tuple(rows), chosen, known)


class _Check:
    """Looks at one row after another."""

    def __init__(
        self,
        entries: Sequence[MedicEntry],
        oid: str,
        source: str,
        headings: Mapping[str, str],
        people: Registry,
        today: date,
    ) -> None:
        self._headings = headings
        self._by_snils = {one.snils_hmac: one for one in entries if one.snils_hmac}
        self._nameless = {fold_name(one.full_name): one for one in entries if one.snils_hmac is None}
        self._oid, self._source, self._people, self._today = oid, source, people, today
        self._near = Nearest({}, {}, headings["snils"])
        self._seen: set[str] = set()
        self.changes: list[MedicChange] = []
        self.faults: list[RowFault] = []

    def step(self, connection: Connection, row: TableRow) -> None:
        """One row: a change, or its faults."""
        faults = dict(row.faults)
        name = row.get("full_name") or " ".join(filter(None, (row.get(one) for one in NEEDED[1][1:])))
        if row.get("full_name") is None and row.get("patronymic"):
            name = f"{name} {row['patronymic']}"
        name = " ".join(name.split())
        if not name:
            faults.setdefault("full_name" if "full_name" in row else "surname", "needed")
        for field_name, words in row.items():
            if len(words) > _MOST_CHARS:
                faults[field_name] = "too_long"
        hashed, sealed = self._snils(row, faults)
        entry = self._by_snils.get(hashed) if hashed else None
        if entry is None and hashed and (other := self._nameless.get(fold_name(name))) is not None:
            entry = (
                other if other.birth_date is not None and other.birth_date == self._day(row, "birth_date", {}) else None
            )
            if entry is None:
                faults["full_name"] = "medic_without_snils"
        values = self._values(row, name, faults)
        records = self._records(row, faults)
        if entry is None and not faults and row.get("org_oid", self._oid) != self._oid:
            faults["org_oid"] = "not_of_organisation"
        if faults:
            self.faults += [
                self._near.fault(row.number, self._headings[column], code, row.get(column, ""), ())
                for column, code in faults.items()
            ]
            return
        values |= {"snils_hmac": hashed, "frmr_checked_at": self._today, "frmr_source": self._source}
        values |= {"left_frmr_at": None}
        if entry is None or entry.snils_hmac is None:
            values["snils_sealed"] = sealed
        known = set(medic_records.of_medic(connection, entry.medic_id)) if entry is not None else set()
        self.changes.append(MedicChange(row.number, entry, values, tuple(one for one in records if one not in known)))

    def _snils(self, row: TableRow, faults: dict[str, str]) -> tuple[str | None, bytes | None]:
        if "snils" in faults:
            return None, None
        if not row.get("snils"):
            faults["snils"] = "needed"
            return None, None
        try:
            hashed, sealed = self._people.sealed_snils(parse_snils(row["snils"]))
        except ValueError:
            faults["snils"] = "wrong_snils"
            return None, None
        if hashed in self._seen:
            faults["snils"] = "twice"
        self._seen.add(hashed)
        return hashed, sealed

    def _values(self, row: TableRow, name: str, faults: dict[str, str]) -> dict[str, Any]:
        """What is said of the medic; a cell that is empty changes nothing."""
        found: dict[str, Any] = {"full_name": name}
        found |= {column: row[field_name] for column, field_name in (("position", "post"), ("frmr_id", "frmr_id"))
                  if row.get(field_name)}  # fmt: skip
        if row.get("email"):
            found["email"] = row["email"]
            if not EMAIL.fullmatch(row["email"]):
                faults["email"] = "wrong_form"
        if row.get("sex"):
            found["sex"] = _SEXES.get(fold_name(row["sex"]).rstrip("."))
            if found["sex"] is None:
                faults["sex"] = "choose"
        if (born := self._day(row, "birth_date", faults)) is not None:
            found["birth_date"] = born
            if born > self._today:
                faults["birth_date"] = "future"
        level = fold_name(row.get("level", ""))
        if level.startswith(("высшее", "higher")):
            found["education"] = "higher"
        elif level.startswith(("средн", "secondary")):
            found["education"] = "secondary"
        return found

    def _records(self, row: TableRow, faults: dict[str, str]) -> list[Record]:
        records: list[Record] = []
        year, hours = self._number(row, "year", faults), self._number(row, "paper_hours", faults)
        if row.get("institution") or row.get("diploma_no"):
            level, institution = row.get("level", ""), row.get("institution", "")
            records.append(Education(level, institution, year, row.get("diploma_no", ""), row.get("speciality", "")))
        issued, until = self._day(row, "paper_issued", faults), self._day(row, "paper_until", faults)
        if row.get("paper_kind"):
            kind = _PAPERS.get(fold_name(row["paper_kind"]))
            if kind is None:
                faults["paper_kind"] = "choose"
            else:
                number, speciality = row.get("paper_no", ""), row.get("speciality", "")
                records.append(Paper(kind, speciality, number, issued, until, hours))
        since, last = self._day(row, "since", faults), self._day(row, "until", faults)
        if since is not None and last is not None and last < since:
            faults["until"] = "before_since"
        if row.get("post") or row.get("org_oid") or since or last:
            oid, where, post = row.get("org_oid") or self._oid, row.get("org_name", ""), row.get("post", "")
            records.append(Employment(oid, where, post, since, last, row.get("rate", "")))
        return records

    @staticmethod
    def _day(row: TableRow, name: str, faults: dict[str, str]) -> date | None:
        if not row.get(name):
            return None
        found = parse_day(row[name])
        if found is None:
            faults[name] = "not_a_day"
        return found

    @staticmethod
    def _number(row: TableRow, name: str, faults: dict[str, str]) -> int | None:
        words = row.get(name, "")
        if words and not (words.isascii() and words.isdigit() and len(words) <= 4):
            faults[name] = "not_a_number"
            return None
        return int(words) if words else None


def store_checked(connection: Connection, checked: CheckedMedics, author: Author, today: date) -> None:
    """Store a file without faults, in the caller's transaction. Raises `ValueError` for a file with faults."""
    if checked.faults:
        raise ValueError("a file with faults is not stored")
    noted: list[tuple[str, Mapping[str, Any] | None, Mapping[str, Any]]] = []
    for one in checked.changes:
        medic_id = one.entry.medic_id if one.entry is not None else new_id()
        if one.entry is None:
            medics.add_without_key(connection, _new_entry(checked, one, medic_id, author.at))
        elif one.different:
            medics.change(connection, medic_id, dict(one.values) | {"updated_at": author.at})
        before = {name: getattr(one.entry, name) for name in one.values} if one.entry is not None else None
        if one.is_change:
            noted.append((medic_id, before, _shown(one)))
        medic_records.add(connection, medic_id, one.records, checked.chosen.name, author.at)
    for gone in checked.leaving:
        medics.change(connection, gone.medic_id, {"left_frmr_at": today, "updated_at": author.at})
        noted.append((gone.medic_id, {"left_frmr_at": None}, {"left_frmr_at": today}))
    register_changes.note(connection, author, "medics", checked.org, noted)


def _shown(one: MedicChange) -> dict[str, Any]:
    """What the history says: the fields, and how many records came."""
    return dict(one.values) | ({"frmr_records": len(one.records)} if one.records else {})


def _new_entry(checked: CheckedMedics, one: MedicChange, medic_id: str, now: datetime) -> MedicEntry:
    values = {"position": "", "education": ""} | dict(one.values)
    return MedicEntry(
        medic_id=medic_id,
        org=checked.org,
        accreditation_until=max(
            (
                paper.until
                for paper in one.records
                if isinstance(paper, Paper) and paper.kind != "course" and paper.until
            ),
            default=None,
        ),
        training_hours=0,
        training_at=None,
        federal_register_at=None,
        certificate_pem=b"",
        key_provider="none",
        encrypted_key=None,
        token_label=None,
        active=True,
        created_at=now,
        updated_at=now,
        **values,
    )
