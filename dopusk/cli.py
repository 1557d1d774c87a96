"""The `dopusk` command. Each group of commands stands in `dopusk.commands`; here they are only put together.

Only the module of the command that was asked for is loaded: `dopusk decode` must not wait for a database library.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer

from dopusk import words


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


Language = Annotated[
    str | None, typer.Option("--lang", help="Language of help and messages: ru or en; otherwise that of LANG.")
]
"""Only for the help: `main` takes it away before anything is put together, because help texts are."""


def build(names: Iterable[str]) -> typer.Typer:
    """The application with these commands."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Dopusk: pre-shift medical terminal and the central module it reports to.",
    )

    @app.callback()
    def root(lang: Language = None) -> None:
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
    try:
        language, arguments = words.language_of(sys.argv[1:], os.environ)
    except words.UnknownLanguage as error:
        sys.exit(str(error))
    asked = arguments[0] if arguments else ""
    words.use(language)
    words.translate_panels()
    command = typer.main.get_group(build([asked] if asked in COMMANDS else COMMANDS))
    words.translate(command)
    command(arguments)
