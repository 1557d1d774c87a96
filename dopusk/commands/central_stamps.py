"""`dopusk central stamps …`: renew what proves the time of signatures before it can be believed no longer."""

from typing import Annotated

import typer

from central.conclusions.renewing import Renewing
from central.core.clock import now_utc
from central.deciding.stamping import Stamping
from central.grounds.document_files import DocumentFiles
from central.store.engine import writing
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Time stamps of signatures: renew them before they end.")


@app.callback()
def stamps() -> None:
    """Time stamps of signatures: renew them before they end."""


@app.command()
def renew(
    config: ConfigFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many are due.")] = False,
) -> None:
    """Renew the time stamps of signatures that end soon; `serve` does it each day. Exit code 1 when some are left."""
    with plain_errors():
        loaded, engine = open_centre(config)
        if loaded.timestamp is None:
            raise LookupError("no time-stamping authority is configured: [timestamp] in central.toml")
        renewing = Renewing(engine, Stamping(loaded.timestamp), DocumentFiles.from_config(loaded), now_utc)
        if dry_run:
            print(say("{count} time stamps are due", count=len(renewing.due())))
            return
        done = renewing.run()
        with writing(engine) as connection:
            note(connection, "stamps.renew", detail={"due": done.due, "made": done.made, "code": done.code})
    print(say("{made} of {due} time stamps renewed", made=done.made, due=done.due))
    if done.code:
        typer.echo(say("the authority gave no more: {code}; run it again later", code=done.code), err=True)
        raise typer.Exit(1)
