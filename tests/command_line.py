"""The `dopusk` command in this process: as quick as a function call, with all of what `main` does around a command."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from unittest import mock

import typer
import typer.rich_utils
from typer.core import TyperCommand, TyperGroup

from central.core.rights import Role
from dopusk import cli, words
from dopusk.cli import COMMANDS, build
from dopusk.lab.demo.scenarios import SCENARIOS

_PANELS = (
    "OPTIONS_PANEL_TITLE", "COMMANDS_PANEL_TITLE", "ARGUMENTS_PANEL_TITLE", "ERRORS_PANEL_TITLE",
    "DEFAULT_STRING", "ENVVAR_STRING", "REQUIRED_LONG_STRING",
)  # fmt: skip
NAMES = {
    "dopusk", "Dopusk", "MQTT", "JSON", "Lines", "XLSX", "CSV", "PEM", "CMS", "USB", "TOML", "UTF", "SQLAlchemy", "URL",
    "SQLite", "PostgreSQL", "Debian", "Modbus", "Ed25519", "Argon2", "SHA", "TLS", "OID", "LANG", "paho", "OpenCV",
    "YuNet", "SFace", "dlib", "sface", "mosquitto", "openssl", "systemd", "Yes", "JPEG", "PNG", "WebP", "BMP", "TIFF",
    "SNILS", "GOST", "SIGHUP", "stdin", "pty", "tcp", "real", "demo", "test", "sqlite", "postgresql", "live",
    "not_live", "unclear", "higher", "secondary", "employer", "run", "serve", "ingest", "central", "terminal", "face",
    "models", "verify", "list", "fleet", "kiosk", "devices", "store", "centre", "console", "click", "roster", "key", "ключ",
    "file_x", "file_y", "Decision", "session", "normal", "keys", "device", "port", "dialout", "result", "false", "true",
    "0x0B", "http", "implicit", "starttls", "postgresql-client", "-wal", "wal", "shm", "No",
    "serial", "dismissed", "replaced", "xlsx",
}  # fmt: skip
"""Names, units, formats and codes that are the same in Russian."""
_MEANT_SO = re.compile(
    r"`[^`]*`|'[^']*'|«[^»]*»|--[\w-]+|\[по умолчанию: [^\]]*\]|\S*[/.=:_]\S*|\[\[?\w+\]\]?|\b[A-Z][A-Z0-9_]+\b"
)


Command = TyperCommand | TyperGroup


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


def run(*arguments: str, lang: str = "ru", typed: str = "") -> Done:
    """Run `dopusk --lang LANG …`; `typed` is its standard input."""
    out, err = io.StringIO(), io.StringIO()
    kept = {name: getattr(typer.rich_utils, name) for name in _PANELS}
    before, code = words.in_use(), 0
    try:
        with redirect_stdout(out), redirect_stderr(err), mock.patch("sys.stdin", io.StringIO(typed)):
            argv = ["dopusk", "--lang", lang, *arguments]
            with mock.patch.object(sys, "argv", argv), mock.patch.dict(os.environ, {"COLUMNS": "220"}):
                cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        words.use(before)
        for name, value in kept.items():
            setattr(typer.rich_utils, name, value)
    return Done(code, out.getvalue(), err.getvalue())


def commands() -> Iterator[tuple[tuple[str, ...], Command]]:
    """Every command and group with its path."""

    def walk(
        path: tuple[str, ...], command: TyperCommand | TyperGroup
    ) -> Iterator[tuple[tuple[str, ...], TyperCommand | TyperGroup]]:
        yield path, command
        for name, child in getattr(command, "commands", {}).items():
            yield from walk((*path, name), child)

    yield from walk((), typer.main.get_group(build(COMMANDS)))


def english_in(text: str) -> list[str]:
    """Latin words of a Russian text that are no names, options, paths, codes or quotations."""
    found = re.findall(r"(?<![\w])[A-Za-z][\w'-]+", _MEANT_SO.sub(" ", text))
    return [word for word in found if word not in _known()]


@cache
def _known() -> frozenset[str]:
    """To build every command takes longer than most tests that ask."""
    of_commands = {name for path, _ in commands() for name in path}
    return frozenset(NAMES | set(SCENARIOS) | set(Role) | set(words.LANGUAGES) | of_commands)
