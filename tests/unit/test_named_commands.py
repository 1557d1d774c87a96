"""Every command that a message, a text or a page of the documentation names exists, options included."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from dopusk.cli import COMMANDS, build

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"(?:`|next: |^\s*(?:\.venv/bin/)?)dopusk ((?:--lang \w+ )?[a-z][a-z -]*[a-z][^`\n]*)", re.MULTILINE)
WORD = re.compile(r"^[a-z][a-z-]*$")
FOLDERS = ("central", "dopusk", "drivers", "kiosk_ui", "sync", "terminal", "config", "docs")


def _named() -> Iterator[tuple[str, str]]:
    files = [ROOT / "README.md", *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))]
    for file in files:
        if file.suffix in (".py", ".toml", ".md", ".service", ".html") and "adr" not in file.parts:
            for found in NAMED.finditer(file.read_text(encoding="utf-8")):
                yield str(file.relative_to(ROOT)), found.group(1)


def test_every_command_that_is_named_exists() -> None:
    top = typer.main.get_group(build(COMMANDS))
    wrong, count = [], 0
    for place, text in _named():
        count += 1
        command: object = top
        for word in text.split():
            if not isinstance(command, TyperGroup):
                break
            if not WORD.match(word):
                break
            if word not in command.commands:
                wrong.append(f"{place}: dopusk {text}")
                break
            command = command.commands[word]
        else:
            continue
    assert count > 40
    assert wrong == []


@pytest.mark.parametrize("text", ["dopusk central terminal code kiosk-7", "dopusk terminal pinn"])
def test_a_command_that_does_not_exist_is_found(text: str) -> None:
    top = typer.main.get_group(build(COMMANDS))
    group = top.commands[text.split()[1]]
    assert isinstance(group, TyperGroup)
    assert text.split()[2] not in group.commands
