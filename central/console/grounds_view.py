"""Grounds from other registers, as the exam page shows them: each with source and day, overdue ones marked. Pure.

Nothing here decides: the medic reads it. What has an effect on an admission is judged by rules (`central.core.ground_effects`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from central.core.ground_effects import EffectSpan
from central.store.grounds import Ground

SOON = timedelta(days=30)
"""So long before its end a ground is shown as ending."""
OWN_REGISTER = "own"
"""Source of what stands in the register of workers itself."""


@dataclass(frozen=True, slots=True)
class GroundLine:
    """One line. `state`: valid, ending, over; empty where no end is known."""

    kind: str
    at: date
    valid_until: date | None
    state: str
    finding: str
    blocks_remote: bool
    note: str
    source: str
    state_said: str = "unconfirmed"
    """What the last comparison with its register gave."""
    details: str = ""
    """Document, doctor, organisation, dose, as far as they are known."""
    ground_id: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Why a remote exam is not possible, or should not be: a word of `ground.block`, and what belongs to it."""

    code: str
    detail: str = ""
    since: date | None = None
    ground_id: str = ""
    """The ground that says so; empty: the register of workers."""


def lines(
    rows: Sequence[Ground], worker: Mapping[str, Any] | None, today: date, toxicology_days: int
) -> list[GroundLine]:
    """The grounds that hold, one line for each kind and source; the last toxicology study of the register among them."""
    shown = [_line(row, _until(row, toxicology_days), today) for row in rows]
    studied = worker["toxicology_at"] if worker else None
    if studied is not None:
        until = studied + timedelta(days=toxicology_days)
        state = _state(until, today)
        shown.append(GroundLine("toxicology", studied, until, state, "none", False, "", OWN_REGISTER))
    # A study is a study, whoever reports it: only the last one counts, and an older one is not overdue.
    newest = max((line.at for line in shown if line.kind == "toxicology"), default=today)
    return [line for line in shown if line.kind != "toxicology" or line.at == newest]


def remote_blocks(
    rows: Sequence[Ground], worker: Mapping[str, Any] | None, today: date, toxicology_days: int
) -> list[Block]:
    """Everything that speaks against a remote exam of this worker today."""
    found = []
    if worker and worker["status"] == "suspended":
        found.append(Block("suspended", worker["block_text"]))
    if worker and not worker["remote_allowed"]:
        found.append(Block("in_person_only", worker["block_text"]))
    for row in rows:
        in_force = row.valid_until is None or row.valid_until >= today
        if row.blocks_remote and in_force:
            found.append(Block("by_source", row.source, row.at, row.ground_id))
        if row.finding == "unfit" and in_force:
            found.append(Block("unfit", row.source, row.at, row.ground_id))
    studies = [row.at for row in rows if row.kind == "toxicology"]
    if worker and worker["toxicology_at"]:
        studies.append(worker["toxicology_at"])
    if studies and max(studies) + timedelta(days=toxicology_days) < today:
        found.append(Block("toxicology_over", "", max(studies)))
    return found


def unsaid_by_rules(blocks: Sequence[Block], effects: Iterable[EffectSpan]) -> list[Block]:
    """What rules do not say already of the same ground and for the same cause: the page says each thing once."""
    said = {(span.ground_id, span.state) for span in effects}
    return [one for one in blocks if not one.ground_id or (one.ground_id, one.code) not in said]


def _line(row: Ground, until: date | None, today: date) -> GroundLine:
    state = _state(until, today)
    return GroundLine(
        row.kind,
        row.at,
        until,
        state,
        row.finding,
        row.blocks_remote,
        row.note,
        row.source,
        row.state,
        details(row),
        row.ground_id,
    )


def details(row: Ground) -> str:
    """What else the source says of a document, in one line."""
    number = " ".join(part for part in (row.series, f"№ {row.number}" if row.number else "") if part)
    return ", ".join(
        part for part in (row.vaccine, row.dose, number, row.at_time, row.doctor, row.organisation) if part
    )


def doubles(rows: Sequence[Ground]) -> frozenset[str]:
    """Ids of rows that may be one event entered twice: of one kind and day, of a vaccination against the same.

    A row that takes the place of another is no double of it.
    """
    replaced = {row.supersedes for row in rows if row.supersedes}
    by_event: dict[tuple[str, str, date], list[str]] = {}
    for row in rows:
        if row.ground_id not in replaced:
            by_event.setdefault((row.kind, row.vaccine, row.at), []).append(row.ground_id)
    return frozenset(ground_id for ids in by_event.values() if len(ids) > 1 for ground_id in ids)


def _until(row: Ground, toxicology_days: int) -> date | None:
    if row.valid_until is None and row.kind == "toxicology":
        return row.at + timedelta(days=toxicology_days)
    return row.valid_until


def _state(until: date | None, today: date) -> str:
    if until is None:
        return ""
    if until < today:
        return "over"
    return "ending" if until - today <= SOON else "valid"
