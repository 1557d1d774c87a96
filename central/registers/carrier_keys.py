"""What is on a key carrier: certificates of its holder, and what becomes of them when it is lost.

A carrier whose certificates nobody has named yet counts as one that may hold any of its holder's.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from central.core.input_fault import InputFault
from central.deciding.revocation import MOST_NOTE, Reason, revoke
from central.registers.carriers import on_carrier
from central.store import certificates, key_carriers, register_changes
from central.store.certificates import VALID, Certificate
from central.store.register_changes import Author

LOST = "carrier_lost"


def named_on(connection: Connection, carrier_id: str) -> list[Certificate]:
    """Certificates that the register names on it, revoked ones too."""
    found = (certificates.find(connection, one) for one in key_carriers.certificates_on(connection, carrier_id))
    return [one for one in found if one is not None]


def may_be_on(connection: Connection, carrier: Mapping[str, Any]) -> list[Certificate]:
    """What may be named on it: what is named already, and the holder's certificates in use whose key is on a carrier."""
    named = named_on(connection, carrier["carrier_id"])
    return named + [one for one in on_carrier(connection, carrier["holder_id"]) if one not in named]


def to_revoke(connection: Connection, carrier: Mapping[str, Any]) -> list[Certificate]:
    """Of a lost carrier: certificates in use that somebody has to revoke; the program revokes none by itself."""
    if carrier["lost_at"] is None:
        return []
    named = named_on(connection, carrier["carrier_id"])
    return [one for one in named if one.state == VALID] if named else on_carrier(connection, carrier["holder_id"])


def name_on(
    connection: Connection, carrier: Mapping[str, Any], chosen: Collection[str], author: Author
) -> dict[str, InputFault]:
    """Say which certificates are on it, by id, in the caller's transaction; returns faults by field, then nothing is stored.

    A key is on one carrier at a time: what another one that is given out has is a fault.
    """
    possible = {one.certificate_id: one for one in may_be_on(connection, carrier)}
    if not set(chosen) <= set(possible):
        return {"certificates": InputFault("choose")}
    for one in chosen:
        elsewhere = key_carriers.given_out_with(connection, one)
        if elsewhere is not None and elsewhere["carrier_id"] != carrier["carrier_id"]:
            return {"certificates": InputFault("on_other_carrier", f"№ {elsewhere['number']}", elsewhere["carrier_id"])}
    before = named_on(connection, carrier["carrier_id"])
    key_carriers.put_certificates(connection, carrier["carrier_id"], chosen)
    said = {
        when: {"certificates": [one.serial for one in these]}
        for when, these in (("before", before), ("after", named_on(connection, carrier["carrier_id"])))
    }
    changes = [(carrier["carrier_id"], said["before"], said["after"])]
    register_changes.note(connection, author, "carriers", carrier["org"], changes)
    return {}


def revoke_lost(
    connection: Connection, carrier: Mapping[str, Any], chosen: Collection[str], note: str, author: Author
) -> tuple[list[Certificate], dict[str, InputFault]]:
    """Revoke certificates of a lost carrier, all in the caller's transaction; those, or faults by field and nothing.

    `central.deciding.revocation.complete` comes after the commit.
    """
    possible = {one.certificate_id for one in to_revoke(connection, carrier)}
    words, faults = " ".join(note.split()), {}
    if not words:
        faults["note"] = InputFault("needed")
    elif len(words) > MOST_NOTE:
        faults["note"] = InputFault("too_long")
    if not chosen or not set(chosen) <= possible:
        faults["certificates"] = InputFault("choose")
    if faults:
        return [], faults
    return [revoke(connection, one, Reason(LOST, words), author) for one in sorted(set(chosen))], {}
