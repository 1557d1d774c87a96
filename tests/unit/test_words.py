"""The command line in Russian and English: every help text of the operator's commands is there, and no stale one."""

import ast
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from dopusk import cli, words
from dopusk.cli import COMMANDS, build
from tests.waiting import LONGEST_S

FOR_DEVELOPERS = {"bench", "fleet", "torture", "power-cuts", "schemas", "simulate"}
PROGRAM = Path(cli.__file__).parent
SOURCES = sorted(
    [PROGRAM / "cli.py", *(PROGRAM / "commands").glob("*.py"), *(PROGRAM / "lab" / "commands").glob("*.py")]
)


def _help_texts(command: TyperCommand | TyperGroup, path: tuple[str, ...] = ()) -> Iterator[str]:
    if path[:1] and path[0] in FOR_DEVELOPERS:
        return
    yield from words.paragraphs_of(command.help)
    for parameter in [*command.params, command.get_help_option(typer.Context(command))]:
        yield from words.paragraphs_of(getattr(parameter, "help", None))
    for name, child in getattr(command, "commands", {}).items():
        yield from _help_texts(child, (*path, name))


def _said() -> set[str]:
    """Every text that is handed to `say`, or stands in a variable beside it."""
    return {
        node.value
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_help_text_of_an_operator_has_its_russian() -> None:
    wanted = set(_help_texts(typer.main.get_group(build(COMMANDS))))
    assert len(wanted) > 100
    assert sorted(wanted - words.catalogue()["help"].keys()) == []


def test_no_russian_text_is_stale() -> None:
    wanted = set(_help_texts(typer.main.get_group(build(COMMANDS))))
    assert sorted(words.catalogue()["help"].keys() - wanted) == []
    assert sorted(words.catalogue()["message"].keys() - _said()) == []


def test_messages_keep_their_places() -> None:
    for english, russian in words.catalogue()["message"].items():
        names = [
            sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in (english, russian)
        ]
        assert names[0] == names[1], english


@pytest.mark.parametrize(
    ("arguments", "environment", "language", "rest"),
    [
        ([], {}, "en", []),
        (["verify"], {"LANG": "ru_RU.UTF-8"}, "ru", ["verify"]),
        (["verify"], {"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en", ["verify"]),
        (["--lang", "ru", "verify"], {"LANG": "C"}, "ru", ["verify"]),
        (["--lang=en", "verify"], {"LANG": "ru_RU"}, "en", ["verify"]),
        (["terminal", "--lang", "ru"], {}, "en", ["terminal", "--lang", "ru"]),
    ],
)
def test_the_language_is_that_of_the_option_then_of_the_machine(
    arguments: list[str], environment: dict[str, str], language: str, rest: list[str]
) -> None:
    assert words.language_of(arguments, environment) == (language, rest)


@pytest.mark.parametrize("arguments", [["--lang", "fr", "verify"], ["--lang"]])
def test_a_language_without_words_is_refused(arguments: list[str]) -> None:
    with pytest.raises(words.UnknownLanguage, match="en, ru"):
        words.language_of(arguments, {})


def _run(*arguments: str, lang: str = "C") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LANG": lang, "PYTHONUTF8": "1", "COLUMNS": "100"}
    command = [sys.executable, "-m", "dopusk", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S)


def test_a_real_process_speaks_the_language() -> None:
    russian = _run("verify", "--help", lang="ru_RU.UTF-8").stdout
    assert "Проверить цепочку" in russian
    assert "Параметры" in russian
    assert "Показать эту справку" in russian
    assert "Check chain" in _run("verify", "--help").stdout
    missing = _run("--lang", "ru", "verify", "/nowhere.db")
    assert (missing.returncode, missing.stderr.strip()) == (2, "/nowhere.db: такого файла нет")
    assert _run("--lang", "fr", "verify").returncode == 1
