"""The register of medical organisations: name, licence, OID. Without a licence in force nobody of the organisation can sign."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.parties import Organisation
from central.core.rights import Right
from central.registers.form import Field, FieldFault, parse
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.store import registry

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""The form of `sync.contract.model.Name`: it stands in topics."""
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){3,}")


class OrganisationForm:
    """One medical organisation. Its short name is part of every topic and never changes."""

    kind: ClassVar[str] = "organisations"
    right: ClassVar[Right] = Right.CHANGE_ORGANISATIONS
    archivable: ClassVar[bool] = False
    fields: ClassVar[tuple[Field, ...]] = (
        Field("org", needed=True),
        Field("name", needed=True),
        Field("licence", section="papers"),
        Field("licence_until", "day", section="papers", future=True),
        Field("oid", section="papers"),
    )

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The organisation's row."""
        row = registry.get_organisation(connection, entry_id)
        return None if row is None else dict(row) | {"name_shown": row["name"], "archived": False}

    def options(self, connection: Connection, org: str) -> Options:
        """No references."""
        return {}

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Store it under its short name."""
        words = dict(typed.fields) | ({"org": entry_id} if entry_id else {})
        values, faults = parse(self.fields, words, day_of(change.author.at))
        org = str(values["org"])
        if org and not _NAME.fullmatch(org):
            faults["org"] = FieldFault("wrong_form")
        if values["oid"] and not _OID.fullmatch(values["oid"]):
            faults["oid"] = FieldFault("wrong_form")
        taken = registry.get_organisation(change.connection, org) if entry_id is None else None
        if taken is not None:
            # Another organisation's name is not told: it may belong to somebody else.
            faults["org"] = FieldFault("taken")
        if faults:
            return faults
        organisation = Organisation(
            org, values["name"], values["licence"], values["oid"] or None, values["licence_until"]
        )
        change.registry.add_organisation(change.connection, organisation, change.author)
        return org

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> FieldFault | None:
        """Organisations stay: exams, terminals and accounts hang on them."""
        return FieldFault("stays")
