"""The modules of the commands, and how some are put together: only the requested one is loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import typer

LAB = "dopusk.lab.commands"
"""The laboratory: demonstration, simulated devices and fleets, torture, benchmarks. A package of its own (`dopusk[lab]`)."""


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a command stands: module of `package`, name in it, and whether it is a group.

    `table`: for a group of many modules, the module of `package` whose `COMMANDS` says where each of its commands stands;
    `name` then gives its help.
    """

    module: str
    name: str
    is_group: bool = False
    package: str = "dopusk.commands"
    table: str = ""

    def load(self) -> object:
        """Import it."""
        return getattr(import_module(f"{self.package}.{self.module}"), self.name)

    def inner_places(self) -> Mapping[str, "CommandPlace"]:
        """The places of a group's commands; none for a group that stands in one module."""
        return import_module(f"{self.package}.{self.table}").COMMANDS if self.table else {}


def installed(places: Mapping[str, CommandPlace]) -> list[str]:
    """Those of the commands that this installation has: a medical terminal and a centre come without the laboratory."""
    has_lab = find_spec("dopusk.lab") is not None and find_spec("simulators") is not None
    return [name for name, place in places.items() if has_lab or place.package != LAB]


def add_commands(app: typer.Typer, places: Mapping[str, CommandPlace], names: Iterable[str], inner: str = "") -> None:
    """Put commands into `app`. Of a group with a table only the command `inner`, if it has that; otherwise all."""
    for name in names:
        place = places[name]
        within = place.inner_places()
        if within:
            group = typer.Typer(no_args_is_help=True, help=str(place.load()))
            add_commands(group, within, [inner] if inner in within else installed(within))
            app.add_typer(group, name=name)
        elif place.is_group:
            app.add_typer(place.load(), name=name)  # type: ignore[arg-type]  # a group is a Typer
        else:
            app.command(name)(place.load())  # type: ignore[type-var]  # and a command a function
