"""The `dopusk` command. Each group of commands stands in `dopusk.commands`; here they are only put together.

Only the module of the command that was asked for is loaded: `dopusk decode` must not wait for a database library.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

import typer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command stands: module of `dopusk.commands`, name in it, and whether it is a group."""

    module: str
    name: str
    is_group: bool = False


COMMANDS: Mapping[str, Place] = {
    "demo": Place("demo", "demo"),
    "devices": Place("devices", "devices"),
    "decode": Place("devices", "decode"),
    "simulate": Place("simulate", "simulate"),
    "face": Place("face", "app", is_group=True),
    "terminal": Place("terminal_group", "app", is_group=True),
    "central": Place("central_group", "app", is_group=True),
    "torture": Place("torture", "torture"),
    "power-cuts": Place("power_cuts", "power_cuts"),
    "verify": Place("verify", "verify"),
    "fleet": Place("fleet", "fleet"),
    "schemas": Place("schemas", "schemas"),
    "bench": Place("bench", "bench"),
}


def build(names: Iterable[str]) -> typer.Typer:
    """The application with these commands."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Dopusk: pre-shift medical terminal and the central module it reports to.",
    )

    @app.callback()
    def root() -> None:
        """Dopusk: pre-shift medical terminal and the central module it reports to."""

    for name in names:
        place = COMMANDS[name]
        found = getattr(import_module(f"dopusk.commands.{place.module}"), place.name)
        if place.is_group:
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def main() -> None:
    """Entry point of the `dopusk` script."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    build([asked] if asked in COMMANDS else COMMANDS)()
