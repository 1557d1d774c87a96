"""Russian and English of the command line. The program contains the English; `texts/ru.toml` has the Russian.

The language is that of `--lang`, then of the environment (LC_ALL, LC_MESSAGES, LANG), otherwise English. Output for scripts
(`--json`), names of options, codes and ids are the same in both.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

LANGUAGES = ("en", "ru")
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_KINDS = {"str": "TEXT", "Path": "PATH", "int": "NUMBER", "float": "NUMBER"}
_chosen = "en"


class UnknownLanguage(Exception):
    """`--lang` names a language that there are no words in, or none. The message says it in both."""

    def __init__(self, asked: str) -> None:
        known, named = ", ".join(LANGUAGES), f" {asked!r}" if asked else ""
        super().__init__(f"--lang: языка{named} нет, есть: {known} / there is no language{named}, there are: {known}")


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
            raise UnknownLanguage(asked)
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


def word(english: str) -> str:
    """A word for a value that the program itself names: a step, a state, a kind."""
    return _word("word", english)


def translate(command: TyperCommand | TyperGroup) -> None:
    """Put the help of a command, of its options and of everything under it into the language in use."""
    command.help = _paragraphs(command.help)
    command.short_help = _paragraphs(command.short_help)
    usage = command.get_usage
    setattr(command, "get_usage", lambda context: usage(context).replace("Usage:", _word("panel", "Usage:"), 1))  # noqa: B010
    command.options_metavar = _word("panel", command.options_metavar or "")
    if isinstance(command, TyperGroup):
        command.subcommand_metavar = _word("panel", command.subcommand_metavar)
    for parameter in [*command.params, command.get_help_option(typer.Context(command))]:
        if not isinstance(parameter, TyperArgument | TyperOption):
            continue
        parameter.help = _paragraphs(parameter.help)
        if isinstance(parameter, TyperArgument):
            parameter.metavar = _word("panel", parameter.display_name_raw)
        elif parameter.metavar is not None:
            parameter.metavar = _word("panel", parameter.metavar)
        kind = _kind_of(parameter)
        setattr(parameter, "display_type", lambda context, kind=kind: kind)  # noqa: B010
    for child in getattr(command, "commands", {}).values():
        translate(child)


def _kind_of(parameter: TyperArgument | TyperOption) -> str:
    """What is to be written for a parameter: a kind of value, one of its choices, or nothing for a switch."""
    described = parameter.type_descriptor
    if described.choices:
        return "|".join(str(getattr(choice, "value", choice)) for choice in described.choices)
    bare = parameter.bare_type()
    for name, kind in _KINDS.items():
        if name in bare:
            return _word("panel", kind)
    return ""


def translate_panels() -> None:
    """The titles of the boxes around help and what typer itself puts beside an option."""
    if _chosen == "en":
        return
    import typer.rich_utils  # loaded only where its words are changed: it brings the whole of rich

    names = [f"{name}_PANEL_TITLE" for name in ("OPTIONS", "COMMANDS", "ARGUMENTS", "ERRORS")]
    for name in (*names, "DEFAULT_STRING", "ENVVAR_STRING", "REQUIRED_LONG_STRING"):
        setattr(typer.rich_utils, name, _word("panel", getattr(typer.rich_utils, name)))


def paragraphs_of(text: str | None) -> list[str]:
    """The paragraphs of a help text, each on one line: the keys of the catalogue."""
    return [" ".join(paragraph.split()) for paragraph in (text or "").split("\n\n") if paragraph.strip()]


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All Russian texts: `help`, `panel`, `message`, each by its English, and `word`."""
    return tomllib.loads(resources.files("dopusk").joinpath("texts", "ru.toml").read_text(encoding="utf-8"))


def _paragraphs(text: str | None) -> str | None:
    if text is None or _chosen == "en":
        return text
    return "\n\n".join(_word("help", paragraph) for paragraph in paragraphs_of(text))


def _word(section: str, english: str) -> str:
    return english if _chosen == "en" else catalogue()[section].get(english, english)
