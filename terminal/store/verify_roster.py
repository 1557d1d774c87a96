"""Walking the roster: it is the list that the centre last sent, or what the newest difference names by its digest."""

import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from sync.contract.canonical import canonical, sha256_hex
from sync.contract.envelope import read_unverified
from sync.contract.roster import Roster, RosterWorker
from sync.contract.roster_delta import ROSTER_DELTA_SCHEMA, RosterDelta, employer_digest, list_digest
from terminal.store.roster import keys_of
from terminal.store.verify_report import Expected, StoreReport

_Sent = Roster | RosterDelta
_Part = tuple[int, int, int, str | None, str]
"""Part, version, parts, hash of the whole, message."""
_Message = tuple[_Part, _Sent, Mapping[str, Any]]


def check_roster(db: Database, _expected: Expected, report: StoreReport) -> None:
    """The roster is the one that the centre's newest messages give, and finds its workers by their own numbers and cards."""
    newest, waiting = _rosters(db)
    version = db.execute("SELECT version FROM roster_version WHERE id = 1").fetchone()
    if (0 if version is None else version[0]) != (newest[0][1].version if newest else 0):
        report.fault("changed", "roster", "its version is not that of the newest roster of the centre")
    parts = db.execute("SELECT part, version, parts, sha256, message_id FROM roster_part ORDER BY part").fetchall()
    if [tuple(row) for row in parts] != waiting:
        report.fault("changed", "roster", "the parts that wait are not those that the centre sent")
    if not newest and not waiting and _is_any_roster(db):
        report.fault("missing", "roster", "rosters were applied, and none is there")
    rows = db.execute("SELECT worker_id, body, employer_id, sha256 FROM roster_worker").fetchall()
    _check_sent(rows, newest, report)
    _check_rows(db, rows, report)


def _check_sent(rows: list[Any], newest: list[_Message], report: StoreReport) -> None:
    """What the centre has signed: the workers themselves, and for a difference the digest of all of them."""
    bodies = {row[0]: row[1] for row in rows}
    is_delta = bool(newest) and isinstance(newest[0][1], RosterDelta)
    for _, _, payload in newest:
        for worker in payload.get("changed" if is_delta else "workers", ()):
            worker_id = worker["worker_id"]
            if bodies.pop(worker_id, None) != canonical(worker).decode("utf-8"):
                report.fault("changed", f"worker {worker_id}", "the roster of the centre says something else")
    if is_delta:
        if _digest(rows) != newest[0][1].sha256:
            report.fault("changed", "roster", "the list is not the one whose digest the centre has signed")
    elif bodies:
        report.fault("changed", "roster", "workers are there that are not in the centre's roster")


def _check_rows(db: Database, rows: list[Any], report: StoreReport) -> None:
    """Everything beside a worker's own bytes follows from them."""
    keys = set()
    for worker_id, body, employer_id, sha256 in rows:
        worker = RosterWorker.model_validate(json.loads(body))
        if (worker.worker_id, worker.employer_id, sha256_hex(body.encode())) != (worker_id, employer_id, sha256):
            report.fault("changed", f"worker {worker_id}", "employer or hash is not that of the worker's own entry")
        keys |= {(kind, value, worker_id) for kind, value in keys_of(worker)}
    if keys != {tuple(row) for row in db.execute("SELECT kind, value, worker_id FROM roster_key").fetchall()}:
        report.fault("changed", "roster", "workers, numbers or cards are not those of the centre's roster")


def _digest(rows: list[Any]) -> str:
    employers: dict[str, list[str]] = {}
    for _, body, *_ in rows:
        employers.setdefault(json.loads(body)["employer_id"], []).append(sha256_hex(body.encode()))
    return list_digest({employer_id: employer_digest(digests) for employer_id, digests in employers.items()})


def _rosters(db: Database) -> tuple[list[_Message], list[_Part]]:
    """The messages that the list in force came by, and the parts of the one that is still on its way."""
    lists: dict[tuple[int, str | None], dict[int, _Message]] = {}
    query = "SELECT message_id, wire FROM inbox WHERE kind = 'roster' AND state = 'applied' AND length(wire) > 0"
    for message_id, wire in db.execute(f"{query} ORDER BY rowid"):
        envelope = read_unverified(wire)[0]
        is_delta = envelope.schema_ == ROSTER_DELTA_SCHEMA
        sent: _Sent = (RosterDelta if is_delta else Roster).model_validate(envelope.payload)
        part = (sent.part, sent.version, sent.parts, sent.sha256, message_id)
        lists.setdefault((sent.version, sent.sha256), {}).setdefault(sent.part, (part, sent, envelope.payload))
    newest: list[_Message] = []
    waiting: list[_Part] = []
    for _, parts in sorted(lists.items(), key=lambda item: item[0][0]):
        in_order = [parts[number] for number in sorted(parts)]
        if len(parts) == in_order[0][1].parts:
            newest, waiting = in_order, []
        else:
            waiting = [part for part, _, _ in in_order]
    return newest, waiting


def _is_any_roster(db: Database) -> bool:
    return db.execute("SELECT 1 FROM inbox WHERE kind = 'roster' AND state = 'applied'").fetchone() is not None
