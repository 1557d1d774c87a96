"""`dopusk terminal …` with all its groups put together."""

from dopusk.commands import terminal_devices
from dopusk.commands.terminal import app

app.add_typer(terminal_devices.app, name="devices")
