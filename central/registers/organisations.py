"""The register of medical organisations: name, licence, OID. Without a licence in force nobody of the organisation can sign."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.mail_address import EMAIL
from central.core.parties import Organisation
from central.core.rights import Right
from central.registers.employer_rules import is_inn
from central.registers.form import Faults, Field, parse
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.store import registry

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""The form of `sync.contract.model.Name`: it stands in topics."""
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){3,}")


REQUISITES = ("oid", "inn", "kpp", "ogrn", "region_code", "address", "email", "phone", "profile", "hours")
"""What the federal register says of an organisation, beside its name."""
_KPP, _OGRN, _REGION = (
    re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}"),
    re.compile(r"[0-9]{13}|[0-9]{15}"),
    re.compile(r"[0-9]{2}"),
)


def requisite_faults(values: Mapping[str, Any]) -> Faults:
    """What is wrong with the requisites of an organisation. Pure."""
    faults: Faults = {}
    forms = {"oid": _OID, "kpp": _KPP, "region_code": _REGION, "email": EMAIL}
    for name, form in forms.items():
        if values.get(name) and not form.fullmatch(values[name]):
            faults[name] = InputFault("wrong_form")
    if values.get("inn") and not is_inn(values["inn"]):
        faults["inn"] = InputFault("wrong_inn")
    if values.get("ogrn") and not _is_ogrn(values["ogrn"]):
        faults["ogrn"] = InputFault("wrong_ogrn")
    return faults


def _is_ogrn(number: str) -> bool:
    """Form and check digit: of the number without it, the remainder by 11 (of 13 digits) or 13 (of 15), last digit."""
    if not _OGRN.fullmatch(number):
        return False
    return int(number[:-1]) % (11 if len(number) == 13 else 13) % 10 == int(number[-1])


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
        Field("oid_checked_at", "day", section="papers"),
        Field("conclusions_keeper", section="papers"),
        Field("inn", section="requisites"),
        Field("kpp", section="requisites"),
        Field("ogrn", section="requisites"),
        Field("region_code", section="requisites"),
        Field("address", section="contact"),
        Field("email", section="contact"),
        Field("phone", section="contact"),
        Field("profile", "text", section="contact"),
        Field("hours", section="contact"),
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
            faults["org"] = InputFault("wrong_form")
        faults |= requisite_faults(values)
        taken = registry.get_organisation(change.connection, org) if entry_id is None else None
        if taken is not None:
            # Another organisation's name is not told: it may belong to somebody else.
            faults["org"] = InputFault("taken")
        if faults:
            return faults
        kept = {name: values[name] or None for name in (*REQUISITES, "oid_checked_at", "conclusions_keeper")}
        before = registry.get_organisation(change.connection, org)
        source = before["oid_source"] if before is not None and before["oid"] == kept["oid"] else None
        kept["oid_source"] = source or ("form" if kept["oid"] else None)
        organisation = Organisation(
            org, values["name"], values["licence"], licence_until=values["licence_until"], **kept
        )
        change.registry.add_organisation(change.connection, organisation, change.author)
        return org

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """Organisations stay: exams, terminals and accounts hang on them."""
        return InputFault("stays")
