"""The words of the console: one TOML catalogue per language, looked up by dotted keys, filled in by `str.format`."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("ru", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by dotted key. Raises `KeyError` for an unknown language."""
    if language not in LANGUAGES:
        raise KeyError(language)
    source = resources.files("central.words").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    texts: dict[str, str] = {}
    _flatten(tomllib.loads(source), "", texts)
    return texts


def text(language: str, key: str, **values: Any) -> str:
    """One text. Raises `KeyError` for a key that is not in the catalogue: a missing text is a fault of ours."""
    found = catalogue(language)[key]
    return found.format(**values) if values else found


def text_or(language: str, key: str, fallback: str) -> str:
    """One text, or the fallback for codes that came from outside and may be newer than we are."""
    return catalogue(language).get(key, fallback)


def codes_of(group: str, language: str) -> dict[str, str]:
    """The words of a group of codes, as `complaint`, by code."""
    prefix = f"{group}."
    return {key.removeprefix(prefix): words for key, words in catalogue(language).items() if key.startswith(prefix)}


def _flatten(table: dict[str, Any], prefix: str, texts: dict[str, str]) -> None:
    for name, value in table.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{name}.", texts)
        else:
            texts[f"{prefix}{name}"] = str(value)
