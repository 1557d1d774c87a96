"""`dopusk central medic …`: medics with their certificates, and revocation."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from central.authority.pki import Authority
from central.authority.terms import stage_of
from central.core.clock import now_utc
from central.deciding.revocation import complete, is_listed_elsewhere, named, reason_of
from central.deciding.revocation import revoke as revoke_certificate
from central.store import certificates, medics, registry
from central.store.certificates import Certificate
from central.store.engine import reading, writing
from central.store.register_changes import Author
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_centre, open_store, plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Medics with their certificates: show, revoke.")


@app.command("list")
def list_all(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False
) -> None:
    """Show every medic's certificates: serial number, owner, state, days left. Exit code 1 when one ends within 30 days."""
    now = now_utc()
    with plain_errors():
        engine = open_store(config)
        rows = _rows(engine, now)
        with writing(engine) as connection:
            note(connection, "medics.read", detail={"rows": len(rows)})
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            print("\t".join(str(row[name]) for name in ("serial", "full_name", "state", "until", "days")))
    if any(row["due"] for row in rows):
        raise typer.Exit(1)


@app.command()
def revoke(
    serial: Annotated[str, typer.Argument(help="Serial number of the certificate, hexadecimal.")],
    config: ConfigFile,
    reason: Annotated[
        str,
        typer.Option(
            help="key_compromise, carrier_lost, dismissed, replaced, not_needed, or the reason in your own words."
        ),
    ],
) -> None:
    """Revoke a medic's certificate: it signs nothing from now on. What it has signed before stays valid."""
    with plain_errors():
        why = reason_of(reason)
        loaded, engine = open_centre(config)
        authority = Authority(loaded.keys.authority_dir)
        with writing(engine) as connection:
            found = named(connection, serial)
            done = revoke_certificate(connection, found.certificate_id, why, Author(None, now_utc()))
            detail = {"serial": done.serial, "reason": why.code}
            note(connection, "medic.revoke", done.owner, org=done.org, detail=detail)
        with reading(engine) as connection:
            complete(connection, authority)
    print(say("certificate {serial} is revoked; its key signs nothing more", serial=done.serial))
    if is_listed_elsewhere(done, authority):
        print(say("another authority gave it: ask {issuer} to put it on its list as well", issuer=done.issuer))


def _rows(engine: Engine, now: datetime) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        orgs = tuple(row["org"] for row in registry.list_organisations(connection))
        names = {entry.medic_id: entry.full_name for entry in medics.of_organisations(connection, orgs)}
        return [_row(one, names.get(one.owner, ""), now) for one in certificates.of_organisations(connection, orgs)]


def _row(one: Certificate, full_name: str, now: datetime) -> dict[str, Any]:
    return {
        "serial": one.serial,
        "full_name": full_name,
        "org": one.org,
        "key": one.key_provider,
        "state": one.state,
        "until": one.valid_until.isoformat(),
        "days": (one.valid_until - now).days,
        "due": stage_of(one, now) is not None,
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "reason": one.reason,
    }
