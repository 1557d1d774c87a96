"""Ends a command: its exit code, and for an error one line that says what is wrong, where, and what to do.

An unforeseen error is told by its kind and its place alone: its words may carry values of people. `--debug` shows it whole.
"""

import re
import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import typer
from typer.exceptions import TyperException

from dopusk.told import error_words, is_of_database, told
from dopusk.words import say

USAGE = 2
UNFORESEEN = 70
"""As `sysexits.h` has it for a fault of the program itself."""
_ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = {"central", "config", "dopusk", "drivers", "kiosk_ui", "simulators", "sync", "terminal"}
_NO_HELP = "NoArgsIsHelpError"
_QUOTED_OPTION = re.compile(r"'(--?[\w-]+|[A-ZА-ЯЁ][A-ZА-ЯЁ_:]+)'")


def end_of(command: Callable[[], object], *, is_debug: bool = False) -> int:
    """Run a command; returns the exit code, after a line for people on standard error where it did not go well."""
    try:
        code = command()
        return code if isinstance(code, int) else 0
    except TyperException as error:
        if type(error).__name__ != _NO_HELP:  # its help is shown already
            _tell_usage(error)
        return getattr(error, "exit_code", USAGE)
    except typer.Abort:
        typer.echo(say("called off; nothing was changed"), err=True)
        return 1
    except Exception as error:  # noqa: BLE001  # whatever it is, nobody is met with a trace
        if is_debug:
            traceback.print_exception(error)
        if isinstance(error, OSError | UnicodeDecodeError) or is_of_database(error):
            typer.echo(error_words(error), err=True)
            return 1
        typer.echo(unforeseen_words(error), err=True)
        return UNFORESEEN


def unforeseen_words(error: BaseException) -> str:
    """One line about an error that nobody has foreseen: the same reference for the same fault, and no value of anybody."""
    kind, place = type(error).__name__, _place_of(error)
    reference = sha256(f"{kind} {place}".encode()).hexdigest()[:6].upper()
    text = "unforeseen error {reference} ({kind}, {place}): tell our developers; `dopusk --debug …` shows it whole"
    return say(text, reference=reference, kind=kind, place=place)


def _place_of(error: BaseException) -> str:
    """File and line of ours where it came up last."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(Path(frame.filename))]
    last = (ours or list(frames))[-1]
    return f"{Path(last.filename).relative_to(_ROOT) if ours else Path(last.filename).name}:{last.lineno}"


def _is_ours(file: Path) -> bool:
    return file.is_relative_to(_ROOT) and file.relative_to(_ROOT).parts[0] in _PACKAGES


def _tell_usage(error: TyperException) -> None:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "dopusk"
    said = told(error.format_message())
    if getattr(error, "option_name", "") == "--lang":
        said += f"; {told('--lang stands before the command')}"
    typer.echo(f"{path}: {_QUOTED_OPTION.sub(lambda found: found[1], said)}", err=True)
    typer.echo(say("help: {command}", command=f"{path} --help"), err=True)
