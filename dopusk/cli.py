"""The `dopusk` command. Each group of commands stands in `dopusk.commands`; here they are only put together.

Only the module of the command that was asked for is loaded: `dopusk decode` must not wait for a database library.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from dopusk import words
from dopusk.outcome import end_of


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a command stands: module of `package`, name in it, and whether it is a group."""

    module: str
    name: str
    is_group: bool = False
    package: str = "dopusk.commands"


LAB = "dopusk.lab.commands"
"""The laboratory: demonstration, simulated devices and fleets, torture, benchmarks. A package of its own (`dopusk[lab]`)."""


COMMANDS: Mapping[str, CommandPlace] = {
    "demo": CommandPlace("demo", "demo", package=LAB),
    "devices": CommandPlace("devices", "devices"),
    "decode": CommandPlace("devices", "decode"),
    "simulate": CommandPlace("simulate", "simulate", package=LAB),
    "face": CommandPlace("face", "app", is_group=True),
    "terminal": CommandPlace("terminal_group", "app", is_group=True),
    "central": CommandPlace("central_group", "app", is_group=True),
    "torture": CommandPlace("torture", "torture", package=LAB),
    "power-cuts": CommandPlace("power_cuts", "power_cuts", package=LAB),
    "verify": CommandPlace("verify", "verify"),
    "fleet": CommandPlace("fleet", "fleet", package=LAB),
    "schemas": CommandPlace("schemas", "schemas"),
    "bench": CommandPlace("bench", "bench", package=LAB),
}


Language = Annotated[
    str | None, typer.Option("--lang", help="Language of help and messages: ru or en; otherwise that of LANG.")
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Show an unforeseen error whole; it may hold values of people: pass it on with care."),
]
"""Both only for the help: `main` takes them away before anything is put together, because help texts are."""


def installed() -> list[str]:
    """The commands that this installation has: a medical terminal and a centre come without the laboratory."""
    has_lab = find_spec("dopusk.lab") is not None and find_spec("simulators") is not None
    return [name for name, place in COMMANDS.items() if has_lab or place.package != LAB]


def build(names: Iterable[str]) -> typer.Typer:
    """The application with these commands."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Dopusk: pre-shift medical terminal and the central module it reports to.",
    )

    @app.callback()
    def root(lang: Language = None, debug: Debug = False) -> None:
        """Dopusk: pre-shift medical terminal and the central module it reports to."""

    for name in names:
        place = COMMANDS[name]
        found = getattr(import_module(f"{place.package}.{place.module}"), place.name)
        if place.is_group:
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def main() -> None:
    """Entry point of the `dopusk` script."""
    arguments = sys.argv[1:]
    before = len(arguments)
    arguments = arguments[1:] if arguments[:1] == ["--debug"] else arguments
    try:
        language, arguments = words.language_of(arguments, os.environ)
    except words.UnknownLanguage as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    arguments = arguments[1:] if arguments[:1] == ["--debug"] else arguments
    is_debug = "--debug" in sys.argv[1 : 1 + before - len(arguments)]
    asked = arguments[0] if arguments else ""
    words.use(language)
    words.translate_panels()
    found = installed()
    if asked in COMMANDS and asked not in found:
        text = "`dopusk {name}` belongs to the laboratory; install it: pip install 'dopusk[lab]'"
        sys.exit(words.say(text, name=asked))
    command = typer.main.get_group(build([asked] if asked in found else found))
    words.translate(command)
    sys.exit(end_of(lambda: command.main(arguments, prog_name="dopusk", standalone_mode=False), is_debug=is_debug))
