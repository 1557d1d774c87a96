"""How a person is reached: telephone and e-mail, sealed at rest as the SNILS is, and opened for whoever keeps the registers.

They are the person's, once in the centre. Where other organisations have the person on record too, they are shown and changed
only while the person's consent `whole_record` is in force: what another organisation was told is not passed on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from central.core.mail_address import EMAIL
from central.people.registry import Registry
from central.store import consents, employments, persons, register_changes
from central.store.register_changes import Author

MOST_CHARS = 200
_PHONE = re.compile(r"\+[1-9][0-9]{9,14}")
"""As ITU-T E.164 writes a number; of Russia +7 and ten digits."""
_TYPED = re.compile(r"[0-9()+\-. ]+")


@dataclass(frozen=True, slots=True)
class Contacts:
    """Empty where nothing is known."""

    phone: str = ""
    email: str = ""


def may_see(connection: Connection, person_id: str, orgs: Sequence[str]) -> bool:
    """Whether these organisations may be told: nobody else has the person on record, or the person has agreed."""
    others = employments.orgs_of(connection, person_id) - set(orgs)
    return not others or consents.whole_record_in_force(connection, person_id, orgs)


def read(connection: Connection, registry: Registry, person_id: str) -> Contacts:
    """What is on record."""
    sealed = persons.contacts(connection, person_id)
    return Contacts(*("" if one is None else registry.open_contact(one) for one in sealed))


def faults_of(typed: Contacts) -> dict[str, str]:
    """What is wrong with typed contacts, by field."""
    faults = {name: "too_long" for name in ("phone", "email") if len(getattr(typed, name)) > MOST_CHARS}
    if typed.phone and not _PHONE.fullmatch(plain_phone(typed.phone)):
        faults.setdefault("phone", "wrong_phone")
    if typed.email and not EMAIL.fullmatch(typed.email):
        faults.setdefault("email", "wrong_form")
    return faults


def plain_phone(typed: str) -> str:
    """A number as it is kept. «8 (900) 123-45-67» is +79001234567; what is no number stays as it is."""
    if not _TYPED.fullmatch(typed):
        return typed
    digits = re.sub(r"[^0-9+]", "", typed)
    if re.fullmatch(r"[78][0-9]{10}", digits):
        return f"+7{digits[1:]}"
    return digits


def change(
    connection: Connection,
    registry: Registry,
    person_id: str,
    typed: Contacts,
    author: Author,
    *,
    entry_id: str,
    org: str,
) -> bool:
    """Keep typed contacts without faults; empty ones are taken off the record. Whether anything changed.

    The history of the employment `entry_id` says that they changed, and not into what.
    """
    new = Contacts(plain_phone(typed.phone), typed.email)
    old = read(connection, registry, person_id)
    if new == old:
        return False
    sealed = {
        f"{name}_sealed": registry.seal_contact(value) if (value := getattr(new, name)) else None
        for name in ("phone", "email")
        if getattr(new, name) != getattr(old, name)
    }
    persons.set_contacts(connection, person_id, sealed, now=author.at)
    before = dict.fromkeys(sealed, b"")
    register_changes.note(connection, author, "workers", org, [(entry_id, before, sealed)])
    return True
