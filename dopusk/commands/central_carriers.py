"""`dopusk central carriers …`: key carriers, the certificates on them, and what is done when one is lost."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from central.authority.pki import Authority
from central.core.clock import now_utc
from central.core.days import day_of
from central.deciding.revocation import complete, is_listed_elsewhere, named
from central.registers.carrier_keys import LOST, name_on, named_on, revoke_lost, to_revoke
from central.store import key_carriers, register_changes, registry
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_centre, open_store, plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Key carriers with the certificates on them: show, link, lost.")
Number = Annotated[str, typer.Argument(help="Number of the carrier, as it stands in the register.")]
Org = Annotated[str, typer.Option(help="Organisation (its short name).")]


@app.command("list")
def list_all(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False
) -> None:
    """Show every key carrier: number, holder, state, serial numbers on it. Exit code 1 when a lost one has certificates in use."""
    with plain_errors():
        engine = open_store(config)
        with reading(engine) as connection:
            orgs = [row["org"] for row in registry.list_organisations(connection)]
            rows = [_row(connection, dict(row)) for row in key_carriers.of_organisations(connection, orgs)]
        with writing(engine) as connection:
            note(connection, "medics.read", detail={"rows": len(rows)})
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            print("\t".join((row["number"], row["holder"], row["state"], ", ".join(row["serials"]))))
    if any(row["to_revoke"] for row in rows):
        raise typer.Exit(1)


@app.command()
def link(
    number: Number,
    config: ConfigFile,
    org: Org,
    certificate: Annotated[list[str], typer.Option(help="Serial number of a certificate on it; may be given again.")],
) -> None:
    """Say which certificates are on a key carrier that is given out. What was said before is replaced."""
    with plain_errors():
        engine = open_store(config)
        with writing(engine) as connection:
            hold_registers(connection, org)
            row = _given_out(connection, org, number)
            chosen = [named(connection, serial).certificate_id for serial in certificate]
            faults = name_on(connection, row, chosen, Author(None, now_utc()))
            if "on_other_carrier" in {fault.code for fault in faults.values()}:
                raise ValueError(f"another carrier that is given out has it: {faults['certificates'].other}")
            if faults:
                raise ValueError("a certificate is not the holder's, is not in use, or its key lies at the centre")
            note(connection, "carrier.save", row["carrier_id"], org=org)
    print(say("carrier {number} has {count} certificates", number=number, count=len(chosen)))


@app.command()
def lost(
    number: Number,
    config: ConfigFile,
    org: Org,
    reason: Annotated[str, typer.Option("--note", help="The act or how it was lost, in words.")],
) -> None:
    """Enter the loss of a key carrier and revoke every certificate on it, in one act."""
    with plain_errors():
        loaded, engine = open_centre(config)
        authority, now = Authority(loaded.keys.authority_dir), now_utc()
        with writing(engine) as connection:
            hold_registers(connection, org)
            row = _given_out(connection, org, number)
            if row["lost_at"] is None:
                values = {"lost_at": day_of(now)}
                key_carriers.change(connection, row["carrier_id"], values | {"updated_at": now})
                changes = [(row["carrier_id"], {"lost_at": None}, values)]
                register_changes.note(connection, Author(None, now), "carriers", org, changes)
                row = {**row, **values}
            note(connection, "carrier.save", row["carrier_id"], org=org)
            chosen = [one.certificate_id for one in to_revoke(connection, row)]
            done, faults = revoke_lost(connection, row, chosen, reason, Author(None, now)) if chosen else ([], {})
            if faults:
                raise ValueError("say in words how it was lost, in 500 characters at most: --note")
            for one in done:
                detail = {"serial": one.serial, "reason": LOST}
                note(connection, "medic.revoke", one.owner, org=one.org, detail=detail)
        with reading(engine) as connection:
            complete(connection, authority)
    print(say("carrier {number} is lost; certificates revoked: {count}", number=number, count=len(done)))
    for one in done:
        if is_listed_elsewhere(one, authority):
            print(say("another authority gave it: ask {issuer} to put it on its list as well", issuer=one.issuer))


def _given_out(connection: Connection, org: str, number: str) -> Mapping[str, Any]:
    row = key_carriers.given_out(connection, org, number)
    if row is None:
        raise LookupError(f"no carrier {number} of {org} is given out; the list: dopusk central carriers list")
    return dict(row)


def _row(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    state = "lost" if row["lost_at"] else "returned" if row["returned_at"] else "given_out"
    return {
        "number": row["number"],
        "org": row["org"],
        "holder": row["holder"],
        "state": state,
        "serials": [one.serial for one in named_on(connection, row["carrier_id"])],
        "to_revoke": [one.serial for one in to_revoke(connection, row)],
    }
