"""The register of measuring instruments: where each stands, its registration, until when it is verified."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.registers.form import Field, parse, typed_of
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.store import instruments as store
from central.store import register_changes, terminals
from sync.contract.canonical import new_id

STEPS = ("temperature", "pressure", "breath", "oximetry")


class InstrumentForm:
    """One instrument."""

    kind: ClassVar[str] = "devices"
    right: ClassVar[Right] = Right.CHANGE_REGISTERS
    archivable: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("measures", "choice", needed=True, choices=STEPS),
        Field("maker", needed=True),
        Field("model", needed=True),
        Field("serial", needed=True),
        Field("terminal_id", "reference"),
        Field("registration_number", section="papers"),
        Field("verified_at", "day", section="papers"),
        Field("verified_until", "day", section="papers", future=True),
        Field("verification_number", section="papers"),
    )

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The instrument's row."""
        row = store.find(connection, entry_id)
        if row is None:
            return None
        shown = f"{row['maker']} {row['model']} № {row['serial']}"
        return dict(row) | {"name_shown": shown, "archived": row["archived_at"] is not None}

    def options(self, connection: Connection, org: str) -> Options:
        """The organisation's terminals."""
        rows = terminals.list_terminals(connection, org)
        return {"terminal_id": [(row["terminal_id"], f"{row['name']}, {row['place']}") for row in rows]}

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Store it; the same model and serial number twice is refused."""
        values, faults = parse(self.fields, typed.fields, day_of(change.author.at))
        places = {terminal_id for terminal_id, _ in self.options(change.connection, change.org)["terminal_id"]}
        if values["terminal_id"] and values["terminal_id"] not in places:
            faults["terminal_id"] = InputFault("choose")
        first, last = values["verified_at"], values["verified_until"]
        if first and last and last <= first and "verified_until" not in faults:
            faults["verified_until"] = InputFault("before_since")
        if first and not last and "verified_until" not in faults:
            faults["verified_until"] = InputFault("needed")
        twin = store.by_serial(change.connection, change.org, values["model"], values["serial"])
        if twin is not None and twin["instrument_id"] != entry_id:
            faults["serial"] = InputFault("taken_by", f"{twin['maker']} {twin['model']}", twin["instrument_id"])
        if faults:
            return faults
        before = self.read(change.connection, entry_id) if entry_id else None
        instrument_id = entry_id or new_id()
        if before is None:
            store.add(
                change.connection,
                values
                | {"instrument_id": instrument_id, "org": change.org}
                | {"created_at": change.author.at, "updated_at": change.author.at},
            )
        else:
            store.change(change.connection, instrument_id, values | {"updated_at": change.author.at})
        changes = [(instrument_id, before, values)]
        register_changes.note(change.connection, change.author, self.kind, change.org, changes)
        return instrument_id

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """Put it away: written off, sold, lost."""
        before = self.read(change.connection, entry_id)
        after = {"archived_at": change.author.at if archived else None}
        store.change(change.connection, entry_id, after)
        register_changes.note(change.connection, change.author, self.kind, change.org, [(entry_id, before, after)])
        return None


def proposed(device: Mapping[str, Any]) -> dict[str, str]:
    """A form filled with what a terminal reports of a device that is not in the register yet."""
    return typed_of(InstrumentForm.fields, device)
