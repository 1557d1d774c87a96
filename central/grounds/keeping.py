"""What people say of grounds: comparisons with a register, documents and what became of them. Each is a row of its own."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.store import documents, grounds, roster_entries
from central.store.documents import Document, Verdict
from central.store.grounds import Ground, StateRow
from sync.contract.canonical import new_id

STATES = ("confirmed", "not_confirmed", "unconfirmed")
VERDICTS = ("accepted", "refused")
REFUSAL_FIELDS = ("file", "person", "number", "term", "signature", "legibility")
"""Of what in a document a refusal is about."""
MOST_CHARS = 500


class SayingRefused(ValueError):
    """What was typed is not complete. `faults`: field → code."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {code}" for name, code in faults.items()))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it, and when."""

    account_id: str
    at: datetime


def compare(connection: Connection, ground: Ground, state: str, register: str, note: str, author: Author) -> None:
    """Keep what a comparison of a ground with its register gave. Raises `SayingRefused`."""
    register, note = register.strip(), note.strip()
    faults = {}
    if state not in STATES:
        faults["state"] = "choose"
    if not register:
        faults["register"] = "needed"
    if len(register) > MOST_CHARS:
        faults["register"] = "too_long"
    if len(note) > MOST_CHARS:
        faults["note"] = "too_long"
    if state == "not_confirmed" and not note:
        faults["note"] = "needed"
    if faults:
        raise SayingRefused(faults)
    row = StateRow(new_id(), ground.ground_id, state, register, note, author.at, author.account_id)
    grounds.add_state(connection, row)
    roster_entries.mark_due(connection, [ground.worker_id])


def judge_document(
    connection: Connection, document: Document, state: str, field: str, reason: str, author: Author
) -> None:
    """Accept or refuse a document; a refusal names the part and the reason. Raises `SayingRefused`."""
    reason = reason.strip()
    faults = {}
    if state not in VERDICTS:
        faults["verdict"] = "choose"
    if state == "refused" and field not in REFUSAL_FIELDS:
        faults["field"] = "choose"
    if state == "refused" and not reason:
        faults["reason"] = "needed"
    if len(reason) > MOST_CHARS:
        faults["reason"] = "too_long"
    if faults:
        raise SayingRefused(faults)
    said_field = field if state == "refused" else ""
    row = Verdict(new_id(), document.document_id, state, said_field, reason, author.at, author.account_id)
    documents.add_verdict(connection, row)
