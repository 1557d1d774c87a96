"""The register of key carriers: to whom each was given, when it came back, when it was lost."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.registers.form import Field, parse
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.store import certificates, medics, register_changes
from central.store import key_carriers as store
from central.store.certificates import VALID, Certificate
from sync.contract.canonical import new_id

CARRIER_KINDS = ("token", "smart_card", "flash_drive", "other")


class CarrierForm:
    """One carrier in the hands of one medic. Given to the next one, it is a new entry."""

    kind: ClassVar[str] = "carriers"
    right: ClassVar[Right] = Right.CHANGE_REGISTERS
    archivable: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("number", needed=True),
        Field("carrier_kind", "choice", needed=True, choices=CARRIER_KINDS),
        Field("holder_id", "reference", needed=True),
        Field("issued_at", "day", needed=True, section="hand_over"),
        Field("document", needed=True, section="hand_over"),
        Field("returned_at", "day", section="hand_over"),
        Field("lost_at", "day", section="hand_over"),
    )

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The carrier's row, with the name of its holder."""
        row = store.find(connection, entry_id)
        if row is None:
            return None
        return dict(row) | {"name_shown": f"№ {row['number']}", "archived": row["archived_at"] is not None}

    def options(self, connection: Connection, org: str) -> Options:
        """The organisation's medics."""
        return {"holder_id": [(one.medic_id, _called(one)) for one in medics.of_organisations(connection, (org,))]}

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Store it. A number is in one pair of hands at a time; what is lost has not come back."""
        values, faults = parse(self.fields, typed.fields, day_of(change.author.at))
        holders = dict(self.options(change.connection, change.org)["holder_id"])
        if values["holder_id"] not in holders and "holder_id" not in faults:
            faults["holder_id"] = InputFault("choose")
        issued = values["issued_at"]
        for name in ("returned_at", "lost_at"):
            if issued and values[name] and values[name] < issued and name not in faults:
                faults[name] = InputFault("before_issue")
        if values["returned_at"] and values["lost_at"]:
            faults.setdefault("lost_at", InputFault("returned_and_lost"))
        twin = store.given_out(change.connection, change.org, values["number"])
        if twin is not None and twin["carrier_id"] != entry_id and not values["returned_at"]:
            faults["number"] = InputFault("given_to", str(twin["holder"]), str(twin["carrier_id"]))
        if faults:
            return faults
        before = self.read(change.connection, entry_id) if entry_id else None
        carrier_id = entry_id or new_id()
        now = change.author.at
        if before is None:
            own = {"carrier_id": carrier_id, "org": change.org, "created_at": now, "updated_at": now}
            store.add(change.connection, values | own)
        else:
            store.change(change.connection, carrier_id, values | {"updated_at": now})
        after = self.read(change.connection, carrier_id) or {}
        kept = {name: after[name] for name in _HISTORY}
        register_changes.note(change.connection, change.author, self.kind, change.org, [(carrier_id, before, kept)])
        return carrier_id

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """Put an entry away that was made by mistake, or take it back."""
        before = self.read(change.connection, entry_id)
        if not archived and before is not None and before["returned_at"] is None:
            twin = store.given_out(change.connection, change.org, before["number"])
            if twin is not None:
                return InputFault("given_to", str(twin["holder"]))
        after = {"archived_at": change.author.at if archived else None}
        store.change(change.connection, entry_id, after)
        register_changes.note(change.connection, change.author, self.kind, change.org, [(entry_id, before, after)])
        return None


_HISTORY = ("number", "carrier_kind", "holder", "issued_at", "document", "returned_at", "lost_at")
"""What the history has: the holder by name, as it was then."""


def on_carrier(connection: Connection, medic_id: str) -> list[Certificate]:
    """The medic's certificates in use whose key is on a carrier: those to revoke when it is lost."""
    found = certificates.of_owner(connection, medic_id)
    return [one for one in found if one.state == VALID and not one.is_key_here]


def keys_at_centre(connection: Connection, orgs: tuple[str, ...]) -> list[tuple[Certificate, str]]:
    """Certificates in use whose key lies at the centre and on no carrier, with the names of their owners."""
    names = {one.medic_id: one.full_name for one in medics.of_organisations(connection, orgs)}
    found = certificates.of_organisations(connection, orgs)
    return [(one, names.get(one.owner, "")) for one in found if one.state == VALID and one.is_key_here]


def _called(entry: Any) -> str:
    return f"{entry.full_name}, {entry.position}"
