"""`dopusk terminal pin`: makes the hash of the service screen's PIN; the PIN itself is not stored."""

import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer
from argon2 import PasswordHasher

from dopusk.commands.asking import typed_twice
from dopusk.told import told
from dopusk.words import say
from terminal.service_pin import (
    LEAST_DIGITS,
    MOST_DIGITS,
    NoPlaceForPin,
    PinFault,
    fault_of,
    section_of,
    with_pin_hash,
)

BAD_FILE = 2


def pin(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="terminal.toml", envvar="DOPUSK_TERMINAL_CONFIG")
    ] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the PIN from standard input, one line, and ask nothing.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write the line into terminal.toml instead of printing it.")
    ] = False,
) -> None:
    """Ask twice for a PIN of the service screen and print the line for `terminal.toml`; the PIN itself is kept nowhere.

    With --write the line goes into the file of --config. A PIN that anybody would guess is refused.
    """
    if write and config is None:
        typer.echo(say("--write needs the file: --config terminal.toml (service engineer)"), err=True)
        raise typer.Exit(BAD_FILE)
    chosen = sys.stdin.readline().rstrip("\r\n") if stdin else _asked_twice()
    fault = fault_of(chosen)
    if fault is not None:
        typer.echo(_why(fault), err=True)
        raise typer.Exit(1)
    pin_hash = PasswordHasher().hash(chosen)
    if not write or config is None:
        typer.echo(section_of(pin_hash), nl=False)
        return
    _write(config, pin_hash)
    typer.echo(say("{path}: the PIN is set; restart the kiosk, then it opens the service screen", path=config))


def _asked_twice() -> str:
    chosen = typed_twice(say("PIN, four digits or more"), say("The same PIN once more"))
    if chosen is None:
        typer.echo(say("the two PINs are not the same; nothing was changed, begin again"), err=True)
        raise typer.Exit(1)
    return chosen


def _why(fault: PinFault) -> str:
    match fault:
        case "not_digits" | "too_short":
            return say("a PIN has {count} digits or more, and nothing else", count=LEAST_DIGITS)
        case "too_long":
            return say("the screen's keypad takes {count} digits at most", count=MOST_DIGITS)
        case "repeated":
            return say("this PIN repeats itself, as 0000 or 1212 do: anybody tries that first; choose another")
        case "in_a_row":
            return say("this PIN is a row of digits or of keys, as 1234 or 2580 are: anybody tries that first")
        case "year":
            return say("this PIN is a year: anybody tries that first; choose another")
        case "common":
            return say("this PIN is among the commonest; choose another")


def _write(path: Path, pin_hash: str) -> None:
    """Replace the file at once, with its owner and rights; a power cut leaves the old one or the new one."""
    target = path.resolve()
    try:
        with target.open(encoding="utf-8", newline="") as file:  # line ends as they are
            text = file.read()
        fresh = target.with_name(target.name + ".new")
        written = with_pin_hash(text, pin_hash)
        before = target.stat()
        with fresh.open("w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), before.st_mode & 0o777)
            if os.geteuid() == 0:
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        typer.echo(say("{path}: not written: {error} (service engineer)", path=path, error=told(str(error))), err=True)
        raise typer.Exit(BAD_FILE) from error
    except NoPlaceForPin as error:
        text = say("{path}: its [service] section is written in a way of its own; put this line there:", path=path)
        typer.echo(text, err=True)
        typer.echo(section_of(pin_hash), nl=False)
        raise typer.Exit(BAD_FILE) from error
