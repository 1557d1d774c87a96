"""`dopusk central terminals …`: registering terminals, one-time codes, revocation."""

import json
from typing import Annotated

import typer
from sqlalchemy import Connection

from central.core.config import load_config
from central.core.parties import Terminal
from central.core.snils import SnilsKey
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import terminal_employers, terminals
from central.store.engine import reading, writing
from central.store.registry import list_employers
from central.terminals.enrolment import Enrolment
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_store, plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Terminals: register, enrol, revoke.")

TerminalId = Annotated[str, typer.Argument(help="Name of the terminal, as in its topics and its certificate.")]


@app.command()
def add(
    terminal_id: TerminalId,
    config: ConfigFile,
    org: Annotated[str, typer.Option(help="Organisation, as in topics.")],
    name: Annotated[str, typer.Option(help="Name that people read.")],
    place: Annotated[str, typer.Option(help="Where it stands.")],
) -> None:
    """Register a terminal. It can say nothing until it is enrolled with a code."""
    with plain_errors():
        loaded, engine = load_config(config), open_store(config)
        registry = Registry(Outgoing.from_config(loaded), SnilsKey.from_file(loaded.keys.snils_key_file))
        with writing(engine) as connection:
            registry.add_terminal(connection, Terminal(terminal_id, org, name, place))
            note(connection, "terminal.add", terminal_id, org=org)
    text = "terminal {terminal_id} is registered; next: dopusk central terminals code {terminal_id} -c {config}"
    print(say(text, terminal_id=terminal_id, config=config))


@app.command()
def code(terminal_id: TerminalId, config: ConfigFile) -> None:
    """Print a one-time enrolment code. It is valid for a day, ends every earlier one, and is shown only now."""
    with plain_errors():
        engine = open_store(config)
        enrolment = Enrolment(load_config(config), engine)
        with writing(engine) as connection:
            fresh = enrolment.create_code(connection, terminal_id)
            note(connection, "terminal.code", terminal_id, org=_org_of(connection, terminal_id))
    print(fresh)


@app.command()
def revoke(terminal_id: TerminalId, config: ConfigFile) -> None:
    """Shut a terminal out for good. A running `central serve` ends the connection that it still has."""
    with plain_errors():
        loaded = load_config(config)
        engine = open_store(config)
        Enrolment(loaded, engine).revoke(terminal_id)
        with writing(engine) as connection:
            note(connection, "terminal.revoke", terminal_id, org=_org_of(connection, terminal_id))
    crl = loaded.keys.authority_dir / "crl.pem"
    text = (
        "terminal {terminal_id} is revoked; dopusk-revocation.path hands {crl} to the broker "
        "(without systemd: copy it there and send the broker SIGHUP)"
    )
    print(say(text, terminal_id=terminal_id, crl=crl))


@app.command()
def bind(
    terminal_id: TerminalId,
    config: ConfigFile,
    employer: Annotated[
        list[str] | None, typer.Option(help="Name, INN or id of an employer; give it once for each.")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All employers of the organisation.")] = False,
) -> None:
    """Say whose workers a terminal knows: of these employers alone, or of all of its organisation."""
    if bool(employer) == everybody:
        raise typer.BadParameter(say("name employers, or give --all"))
    with plain_errors():
        loaded, engine = load_config(config), open_store(config)
        registry = Registry(Outgoing.from_config(loaded), SnilsKey.from_file(loaded.keys.snils_key_file))
        with writing(engine) as connection:
            chosen = [_employer_of(connection, terminal_id, words) for words in employer or []]
            bound = registry.bind_terminal(connection, terminal_id, chosen)
            note(connection, "terminal.bind", terminal_id, org=bound.org, detail=bound.detail)
    text = "terminal {terminal_id} knows the workers of: {employers}"
    print(say(text, terminal_id=terminal_id, employers=", ".join(employer or [say("all employers")])))


def _employer_of(connection: Connection, terminal_id: str, words: str) -> str:
    """The employer of the terminal's organisation that is meant. Raises `LookupError`."""
    org = _org_of(connection, terminal_id) or ""
    found = [
        row["employer_id"]
        for row in list_employers(connection, org)
        if words in (row["employer_id"], row["inn"]) or row["name"].casefold() == words.casefold()
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} employers of the organisation are called {words!r}; give the INN or the id")
    return str(found[0])


@app.command("list")
def list_all(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False
) -> None:
    """Show all terminals with state and link."""
    with plain_errors(), reading(open_store(config)) as connection:
        rows = [dict(row) for row in terminals.list_terminals(connection)]
        bound = terminal_employers.of_all(connection)
    for row in rows:
        row["employers"] = bound.get(row["terminal_id"])
    names = ("terminal_id", "org", "name", "place", "state", "link", "head_seq", "last_seen", "employers")
    if as_json:
        print(json.dumps([{name: row[name] for name in names} for row in rows], default=str, ensure_ascii=False))
        return
    for row in rows:
        print("\t".join(str(row[name]) for name in names))


def _org_of(connection: Connection, terminal_id: str) -> str | None:
    row = terminals.get_terminal(connection, terminal_id)
    return str(row["org"]) if row is not None else None
