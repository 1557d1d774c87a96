"""The `dopusk` command. `dopusk.commands` contains each group of commands; this module only joins them.

Only the module of the command that was asked for is loaded: `dopusk decode` must not wait for a database library.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated

import typer

from dopusk import words
from dopusk.loading import loading
from dopusk.outcome import end_of
from dopusk.places import LAB, CommandPlace, add_commands
from dopusk.places import installed as installed_of

COMMANDS: Mapping[str, CommandPlace] = {
    "demo": CommandPlace("demo", "demo", package=LAB),
    "devices": CommandPlace("devices", "devices"),
    "decode": CommandPlace("devices", "decode"),
    "simulate": CommandPlace("simulate", "simulate", package=LAB),
    "partner": CommandPlace("partner", "partner", package=LAB),
    "face": CommandPlace("face", "app", is_group=True),
    "terminal": CommandPlace("terminal_group", "app", is_group=True),
    "central": CommandPlace("central_table", "HELP", is_group=True, table="central_table"),
    "signer": CommandPlace("signer", "app", is_group=True),
    "torture": CommandPlace("torture", "torture", package=LAB),
    "power-cuts": CommandPlace("power_cuts", "power_cuts", package=LAB),
    "verify": CommandPlace("verify", "verify"),
    "check": CommandPlace("check", "check"),
    "fleet": CommandPlace("fleet", "fleet", package=LAB),
    "exchange": CommandPlace("exchange", "app", is_group=True),
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
    """The commands that this installation has."""
    return installed_of(COMMANDS)


def build(names: Iterable[str], inner: str = "") -> typer.Typer:
    """The application with these commands; of a group with many modules only the command `inner`, if it is one."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Dopusk: pre-shift medical terminal and the central module it reports to.",
    )

    @app.callback()
    def root(lang: Language = None, debug: Debug = False) -> None:
        """Dopusk: pre-shift medical terminal and the central module it reports to."""

    add_commands(app, COMMANDS, names, inner)
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
    inner = "".join(arguments[1:2])
    if asked in COMMANDS and asked not in found:
        missing = asked
    else:
        within = COMMANDS[asked].inner_places() if asked in COMMANDS else {}
        missing = f"{asked} {inner}" if inner in within and inner not in installed_of(within) else ""
    if missing:
        text = "`dopusk {name}` belongs to the laboratory; install it: pip install 'dopusk[lab]'"
        sys.exit(words.say(text, name=missing))
    with loading():
        command = typer.main.get_group(build([asked] if asked in found else found, inner))
        words.translate(command)
    sys.exit(end_of(lambda: command.main(arguments, prog_name="dopusk", standalone_mode=False), is_debug=is_debug))
