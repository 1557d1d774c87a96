"""Writes down what happens to a copy: the rule says what is possible, the store keeps one move after the other.

A loss, and damage, has its act: drafted in the same transaction, so that neither is there without the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from central.conclusions.copy_acts import act_about
from central.core.copy_rules import MoveDraft, draft_faults, next_state
from central.core.days import day_of
from central.deciding.act_signing import draft_act
from central.store import copies
from central.store.copies import ArchiveEntry, Copy, CopyMove
from central.store.engine import hold
from sync.contract.canonical import new_id


@dataclass(frozen=True, slots=True)
class Mover:
    """Who enters a move, when, and how names are sealed."""

    account_id: str
    at: datetime
    zone: tzinfo
    seal: Callable[[str], bytes]


class MoveFaults(Exception):
    """What is wrong with an entered move, by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(", ".join(sorted(faults)))
        self.faults = faults


def move(connection: Connection, item: Copy, draft: MoveDraft, mover: Mover) -> CopyMove:
    """Write a move, in the caller's write transaction. Raises `MoveRefused`, `MoveFaults`, `NumberTaken`."""
    hold(connection, f"moves of {item.copy_id}")
    moves = copies.moves_of(connection, [item.copy_id]).get(item.copy_id, [])
    state = next_state(copies.state_after(moves), item.form, draft)
    earliest = moves[-1].on_day if moves else item.made_at.astimezone(mover.zone).date()
    faults = draft_faults(draft, earliest, max(day_of(mover.at), mover.at.astimezone(mover.zone).date()))
    if draft.kind == "archive_in":
        hold(connection, f"archive of {item.org}")
        if copies.holder_of(connection, item.org, draft.inventory_no) not in {None, item.copy_id}:
            faults["inventory_no"] = "taken"
    if faults or draft.on_day is None:
        raise MoveFaults(faults)
    about = act_about(connection, item, state, draft, draft.on_day)
    act = draft_act(connection, about, mover.account_id, mover.at, mover.zone) if about is not None else None
    made = CopyMove(
        move_id=new_id(),
        copy_id=item.copy_id,
        move_no=len(moves) + 1,
        org=item.org,
        kind=draft.kind,
        state=state,
        on_day=draft.on_day,
        receiver_sealed=mover.seal(draft.receiver_name) if draft.receiver_name else None,
        receiver_kind=draft.receiver_kind,
        way=draft.way,
        receipt=draft.receipt,
        due_back=draft.due_back,
        document=draft.document,
        document_id=act.act_id if act is not None else None,
        note=draft.note,
        at=mover.at,
        account_id=mover.account_id,
    )
    copies.add_move(connection, made)
    if draft.kind == "archive_in":
        entry = ArchiveEntry(
            new_id(),
            item.copy_id,
            made.move_id,
            item.org,
            draft.inventory_no,
            draft.on_day,
            draft.keeper,
            draft.place,
        )
        copies.add_archive_entry(connection, entry)
    return made
