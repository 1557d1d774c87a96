"""Moving a worker to another employer: one employment ends, another of the same person begins the day after; and taking it back.

The old entry keeps its exams, papers and number; the new one has an id of its own. Both stand in the history.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from central.core.days import day_of, parse_day
from central.core.input_fault import InputFault
from central.core.parties import Worker
from central.core.text_cleaning import clean_line
from central.registers.form import FIRST_YEAR, Faults
from central.registers.keeping import RegisterChange
from central.registers.same_person import Employment, overlap
from central.store import employments, register_changes, registry
from central.store.workers import find_worker, get_worker
from sync.contract.canonical import new_id

FIELDS = ("employer_id", "personnel_number", "position", "since")
_MOST_CHARS = 200


def worker_of_row(row: Mapping[str, Any]) -> Worker:
    """A stored entry as it is given to `Registry.save_workers`; the SNILS on record is kept."""
    return Worker(**{item.name: row[item.name] for item in fields(Worker) if item.name in row})


def transfer(change: RegisterChange, worker_id: str, typed: Mapping[str, str]) -> str | Faults:
    """End an employment on the day before `since`, and begin another; returns the id of the new entry, or what is wrong by field.

    Raises `LookupError` for a worker who is not there.
    """
    row = _row(change.connection, worker_id)
    said = {name: clean_line(typed.get(name, "")) for name in FIELDS}
    faults: Faults = {name: InputFault("needed") for name in FIELDS if not said[name]}
    faults |= {name: InputFault("too_long") for name, words in said.items() if len(words) > _MOST_CHARS}
    served = {one["employer_id"] for one in registry.list_employers(change.connection, change.org)}
    if said["employer_id"] == row["employer_id"]:
        faults["employer_id"] = InputFault("same_employer")
    elif said["employer_id"] and said["employer_id"] not in served:
        faults["employer_id"] = InputFault("choose")
    since = _first_day(change.connection, row, said["since"], faults)
    holder = find_worker(change.connection, change.org, said["personnel_number"], said["employer_id"])
    if holder is not None:
        faults.setdefault("personnel_number", _taken(dict(holder)))
    if faults or since is None:
        return faults
    new = replace(
        worker_of_row(row),
        worker_id=new_id(),
        employer_id=said["employer_id"],
        personnel_number=said["personnel_number"],
        position=said["position"],
        department="",
        external_id=None,
        post_number=None,
        since=since,
        until=None,
    )
    for other in employments.of_person(change.connection, row["person_id"], (change.org,)):
        if other["employer_id"] == new.employer_id and overlap(
            Employment.of_row(other), Employment.of_worker(new), day_of(change.author.at)
        ):
            return {"employer_id": _taken(other)}
    last = since - timedelta(days=1)
    ended = replace(worker_of_row(row), until=last if row["until"] is None else min(row["until"], last))
    change.registry.save_workers(change.connection, [ended, new], change.author)
    return new.worker_id


def origin(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The entry that this one was transferred from, as it is now; None for one that was not."""
    if row["since"] is None:
        return None
    last = row["since"] - timedelta(days=1)
    for other in employments.of_person(connection, row["person_id"], (row["org"],)):
        if other["worker_id"] != row["worker_id"] and other["until"] == last and _ended_at(connection, other, row):
            return other
    return None


def take_back(change: RegisterChange, worker_id: str) -> str | InputFault:
    """Undo a transfer: the old employment goes on as before, the new entry is put away. Returns the id of the old entry.

    Raises `LookupError` for an entry that was not transferred.
    """
    row = _row(change.connection, worker_id)
    old = origin(change.connection, row)
    if old is None or row["archived_at"] is not None:
        raise LookupError("no such transfer")
    if employments.first_exam_at(change.connection, worker_id) is not None:
        return InputFault("has_exams")
    holder = find_worker(change.connection, change.org, old["personnel_number"], old["employer_id"])
    if holder is not None and holder["worker_id"] != old["worker_id"]:
        return _taken(dict(holder))
    change.registry.save_workers(
        change.connection,
        [replace(worker_of_row(old), until=_until_before(change.connection, old, row))],
        change.author,
    )
    change.registry.set_archived(change.connection, "workers", change.org, worker_id, change.author, archived=True)
    return str(old["worker_id"])


def _row(connection: Connection, worker_id: str) -> dict[str, Any]:
    row = get_worker(connection, worker_id)
    if row is None:
        raise LookupError("no such worker")
    return dict(row)


def _first_day(connection: Connection, row: Mapping[str, Any], words: str, faults: Faults) -> date | None:
    since = parse_day(words) if words else None
    if not words:
        return None
    if since is None or since.year < FIRST_YEAR:
        faults["since"] = InputFault("not_a_day")
        return None
    first = employments.first_exam_at(connection, row["worker_id"])
    if row["since"] is not None and since <= row["since"]:
        faults["since"] = InputFault("before_first_day", f"{row['since']:%d.%m.%Y}")
    elif first is not None and since <= day_of(first):
        faults["since"] = InputFault("before_first_exam", f"{day_of(first):%d.%m.%Y}")
    return since


def _taken(row: Mapping[str, Any]) -> InputFault:
    return InputFault("taken_by", f"{row['full_name']}, {row['personnel_number']}", row["worker_id"])


def _ended_at(connection: Connection, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the old employment was ended in the act that entered the new one."""
    made = next(
        (one for one in register_changes.of_entry(connection, "workers", new["worker_id"]) if one.action == "create"),
        None,
    )
    return made is not None and any(
        "until" in one.fields and one.at == made.at
        for one in register_changes.of_entry(connection, "workers", old["worker_id"])
    )


def _until_before(connection: Connection, old: Mapping[str, Any], new: Mapping[str, Any]) -> date | None:
    last = (new["since"] - timedelta(days=1)).isoformat()
    for one in register_changes.of_entry(connection, "workers", old["worker_id"]):
        if "until" in one.fields and one.fields["until"][1] == last:
            before = one.fields["until"][0]
            return date.fromisoformat(before) if before else None
    return None
