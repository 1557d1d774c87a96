"""Likely doubles: persons whom an organisation calls alike, with one birth date, of whom a SNILS is missing.

They are offered and never joined by themselves. A senior medic joins two, or keeps them apart, with a reason; either is taken back
with a reason. Every verdict is a row of its own, sealed, and stands in the history of each entry that it is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import Connection

from central.people.registry import Registry
from central.store import account_links, employments, persons, register_changes
from central.store.engine import hold_registers
from central.store.persons import Verdict
from central.store.register_changes import Author
from sync.contract.canonical import new_id

MOST_REASON_CHARS = 500
_LEAST_REASON_CHARS = 3


@dataclass(frozen=True, slots=True)
class Double:
    """Two persons who may be one: their entries in one organisation. The first stays when they are joined."""

    org: str
    person_id: str
    other_id: str
    entries: tuple[dict[str, Any], ...]
    other_entries: tuple[dict[str, Any], ...]


def doubles(connection: Connection, orgs: Sequence[str]) -> list[Double]:
    """All pairs of these organisations that nobody has judged, or whose verdict was taken back."""
    judged = {
        (one.org, frozenset((one.person_id, one.other_id)))
        for one in standing(connection, orgs)
        if one.verdict == "apart"
    }
    groups: dict[tuple[str, str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in employments.alike(connection, orgs):
        people = groups.setdefault((row["org"], row["search_name"], str(row["birth_date"])), {})
        people.setdefault(row["person_id"], []).append(row)
    found = []
    for (org, _, _), people in groups.items():
        # Who has a SNILS stays, and of two without one who was entered first.
        ordered = sorted(people.items(), key=lambda item: (item[1][0]["snils_hmac"] is None, item[1][0]["worker_id"]))
        for (person_id, entries), (other_id, others) in combinations(ordered, 2):
            both_numbered = entries[0]["snils_hmac"] is not None and others[0]["snils_hmac"] is not None
            if not both_numbered and (org, frozenset((person_id, other_id))) not in judged:
                found.append(Double(org, person_id, other_id, tuple(entries), tuple(others)))
    return found


def standing(connection: Connection, orgs: Sequence[str]) -> list[Verdict]:
    """The verdicts that hold, newest first: the last one of each pair, unless it was taken back."""
    newest: dict[tuple[str, frozenset[str]], Verdict] = {}
    for one in persons.verdicts(connection, orgs):
        newest.setdefault((one.org, frozenset((one.person_id, one.other_id))), one)
    return [one for one in newest.values() if one.verdict != "undone"]


def judge(
    connection: Connection, registry: Registry, pair: Double, verdict: str, reason: str, author: Author
) -> dict[str, str]:
    """Join two persons (`joined`), or keep them `apart`; returns what is wrong by field, nothing is stored then."""
    faults = _faults(reason)
    if verdict not in {"joined", "apart"}:
        faults["verdict"] = "choose"
    if faults:
        return faults
    hold_registers(connection, pair.org)
    moved = [row["worker_id"] for row in pair.other_entries] if verdict == "joined" else []
    if moved:
        employments.move(connection, moved, pair.person_id, now=author.at)
        # Who opened that account was taken for somebody else: a new link says whose records it may see.
        if (own := account_links.account_of(connection, pair.other_id)) is not None:
            account_links.close_accounts(connection, [own.account_id])
    _add(connection, pair.org, pair.person_id, pair.other_id, verdict, moved, reason, author)
    rows = [*pair.entries, *pair.other_entries]
    _tell(connection, pair.org, rows, pair.person_id if moved else "", verdict, reason, author)
    if moved:
        registry.publish_roster(connection, pair.org)
    return {}


def undo(connection: Connection, registry: Registry, one: Verdict, reason: str, author: Author) -> dict[str, str]:
    """Take a verdict back; returns what is wrong by field. What went to the other person goes back, with the SNILS it had."""
    faults = _faults(reason)
    if faults:
        return faults
    hold_registers(connection, one.org)
    here = employments.of_person(connection, one.person_id, (one.org,))
    back = [row for row in here if row["worker_id"] in one.worker_ids]
    if back:
        employments.move(connection, [row["worker_id"] for row in back], one.other_id, now=author.at)
    _add(connection, one.org, one.person_id, one.other_id, "undone", [], reason, author)
    others = employments.of_person(connection, one.other_id, (one.org,))
    _tell(connection, one.org, here + [row for row in others if row not in here], "", "undone", reason, author)
    if back:
        registry.publish_roster(connection, one.org)
    return {}


def _faults(reason: str) -> dict[str, str]:
    if len(reason.strip()) < _LEAST_REASON_CHARS:
        return {"reason": "needed"}
    return {"reason": "too_long"} if len(reason) > MOST_REASON_CHARS else {}


def _add(
    connection: Connection,
    org: str,
    person_id: str,
    other_id: str,
    verdict: str,
    moved: list[str],
    reason: str,
    author: Author,
) -> None:
    account_id = author.account_id or ""
    made = Verdict(new_id(), org, person_id, other_id, verdict, moved, reason.strip(), account_id, author.at)
    persons.add_verdict(connection, made)


def _tell(
    connection: Connection,
    org: str,
    rows: Sequence[dict[str, Any]],
    person_id: str,
    verdict: str,
    reason: str,
    author: Author,
) -> None:
    """Into the history of each entry."""
    changes = []
    seen = set()
    for row in rows:
        if row["worker_id"] in seen:
            continue
        seen.add(row["worker_id"])
        after = {"double": verdict, "double_reason": reason.strip()}
        changes.append((row["worker_id"], row, after | ({"person_id": person_id} if person_id else {})))
    register_changes.note(connection, author, "workers", org, changes)
