"""Whose a row of a table is: the columns that name somebody, and the entries of an organisation that they are looked up in."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from central.core.snils import parse_snils
from central.imports.employer_names import EmployerNames
from central.store.workers import identities

NUMBER, SNILS, EMPLOYER = "Табельный номер", "СНИЛС", "Работодатель"
_ENTRY = ("worker_id", "person_id", "employer_id", "personnel_number", "snils_hmac", "archived_at")
"""What a row is matched by."""


class People:
    """The entries of an organisation: those of one person stand together."""

    def __init__(self, connection: Connection, org: str) -> None:
        self.employers = EmployerNames(connection, org)
        self.numbers: dict[str, list[Mapping[str, Any]]] = {}
        self.persons: dict[str, list[Mapping[str, Any]]] = {}
        at_work: list[Mapping[str, Any]] = []
        # Who is at work comes last, and is who is meant where somebody who was put away had the number before.
        for row in identities(connection, org):
            if row["archived_at"]:
                self._take({name: row[name] for name in _ENTRY})
            else:
                at_work.append({name: row[name] for name in _ENTRY})
        for entry in at_work:
            self._take(entry)

    def _take(self, row: Mapping[str, Any]) -> None:
        held = self.numbers.setdefault(row["personnel_number"], [])
        if not row["archived_at"]:
            held[:] = [one for one in held if one["employer_id"] != row["employer_id"] or not one["archived_at"]]
        held.append(row)
        if row["snils_hmac"]:
            self.persons.setdefault(row["snils_hmac"], []).append(row)


def person_of(row: Mapping[str, str], known: People, snils_hash: Callable[[str], str], faults: dict[str, str]) -> str:
    """An employment of whom a row means; empty, with the fault by column, where nobody is found or more than one.

    What a register states is about the person: any of several employments will do for a SNILS.
    """
    number, snils, employer = row.get(NUMBER, ""), row.get(SNILS, ""), row.get(EMPLOYER, "")
    if not number and not snils:
        faults.setdefault(NUMBER, "needed")
        return ""
    employer_id = ""
    if employer:
        employer_id, code = known.employers.find(employer)
        if code:
            faults.setdefault(EMPLOYER, code)
    with_number = [one for one in known.numbers.get(number, ()) if not employer_id or one["employer_id"] == employer_id]
    if number and not with_number:
        faults.setdefault(NUMBER, "unknown_worker")
    if not snils:
        if len({one["person_id"] for one in with_number}) > 1:
            # Nobody guesses which.
            faults.setdefault(EMPLOYER if not employer_id else NUMBER, "which_employer")
        return with_number[-1]["worker_id"] if with_number else ""
    try:
        of_person = known.persons.get(snils_hash(parse_snils(snils)), [])
    except ValueError:
        faults.setdefault(SNILS, "wrong_snils")
        return ""
    if not of_person:
        faults.setdefault(SNILS, "unknown_worker")
        return ""
    ids = {one["worker_id"] for one in of_person}
    both = [one for one in with_number if one["worker_id"] in ids]
    if number and with_number and not both:
        # Two people in one row: nobody guesses which.
        faults.setdefault(SNILS, "another_worker")
    at_employer = [one for one in of_person if one["employer_id"] == employer_id]
    if employer_id and not at_employer:
        faults.setdefault(EMPLOYER, "not_there")
    chosen = both or at_employer or of_person
    return str(chosen[-1]["worker_id"])
