"""`dopusk central …` with all its groups put together."""

from dopusk.commands import central_terminals
from dopusk.commands.central import app

app.add_typer(central_terminals.app, name="terminals")
