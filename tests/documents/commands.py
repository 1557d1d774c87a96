"""Commands of `dopusk`, their options, and targets of make that a text names and that do not exist."""

import re
from collections.abc import Iterator

import click
from typer.core import TyperGroup

from tests.documents.pages import ROOT

_CONTINUED = re.compile(r"\\\n\s*")
_DOPUSK = re.compile(
    r"(?:`|next: |-- |^\s*(?:\S*\.venv/bin/)?)dopusk ((?:--lang \w+ )?[a-z][a-z -]*[a-z][^`\n]*)", re.MULTILINE
)
_MAKE = re.compile(r"(?:`|^ {4}|^)make ([a-z][a-z-]*)(?= *(?:`|$|ARGS=|#))(?: *ARGS=\"([^\"`]*)\")?", re.MULTILINE)
_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
_WORD = re.compile(r"[a-z][a-z-]*")
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*(?![\w-])")
_PASSED_ON = {"demo": "demo", "bench": "bench"}
"""Targets whose ARGS are a command's options."""


def dopusk_lines(text: str) -> Iterator[str]:
    """What follows the word `dopusk` where a command is named."""
    joined = _CONTINUED.sub(" ", text)
    for found in _DOPUSK.finditer(joined):
        yield found.group(1)
    for found in _MAKE.finditer(joined):
        if found.group(1) in _PASSED_ON and found.group(2):
            yield f"{_PASSED_ON[found.group(1)]} {found.group(2)}"


def make_targets(text: str) -> Iterator[str]:
    """The targets of make that are named."""
    return (found.group(1) for found in _MAKE.finditer(_CONTINUED.sub(" ", text)))


def targets_there_are() -> set[str]:
    """Those of the Makefile."""
    return set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def wrong_in(line: str, top: click.Command) -> str | None:
    """The first word or option of a command's line that the command does not have."""
    command, line = top, re.sub(r"^--lang \w+ ", "", line.partition(" #")[0])
    words = re.split(r" \| |; ", line)[0].split()
    while words and isinstance(command, TyperGroup) and _WORD.fullmatch(words[0]):
        word = words.pop(0)
        if word not in command.commands:
            return word
        command = command.commands[word]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    options = _OPTION.findall(re.sub(r"\"[^\"]*\"|«[^»]*»", "", " ".join(words)))
    return next((option for option in options if option not in known), None)
