"""Fields of a partner's: checks what was typed, and enters it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.core.input_fault import InputFault
from central.store import sent_fields
from central.store.sent_fields import SentField
from central.systems.mapping import MOST_CHARS
from central.systems.sent_form import CODED, KINDS, OWN_FIELDS, PLACES, FormField
from sync.contract.canonical import new_id

RESULT = "result"
"""The object whose fields are mapped."""
MOST_FIELDS = 100
MOST_NAME_CHARS = 100


def form_in_force(connection: Connection, system_id: str) -> list[FormField]:
    """The form that the partner wants; empty: the centre's own."""
    return form_of(sent_fields.in_force(connection, system_id, RESULT))


def form_of(rows: Sequence[SentField]) -> list[FormField]:
    """The fields that are sent."""
    return [FormField(one.their_field, one.kind, one.own) for one in rows if one.kind != "none"]


def coded_fields(sends: str | None) -> tuple[str, ...]:
    """Our fields with codes that this format may say: reasons are medical."""
    return tuple(name for name in CODED if name != "reasons" or sends == "decision-json")


def field_of(
    typed: Mapping[str, str], sends: str | None, rows: Sequence[SentField]
) -> FormField | dict[str, InputFault]:
    """A field that was typed; or what is wrong, by field. `rows`: those in force."""
    name, kind = " ".join(typed.get("their_field", "").split()), typed.get("kind", "")
    own_field, words = typed.get("own_field", ""), " ".join(typed.get("words", "").split())
    faults: dict[str, InputFault] = {}
    known = {one.their_field for one in rows}
    if not name:
        faults["their_field"] = InputFault("needed")
    elif len(name) > MOST_NAME_CHARS or (name not in known and len(known) >= MOST_FIELDS):
        faults["their_field"] = InputFault("too_long")
    elif kind == "none" and name not in known:
        faults["their_field"] = InputFault("wrong_form")
    if kind not in KINDS:
        faults["kind"] = InputFault("choose")
    elif kind in {"field", "code"}:
        if own_field not in (OWN_FIELDS if kind == "field" else coded_fields(sends)):
            faults["own_field"] = InputFault("choose")
    elif kind != "none" and not words:
        faults["words"] = InputFault("needed")
    elif kind == "text" and not set(PLACES.findall(words)) <= set(OWN_FIELDS):
        faults["words"] = InputFault("wrong_form")
    if len(words) > MOST_CHARS:
        faults["words"] = InputFault("too_long")
    if not typed.get("basis", "").strip():
        faults["basis"] = InputFault("needed")
    elif len(typed["basis"]) > MOST_CHARS:
        faults["basis"] = InputFault("too_long")
    if faults:
        return faults
    own = {"field": own_field, "code": own_field, "none": ""}.get(kind, words)
    return FormField(name, kind, own)


def enter_field(
    connection: Connection, made: FormField, basis: str, system_id: str, org: str, account_id: str, now: datetime
) -> SentField | None:
    """Enter it as the newest version; None where that says the same already. Raises `ChangedMeanwhile`."""
    rows = sent_fields.in_force(connection, system_id, RESULT)
    before = next((one for one in rows if one.their_field == made.their_field), None)
    basis = " ".join(basis.split())
    if before is not None and (before.kind, before.own, before.basis) == (made.kind, made.own, basis):
        return None
    version = 1 if before is None else before.version + 1
    item = SentField(
        new_id(), system_id, org, RESULT, made.their_field, made.kind, made.own, version, basis, account_id, now
    )
    sent_fields.add(connection, item)
    return item
