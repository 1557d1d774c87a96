"""`dopusk terminal …` with everything put together."""

from dopusk.commands import terminal_devices, terminal_keeping, terminal_pin
from dopusk.commands.terminal import app

app.add_typer(terminal_devices.app, name="devices")
app.command("enrol")(terminal_keeping.enrol)
app.command("renew")(terminal_keeping.renew)
app.command("tidy")(terminal_keeping.tidy)
app.command("recover")(terminal_keeping.recover)
app.command("pin")(terminal_pin.pin)
