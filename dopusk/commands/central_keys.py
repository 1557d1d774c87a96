"""`dopusk central keys …`: keys of other programs for the REST interface."""

import json
import sys
from typing import Annotated

import typer

from central.access.program_keys import draft_of
from central.core.clock import now_utc
from central.store import api_keys, registry
from central.store.engine import reading, writing
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_store, plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Keys of other programs: list, add, revoke.")


@app.command("list")
def list_all(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False
) -> None:
    """Show every key: id, name, whose, scopes, term, last use. No secret: the store has none."""
    with plain_errors(), reading(open_store(config)) as connection:
        orgs = tuple(row["org"] for row in registry.list_organisations(connection))
        keys = api_keys.of_organisations(connection, orgs)
    rows = [
        {
            "key_id": key.key_id,
            "name": key.name,
            "org": key.org,
            "employer_id": key.employer_id,
            "scopes": list(key.scopes),
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
            "allowed_networks": list(key.allowed_networks),
            "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
            "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        }
        for key in keys
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        whose = row["employer_id"] or row["org"]
        print("\t".join((str(row["key_id"]), str(row["name"]), str(whose), " ".join(map(str, row["scopes"] or [])))))


@app.command()
def add(
    program: Annotated[str, typer.Argument(help="Which program will use it.")],
    config: ConfigFile,
    scope: Annotated[list[str], typer.Option(help="What the key may do; may be given again.")],
    org: Annotated[str | None, typer.Option(help="Organisation (its short name), for a key of its own system.")] = None,
    employer_id: Annotated[str | None, typer.Option(help="Employer, for a key of the employer's system.")] = None,
    until: Annotated[str, typer.Option(help="Last day of the key (YYYY-MM-DD); without: no term.")] = "",
    network: Annotated[list[str] | None, typer.Option(help="Network it may come from; may be given again.")] = None,
) -> None:
    """Make a key. It is printed once, alone on standard output; the store keeps its hash."""
    if (org is None) == (employer_id is None):
        raise typer.BadParameter("give an organisation or an employer", param_hint="--org / --employer-id")
    now = now_utc()
    with plain_errors():
        drawn, faults = draft_of(program, scope, until, " ".join(network or ()), of_employer=org is None, now=now)
        if drawn is None:
            field, code = next(iter(faults.items()))
            raise ValueError(f"the key is refused: {field}: {code}")
        with writing(open_store(config)) as connection:
            if employer_id is not None:
                row = registry.get_employer(connection, employer_id)
                if row is None:
                    raise LookupError(f"there is no employer {employer_id}")
                org = str(row["org"])
            elif org not in {row["org"] for row in registry.list_organisations(connection)}:
                raise LookupError(f"there is no organisation {org}")
            key, secret = drawn.made(str(org), employer_id, "", now)
            api_keys.add(connection, key)
            note(connection, "key.add", key.key_id, org=org, detail={"scopes": list(key.scopes)})
    print(say("key {key_id} made; its secret is on standard output, this once", key_id=key.key_id), file=sys.stderr)
    print(secret)


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="Id, as `list` shows it.")], config: ConfigFile) -> None:
    """End a key at once. It does not come back."""
    with plain_errors(), writing(open_store(config)) as connection:
        orgs = tuple(row["org"] for row in registry.list_organisations(connection))
        if not api_keys.revoke(connection, key_id, orgs, now_utc()):
            raise LookupError(f"there is no key {key_id}")
        note(connection, "key.revoke", key_id)
    print(say("key {key_id} revoked", key_id=key_id))
