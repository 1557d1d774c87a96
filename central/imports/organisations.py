"""Medical organisations from a file of the federal register (ФРМО), by OID: checked as a whole, stored as a whole or not at all.

Only organisations that are entered here are changed: a name in topics is not the federal register's to give.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.books.catalogue import CENTRE
from central.books.codes import Codes
from central.core.name_folding import fold_name
from central.core.parties import Organisation
from central.imports.field_maps import headed, headings_of, read_mapped
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import TableRow, fault_table
from central.people.registry import Registry
from central.registers.organisations import REQUISITES, requisite_faults
from central.store import registry
from central.store.field_maps import FieldMap
from central.store.register_changes import Author

NEEDED = (("oid", "name"),)
_MOST_CHARS = 300


@dataclass(frozen=True, slots=True)
class OrganisationChange:
    """What the file says of one organisation."""

    row: int
    before: Mapping[Any, Any]
    values: Mapping[str, Any]

    @property
    def different(self) -> tuple[str, ...]:
        """Names of the fields that change."""
        return tuple(name for name, value in self.values.items() if self.before[name] != value)

    @property
    def is_change(self) -> bool:
        """Whether anything would be stored besides the day on which the entry was seen."""
        return bool(set(self.different) - {"oid_checked_at", "oid_source"})


@dataclass(frozen=True, slots=True)
class CheckedOrganisations:
    """What a file would do."""

    changes: tuple[OrganisationChange, ...]
    faults: tuple[RowFault, ...]
    rows: tuple[TableRow, ...] = field(repr=False)
    chosen: FieldMap

    @property
    def changed(self) -> int:
        """Organisations of which something changes."""
        return sum(one.is_change for one in self.changes)

    @property
    def unchanged(self) -> int:
        """Organisations of which the file says what is known."""
        return len(self.changes) - self.changed

    def error_file(self, language: str) -> bytes:
        """The rows with faults, in the same form, with one more column that says what is wrong."""
        return fault_table(*headed(self.chosen, self.rows), self.faults, language)


def read_file(content: bytes, chosen: FieldMap) -> list[TableRow]:
    """The rows of a file, by field. Raises `UnreadableTable`."""
    return read_mapped(content, chosen, NEEDED, "oid")


def check_rows(
    connection: Connection,
    orgs: Sequence[str],
    rows: Sequence[TableRow],
    chosen: FieldMap,
    today: date,
    done: Callable[[int], None] = lambda _count: None,
) -> CheckedOrganisations:
    """Check the rows against these organisations; stores nothing. One is found by its OID, or where it has none by its name.

    `done` is told how many are judged.
    """
    ours = [row for row in registry.list_organisations(connection) if row["org"] in orgs]
    by_oid = {row["oid"]: row for row in ours if row["oid"]}
    by_name = {fold_name(row["name"]): row for row in ours if not row["oid"]}
    headings = headings_of(chosen)
    near = Nearest({}, {headings["name"]: [row["name"] for row in ours]})
    changes: list[OrganisationChange] = []
    found_faults: list[RowFault] = []
    seen: set[str] = set()
    # Classifiers are those of the whole centre.
    codes = Codes(connection, CENTRE, today)
    for count, row in enumerate(rows, start=1):
        done(count)
        values = {name: " ".join(row[name].split()) for name in (*REQUISITES, "name") if row.get(name)}
        faults = dict(row.faults) | {name: fault.code for name, fault in requisite_faults(values).items()}
        faults |= {name: "too_long" for name, words in values.items() if len(words) > _MOST_CHARS}
        coded = {
            name: fault
            for name in ("oid", "region_code")
            if (fault := codes.fault(name, values.get(name, ""))) is not None
        }
        before = by_oid.get(values.get("oid")) or by_name.get(fold_name(values.get("name", "")))
        if not values.get("oid"):
            faults.setdefault("oid", "needed")
        elif before is None:
            faults.setdefault("name", "organisation_unknown")
        elif before["org"] in seen:
            faults["oid"] = "twice"
        coded = {name: fault for name, fault in coded.items() if name not in faults}
        if faults or coded or before is None:
            found_faults += [
                RowFault(fault.code, typed=row.get(name, ""), near=fault.near, row=row.number, column=headings[name])
                for name, fault in coded.items()
            ]
            found_faults += [
                near.fault(row.number, headings[name], code, row.get(name, ""), {"organisation_unknown"})
                for name, code in faults.items()
            ]
            continue
        seen.add(before["org"])
        changes.append(
            OrganisationChange(row.number, before, values | {"oid_checked_at": today, "oid_source": chosen.name})
        )
    return CheckedOrganisations(tuple(changes), tuple(found_faults), tuple(rows), chosen)


def store_checked(connection: Connection, people: Registry, checked: CheckedOrganisations, author: Author) -> None:
    """Store a file without faults, in the caller's transaction. Raises `ValueError` for a file with faults."""
    if checked.faults:
        raise ValueError("a file with faults is not stored")
    names = [item.name for item in fields(Organisation)]
    for one in checked.changes:
        if one.different:
            kept = {name: one.before[name] for name in names} | dict(one.values)
            people.add_organisation(connection, Organisation(**kept), author)
