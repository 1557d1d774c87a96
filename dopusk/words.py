"""Russian and English of the command line. English stands in the program; the Russian of it in `texts/ru.toml`.

The language is that of `--lang`, then of the environment (LC_ALL, LC_MESSAGES, LANG), otherwise English. Output for scripts
(`--json`), names of options, codes and ids are the same in both.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

LANGUAGES = ("en", "ru")
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_chosen = "en"


class UnknownLanguage(Exception):
    """`--lang` names a language that there are no words in."""


def language_of(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The language that is asked for, and the arguments without `--lang`, which stands first. Raises `UnknownLanguage`."""
    rest = list(arguments)
    asked = None
    if rest and rest[0].startswith("--lang="):
        asked = rest.pop(0).removeprefix("--lang=")
    elif rest and rest[0] == "--lang":
        asked = rest[1] if len(rest) > 1 else ""
        del rest[:2]
    if asked is not None:
        if asked not in LANGUAGES:
            raise UnknownLanguage(f"--lang: {asked!r} is none of {', '.join(LANGUAGES)}")
        return asked, rest
    found = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return ("ru" if found.startswith("ru") else "en"), rest


def use(language: str) -> None:
    """Speak this language from now on."""
    global _chosen
    _chosen = language


def in_use() -> str:
    """The language in use."""
    return _chosen


def say(english: str, **values: Any) -> str:
    """A message in the language in use; `values` fill its {places}."""
    return _word("message", english).format(**values)


def translate(command: TyperCommand | TyperGroup) -> None:
    """Put the help of a command, of its options and of everything under it into the language in use."""
    command.help = _paragraphs(command.help)
    command.short_help = _paragraphs(command.short_help)
    for parameter in [*command.params, command.get_help_option(typer.Context(command))]:
        if parameter is not None and hasattr(parameter, "help"):
            parameter.help = _paragraphs(parameter.help)
    for child in getattr(command, "commands", {}).values():
        translate(child)


def translate_panels() -> None:
    """The titles of the boxes around help and errors."""
    if _chosen == "en":
        return
    import typer.rich_utils  # loaded only where its words are changed: it brings the whole of rich

    for name in ("OPTIONS_PANEL_TITLE", "COMMANDS_PANEL_TITLE", "ARGUMENTS_PANEL_TITLE", "ERRORS_PANEL_TITLE"):
        setattr(typer.rich_utils, name, _word("panel", getattr(typer.rich_utils, name)))


def paragraphs_of(text: str | None) -> list[str]:
    """The paragraphs of a help text, each on one line: the keys of the catalogue."""
    return [" ".join(paragraph.split()) for paragraph in (text or "").split("\n\n") if paragraph.strip()]


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All Russian texts: `help`, `panel`, `message`, each by its English."""
    return tomllib.loads(resources.files("dopusk").joinpath("texts", "ru.toml").read_text(encoding="utf-8"))


def _paragraphs(text: str | None) -> str | None:
    if text is None or _chosen == "en":
        return text
    return "\n\n".join(_word("help", paragraph) for paragraph in paragraphs_of(text))


def _word(section: str, english: str) -> str:
    return english if _chosen == "en" else catalogue()[section].get(english, english)
