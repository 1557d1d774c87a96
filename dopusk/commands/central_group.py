"""`dopusk central …` with all its commands, for whoever needs them all at once."""

import typer

from dopusk.commands.central_table import COMMANDS, HELP
from dopusk.places import add_commands, installed

app = typer.Typer(no_args_is_help=True, help=HELP)
add_commands(app, COMMANDS, installed(COMMANDS))
