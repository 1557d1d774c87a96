"""The command line in Russian and English: every help text and message of every command is there, and no stale one."""

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from dopusk import cli, words
from dopusk.cli import COMMANDS, build
from dopusk.lab.bench.sections import SECTIONS
from drivers.model import Act, Measures
from drivers.spec import Transport
from simulators.fleet import Report
from terminal.exam.model import Plan
from tests.command_line import commands, english_in, run
from tests.waiting import LONGEST_S

SOURCES = sorted(Path(cli.__file__).parent.rglob("*.py"))


def _help_texts(command: TyperCommand | TyperGroup, path: tuple[str, ...] = ()) -> Iterator[str]:
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


def _handed_to(name: str) -> set[str]:
    """Every text that stands in a call of `say` or `word`."""
    return {
        part.value
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and node.args
        for part in ast.walk(node.args[0])
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.strip()
    }


def _printed_as_it_stands() -> list[str]:
    """Places where a command prints words of its own without `say`: nobody would read them in Russian."""
    places = []
    for source in (path for path in SOURCES if path.parent.name == "commands"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name not in ("print", "echo") or not node.args:
                continue
            said = node.args[0]
            texts = said.values if isinstance(said, ast.JoinedStr) else [said]
            literal = [part.value for part in texts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if any(re.search("[a-z]{3}", text) for text in literal):
                places.append(f"{source.name}:{node.lineno} {literal}")
    return places


FOR_SCRIPTS = {"central ingest ready", "terminal sync ready", '[service]\npin_hash = "', "central serve ready: "}
"""Lines that programs wait for, and lines of a configuration: the same in every language."""


def test_no_command_prints_words_past_the_catalogue() -> None:
    assert [
        place for place in _printed_as_it_stands() if not any(repr(text)[1:-1] in place for text in FOR_SCRIPTS)
    ] == []


def test_every_message_has_its_russian() -> None:
    said = _handed_to("say")
    assert len(said) > 60
    assert sorted(said - words.catalogue()["message"].keys()) == []


def test_every_word_for_a_value_has_its_russian() -> None:
    named = {*Measures, *Transport, *Act, *Plan().steps} - {*Act}
    named |= {f"{act} must act" for act in Act} | {"passed", "failed", "none", "accepted", "duplicate", "refused"}
    named |= {field.name for field in fields(Report)} | {
        (run.__doc__ or "").strip().splitlines()[0] for run in SECTIONS.values()
    }
    constants = {
        text for text in _handed_to("word") if "{" not in text and not text.startswith(" ") and text.strip("{} ")
    }
    wanted = {str(name) for name in named} | (
        constants - {"from ", " must act", "medical_device", "transport", "outcome"}
    )
    assert sorted(wanted - words.catalogue()["word"].keys()) == []


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=lambda path: " ".join(path) or "dopusk")
def test_the_russian_help_of_every_command_is_russian(path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert done.code == 0
    assert english_in(done.out) == []
    assert "Параметры" in done.out
    english = run(*path, "--help", lang="en")
    assert "Options" in english.out
    assert not re.search("[А-Яа-яЁё]", english.out)


def test_every_help_text_has_its_russian() -> None:
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
    assert (missing.returncode, missing.stderr.strip()) == (2, "/nowhere.db: такого файла или папки нет")
    assert _run("--lang", "fr", "verify").returncode == 2
