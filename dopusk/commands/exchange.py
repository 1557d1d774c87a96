"""`dopusk exchange …`: converts files between our formats and those of other systems. Opens no store and no network."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from central.systems.code_translating import Unmapped
from central.systems.converting.registry import CONVERTERS, Told, convert
from central.systems.map_files import read_codes, read_form
from dopusk.commands.central import plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Convert files between our formats and those of other systems.")


@app.callback()
def group() -> None:
    """Convert files between our formats and those of other systems."""


@app.command("convert")
def convert_file(
    file: Annotated[Path | None, typer.Argument(help="The file to convert.", show_default=False)] = None,
    source: Annotated[str, typer.Option("--from", help="Form of the file.")] = "",
    target: Annotated[str, typer.Option("--to", help="Form that is wanted.")] = "",
    partner: Annotated[str, typer.Option(help="Whose codes: the partner's name in central.toml.")] = "",
    codes: Annotated[
        Path | None, typer.Option(help="Map of codes, as the partner's page gives it.", show_default=False)
    ] = None,
    employer: Annotated[str, typer.Option(help="Name or INN of the employer, for rows of workers.")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where it goes; none: standard output.")] = None,
    list_pairs: Annotated[bool, typer.Option("--list", help="Name all pairs of forms.")] = False,
) -> None:
    """Convert a file. Exit code 1 when it cannot be converted as a whole; nothing is written then."""
    if list_pairs:
        for one, other in CONVERTERS:
            print(f"{one} -> {other}")
        return
    with plain_errors():
        if (source, target) not in CONVERTERS:
            raise ValueError(f"there is no converter from {source or '?'} to {target or '?'}; next: --list")
        if file is None:
            raise ValueError("name the file to convert")
        if partner and codes is None:
            raise ValueError("--partner needs --codes: the map of codes that the partner's page gives")
        given = codes.read_bytes() if codes is not None else None
        bindings = read_codes(given, partner) if given is not None else {}
        form = read_form(given) if given is not None else []
        try:
            made = convert(source, target, file.read_bytes(), Told(bindings, employer, form))
        except Unmapped as error:
            for place in error.places:
                typer.echo(say("unmapped {place}", place=place), err=True)
            raise typer.Exit(1) from error
        if output is None:
            sys.stdout.buffer.write(made)
            sys.stdout.flush()
        else:
            output.write_bytes(made)
