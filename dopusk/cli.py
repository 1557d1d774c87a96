"""The `dopusk` command. Each group of commands stands in `dopusk.commands`; here they are only put together."""

import typer

from dopusk.commands import central, demo, devices, simulate, terminal

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Dopusk: pre-shift medical terminal and the central module it reports to.",
)
app.command("demo")(demo.demo)
app.command("devices")(devices.devices)
app.command("decode")(devices.decode)
app.command("simulate")(simulate.simulate)
app.add_typer(central.app, name="central")
app.add_typer(terminal.app, name="terminal")


def main() -> None:
    """Entry point of the `dopusk` script."""
    app()
