"""Limits of an organisation, an employer or a worker: set by a medic with a basis, kept for ever, sent to the terminals."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import Connection

from central.core.parties import Employer
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import limits as store
from central.store import registry as registry_store
from central.store import terminals, worklist
from central.store.engine import hold_registers
from central.store.limits import StoredLimit
from central.store.worker_limits import worker_limits
from sync.contract.canonical import new_id
from sync.contract.limits import LimitEntry
from sync.contract.roster import REFERENCE_SCHEMA, Reference

POSSIBLE: dict[str, tuple[float, float]] = {
    "temperature_celsius": (30.0, 42.0),
    "systolic_mmhg": (50.0, 260.0),
    "diastolic_mmhg": (30.0, 160.0),
    "pulse_bpm": (25.0, 220.0),
    "spo2_percent": (50.0, 100.0),
    "breath_alcohol_mg_per_l": (0.0, 2.0),
}
"""Parameters that can have a limit, and between which numbers a limit makes sense."""
PREVIEW = timedelta(days=30)
MAX_BASIS_CHARS = 200
EXAMPLES = 20
"""So many of the exams that would have been judged otherwise are shown."""
_CLOSENESS = {"default": 0, "organisation": 1, "employer": 2, "worker": 3}
"""The limit closest to the worker holds."""


@dataclass(frozen=True, slots=True)
class LimitDraft:
    """A limit that somebody wants to set. `subject`: employer or worker id, empty for the organisation."""

    org: str
    source: str
    subject: str
    parameter: str
    low: float | None
    high: float | None
    basis: str
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """One exam that would have been judged otherwise. `value` in the unit of the limit's parameter."""

    exam_id: str
    finished_at: datetime
    value: float
    newly_out: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What the last month would have looked like. `examples`: the newest exams that would have been judged otherwise."""

    exams: int
    newly_out: int
    no_longer_out: int
    closer: int
    """How many exams were judged by a limit closer to the worker: for them nothing would have changed."""
    examples: tuple[Changed, ...]


def limit_faults(draft: LimitDraft, today: date) -> dict[str, str]:
    """What is wrong with a draft: field → code. Pure."""
    faults: dict[str, str] = {}
    if draft.parameter not in POSSIBLE:
        return {"parameter": "choose"}
    if draft.source not in {"organisation", "employer", "worker"} or (
        draft.source != "organisation" and not draft.subject
    ):
        faults["subject"] = "choose"
    lowest, highest = POSSIBLE[draft.parameter]
    for name, value in (("low", draft.low), ("high", draft.high)):
        if value is not None and not lowest <= value <= highest:
            faults[name] = "impossible"
    if draft.low is None and draft.high is None:
        faults["high"] = "needed"
    if draft.low is not None and draft.high is not None and draft.low > draft.high:
        faults["high"] = "below_low"
    if len(draft.basis.strip()) < 3:
        faults["basis"] = "needed"
    elif len(draft.basis) > MAX_BASIS_CHARS:
        faults["basis"] = "too_long"
    if draft.valid_until is not None and draft.valid_until < today:
        faults["valid_until"] = "past"
    return faults


def set_limit(
    connection: Connection, registry: Registry, outgoing: Outgoing, draft: LimitDraft, author: str, now: datetime
) -> str:
    """Store a limit, end the one before it, and queue it for the terminals; returns its version. `author`: id of the account.

    Check `limit_faults` first. Part of the caller's transaction; wake the dispatcher afterwards.
    """
    hold_registers(connection, draft.org)
    version = f"{draft.org}-{now:%Y%m%d}-{new_id()[-6:]}"
    if draft.source == "worker":
        for old in worker_limits(connection, draft.subject):
            if old["withdrawn_at"] is None and old["entry"]["parameter"] == draft.parameter:
                registry.withdraw_worker_limit(connection, old["limit_id"])
        registry.add_worker_limit(
            connection,
            draft.subject,
            _entry(draft, version, author),
            author=author,
            basis=draft.basis,
            valid_until=draft.valid_until,
        )
        return version
    store.withdraw(connection, draft.org, draft.source, draft.subject, draft.parameter, now)
    store.add(
        connection,
        StoredLimit(
            entry_id=new_id(),
            org=draft.org,
            source=draft.source,
            subject=draft.subject,
            parameter=draft.parameter,
            low=draft.low,
            high=draft.high,
            author=author,
            basis=draft.basis.strip(),
            valid_from=None,
            valid_until=draft.valid_until,
            version=version,
            created_at=now,
            withdrawn_at=None,
        ),
    )
    if draft.source == "employer":
        _publish_employer(connection, registry, draft)
    else:
        publish_book(connection, outgoing, draft.org, version)
    return version


def publish_book(connection: Connection, outgoing: Outgoing, org: str, version: str) -> None:
    """Queue the organisation's whole book, defaults included, for each of its terminals."""
    hold_registers(connection, org)
    own = [
        _stored_entry(item) for item in store.of_organisation(connection, org) if _in_force(item, "organisation", "")
    ]
    content = {"version": version, "entries": [*default_entries(), *own]}
    payload = Reference(name="limits", version=version, content=content).model_dump(mode="json")
    for terminal_id in terminals.terminal_ids(connection, org):
        outgoing.queue(connection, terminal_id, "reference", REFERENCE_SCHEMA, payload)


@cache
def _default_book() -> dict[str, Any]:
    return tomllib.loads(resources.files("central.people").joinpath("default_limits.toml").read_text(encoding="utf-8"))


def default_entries() -> list[dict[str, Any]]:
    """Entries that hold where nobody set others, as terminals take them."""
    book = _default_book()
    return [dict(entry) | {"source": "default", "version": book["version"]} for entry in book["entries"]]


def entries_for(connection: Connection, worker: Mapping[str, Any]) -> list[LimitEntry]:
    """Every entry in force that may hold for a worker (a row of the register), as the rosters and books of terminals have them."""
    org = worker["org"]
    own = [
        _stored_entry(item) for item in store.of_organisation(connection, org) if _in_force(item, "organisation", "")
    ]
    employer = registry_store.get_employer(connection, worker["employer_id"])
    own += employer["limits"] if employer is not None else []
    rows = worker_limits(connection, worker["worker_id"])
    personal = [dict(row["entry"]) | {"subject": worker["worker_id"]} for row in rows if row["withdrawn_at"] is None]
    return [LimitEntry.model_validate(entry) for entry in (*default_entries(), *own, *personal)]


def preview(connection: Connection, draft: LimitDraft, now: datetime) -> Preview:
    """How many exams of the last month this limit would have judged otherwise. Nothing is changed."""
    exams = closer = 0
    changed: list[Changed] = []
    for payload in worklist.payloads_since(
        connection,
        draft.org,
        now - PREVIEW,
        employer_id=draft.subject if draft.source == "employer" else None,
        worker_id=draft.subject if draft.source == "worker" else None,
    ):
        value = _last_value(payload, draft.parameter)
        if value is None:
            continue
        exams += 1
        applied: Mapping[str, Any] = next(
            (item for item in payload.get("limits", ()) if item["parameter"] == draft.parameter), {}
        )
        if _CLOSENESS.get(applied.get("source", ""), 0) > _CLOSENESS[draft.source]:
            closer += 1
            continue
        before = _outside(value, applied.get("low"), applied.get("high"))
        after = _outside(value, draft.low, draft.high)
        if before != after:
            finished_at = datetime.fromisoformat(payload["finished_at"])
            changed.append(Changed(payload["exam_id"], finished_at, value, newly_out=after))
    newly_out = sum(item.newly_out for item in changed)
    newest = sorted(changed, key=lambda item: item.finished_at, reverse=True)[:EXAMPLES]
    return Preview(exams, newly_out, len(changed) - newly_out, closer, tuple(newest))


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _last_value(payload: Mapping[str, Any], parameter: str) -> float | None:
    found = None
    for item in sorted(payload.get("measurements", ()), key=lambda entry: str(entry["at"])):
        value = item["values"].get(parameter)
        found = float(value) if isinstance(value, int | float) else found
    return found


def _publish_employer(connection: Connection, registry: Registry, draft: LimitDraft) -> None:
    row = registry_store.get_employer(connection, draft.subject)
    if row is None or row["org"] != draft.org:
        raise LookupError("the employer is not of this organisation")
    entries = [
        _stored_entry(item)
        for item in store.of_organisation(connection, draft.org)
        if _in_force(item, "employer", draft.subject)
    ]
    fields = {
        name: row[name]
        for name in (
            *("inn", "okved", "region_code", "alert_contact"),
            *("waybill_operator", "waybill_titles", "exchange_id"),
        )
    }
    registry.add_employer(connection, Employer(draft.org, row["name"], row["employer_id"], limits=entries, **fields))
    registry.publish_employer(connection, draft.org, draft.subject)


def _in_force(item: StoredLimit, source: str, subject: str) -> bool:
    return item.withdrawn_at is None and item.source == source and item.subject == subject


def _stored_entry(item: StoredLimit) -> dict[str, Any]:
    draft = LimitDraft(
        item.org, item.source, item.subject, item.parameter, item.low, item.high, item.basis, item.valid_until
    )
    return _entry(draft, item.version, item.author)


def _entry(draft: LimitDraft, version: str, author: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "parameter": draft.parameter,
        "source": draft.source,
        "subject": draft.subject,
        "version": version,
        "author": author,
        "basis": draft.basis.strip()[:200],
    }
    for name, value in (("low", draft.low), ("high", draft.high)):
        if value is not None:
            entry[name] = value
    if draft.valid_until is not None:
        entry["valid_until"] = draft.valid_until.isoformat()
    return entry
