"""The register of medical rooms: where medics examine in person, and where the instruments stand that they read."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.name_folding import fold_name
from central.core.parties import Terminal
from central.core.rights import Right
from central.registers.form import Field, parse
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.store import register_changes, room_orders, terminals
from central.store import rooms as store
from sync.contract.canonical import new_id


class RoomForm:
    """One medical room."""

    kind: ClassVar[str] = "rooms"
    right: ClassVar[Right] = Right.CHANGE_REGISTERS
    archivable: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("name", needed=True),
        Field("place"),
        Field("measuring_terminal_id", "reference"),
    )

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The room's row."""
        row = store.find_room(connection, entry_id)
        if row is None:
            return None
        kept = {name: row[name] for name in ("terminal_id", "org", "name", "place", "created_at")}
        stands = room_orders.terminal_in(connection, entry_id)
        kept["measuring_terminal_id"] = stands["terminal_id"] if stands is not None else None
        return kept | {"name_shown": row["name"], "archived": store.is_closed(row)}

    def options(self, connection: Connection, org: str) -> Options:
        """The organisation's terminals that are enrolled."""
        rows = terminals.list_terminals(connection, org)
        known = [(row["terminal_id"], f"{row['name']}, {row['place']}") for row in rows if row["state"] == "enrolled"]
        return {"measuring_terminal_id": known}

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Store it; the name of another room is refused: records would not tell the two apart."""
        values, faults = parse(self.fields, typed.fields, day_of(change.author.at))
        measuring = values["measuring_terminal_id"] or None
        offered = {one for one, _ in self.options(change.connection, change.org)["measuring_terminal_id"]}
        if measuring is not None and measuring not in offered:
            faults["measuring_terminal_id"] = InputFault("choose")
        name, place = str(values["name"] or ""), str(values["place"] or "")
        for closed in (False, True):
            for row in store.rooms(change.connection, (change.org,), closed=closed):
                if row["terminal_id"] != entry_id and name and fold_name(row["name"]) == fold_name(name):
                    faults.setdefault("name", InputFault("taken_by", row["name"], row["terminal_id"]))
        if faults:
            return faults
        before = self.read(change.connection, entry_id) if entry_id else None
        room_id = entry_id or f"room-{new_id().replace('-', '')}"
        if before is None:
            store.add_room(change.connection, Terminal(room_id, change.org, name, place), now=change.author.at)
        else:
            store.change_room(change.connection, room_id, name, place)
        room_orders.put_terminal(change.connection, room_id, measuring)
        changes = [(room_id, before, {"name": name, "place": place, "measuring_terminal_id": measuring})]
        register_changes.note(change.connection, change.author, self.kind, change.org, changes)
        return room_id

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """Close it, or open it again. While somebody is being examined in it, it stays open."""
        if archived and store.is_in_use(change.connection, entry_id):
            return InputFault("room_in_use")
        before = self.read(change.connection, entry_id)
        store.close_room(change.connection, entry_id, closed=archived)
        after = {"archived": archived}
        register_changes.note(change.connection, change.author, self.kind, change.org, [(entry_id, before, after)])
        return None
