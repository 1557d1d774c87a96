"""Rules of copies of papers: who a copy is for, what may happen to it from which state, what has to be said of each move. Pure.

A copy is made once; whatever happens to it afterwards is a move, and its state is what the last move left. Nothing is taken back: a
copy that is found again is returned, one that comes back torn is returned as damaged.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

CopyRole = Literal["original", "patient", "employer", "insurer", "register", "internal"]
ROLES: tuple[CopyRole, ...] = ("original", "patient", "employer", "insurer", "register", "internal")
FORMS = ("paper", "electronic")
MOVES = ("issue", "transfer", "return", "loss", "destroy", "archive_in", "archive_out")
STATES = ("made", "issued", "returned", "damaged", "archived", "out_of_archive", "lost", "destroyed")
MADE = "made"
GONE = frozenset({"lost", "damaged", "destroyed"})
"""States in which a copy does not count for the norm any more: another one may take its place."""
AT_HAND = frozenset({"made", "returned", "damaged"})
"""States in which a copy on paper lies with the organisation, outside the archive."""
RECEIVERS = ("patient", "representative", "employer", "insurer", "authority", "colleague")
WAYS = ("in_person", "mail", "post", "portal")
RECEIPTS = ("signature", "electronic", "none")
MOST_WORDS, MOST_NAME, MOST_PLACE = 1000, 200, 100
"""Letters of a note or cause, of a name, of a place or a number."""
_SECRET = frozenset({"refusal", "sobriety"})
"""Papers whose content is a medical secret: no copy of them is for an employer."""
_NEXT: dict[str, dict[str, str]] = {
    "made": {"issue": "issued", "archive_in": "archived", "loss": "lost", "destroy": "destroyed"},
    "issued": {"transfer": "issued", "return": "returned", "loss": "lost"},
    "returned": {"issue": "issued", "archive_in": "archived", "loss": "lost", "destroy": "destroyed"},
    "damaged": {"archive_in": "archived", "loss": "lost", "destroy": "destroyed"},
    "archived": {"archive_out": "out_of_archive", "loss": "lost", "destroy": "destroyed"},
    "out_of_archive": {"archive_in": "archived", "loss": "lost"},
    "lost": {"return": "returned"},
    "destroyed": {},
}


class MoveRefused(Exception):
    """This move is not possible. `code`: a word of `copy.refused`, which says why not and what is."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class MoveDraft:
    """A move as it was entered. Empty fields were not said."""

    kind: str
    on_day: date | None = None
    receiver_name: str = ""
    receiver_kind: str = ""
    way: str = ""
    receipt: str = ""
    due_back: date | None = None
    is_damaged: bool = False
    """Of a return: torn, wet, unreadable."""
    document: str = ""
    """Number and day of an act or letter that it rests on."""
    note: str = ""
    inventory_no: str = ""
    place: str = ""
    keeper: str = ""


def roles_for(kind: str) -> tuple[CopyRole, ...]:
    """For whom copies of a paper of that kind may be made."""
    return tuple(role for role in ROLES if role != "employer" or kind not in _SECRET)


def moves_from(state: str, form: str) -> tuple[str, ...]:
    """What may happen to a copy in that state. An electronic one lies in the store and is only handed out."""
    if form == "electronic":
        return ("issue",) if state == MADE else ("issue", "transfer") if state == "issued" else ()
    return tuple(move for move in MOVES if move in _NEXT.get(state, {}))


def next_state(state: str, form: str, draft: MoveDraft) -> str:
    """The state after that move. Raises `MoveRefused` (`kind`, `electronic`, or the state in which it is not possible)."""
    if draft.kind not in MOVES:
        raise MoveRefused("kind")
    if draft.kind not in moves_from(state, form):
        raise MoveRefused("electronic" if form == "electronic" else state)
    if form == "electronic":
        return "issued"
    if draft.kind == "return" and draft.is_damaged:
        return "damaged"
    return _NEXT[state][draft.kind]


def draft_faults(draft: MoveDraft, earliest: date, today: date) -> dict[str, str]:
    """What is wrong with an entered move, by field. `earliest`: the day of what happened to the copy before."""
    faults: dict[str, str] = {}
    if draft.on_day is None:
        faults["on_day"] = "day"
    elif not earliest <= draft.on_day <= today:
        faults["on_day"] = "day_outside"
    if draft.kind in {"issue", "transfer", "archive_out"}:
        faults |= _receiver_faults(draft)
    if draft.kind in {"loss", "archive_out"} and not draft.note:
        faults["note"] = "needed"
    if draft.kind == "return" and draft.is_damaged and not draft.note:
        faults["note"] = "needed"
    if draft.kind == "destroy" and not draft.document:
        faults["document"] = "needed"
    if draft.kind == "archive_in":
        faults |= {name: "needed" for name in ("inventory_no", "place", "keeper") if not getattr(draft, name)}
    if draft.kind == "archive_out" and draft.due_back is None:
        faults["due_back"] = "day"
    if draft.due_back is not None and draft.on_day is not None and draft.due_back < draft.on_day:
        faults["due_back"] = "before"
    for name, most in (("note", MOST_WORDS), ("receiver_name", MOST_NAME), ("document", MOST_NAME)):
        if len(getattr(draft, name)) > most:
            faults[name] = "too_long"
    for name in ("inventory_no", "place", "keeper"):
        if len(getattr(draft, name)) > MOST_PLACE:
            faults[name] = "too_long"
    return faults


def _receiver_faults(draft: MoveDraft) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not draft.receiver_name:
        faults["receiver_name"] = "needed"
    for name, known in (("receiver_kind", RECEIVERS), ("way", WAYS), ("receipt", RECEIPTS)):
        if getattr(draft, name) not in known:
            faults[name] = "choose"
    if draft.receipt == "none" and not draft.note:
        faults["note"] = "why_no_receipt"
    return faults
