"""The words of the kiosk, one TOML file per language. `texts_of("ru")("confirm.title")` is the text under that key."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("ru", "en")
SHIPPED_BOOKS = {"complaints": "2026-1", "kiosk_texts": "2026-1"}
"""Versions of the books whose words stand in these files, as the centre calls them; that of the consent is configured."""


class Texts:
    """Words of one language by dotted key. A missing key or name is a bug of ours and raises `KeyError`."""

    def __init__(self, language: str, entries: Mapping[str, str | tuple[str, ...]]) -> None:
        self.language = language
        self._entries = entries

    def __call__(self, key: str, /, **names: object) -> str:
        """The text under `key`, with {names} filled in."""
        text = self._entries[key]
        if not isinstance(text, str):
            raise KeyError(f"{key} is a list of texts")
        return text.format(**names) if names else text

    def lines(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`."""
        texts = self._entries[key]
        if isinstance(texts, str):
            raise KeyError(f"{key} is one text, not a list")
        return texts

    def either(self, *keys: str) -> str:
        """The text of the first key that exists, for texts with a special case and a general one."""
        for key in keys:
            if key in self._entries:
                return self(key)
        raise KeyError(f"none of {keys} in the texts of {self.language}")

    def names_in(self, section: str) -> tuple[str, ...]:
        """Names of the texts directly under `section`, in the order of the file."""
        prefix = section + "."
        return tuple(key.removeprefix(prefix) for key in self._entries if key.startswith(prefix))

    def with_words(self, entries: Mapping[str, str | tuple[str, ...]], without: str = "") -> "Texts":
        """The same with other words under some keys; `without` names a section of which nothing else is left."""
        prefix = f"{without}."
        kept = {key: text for key, text in self._entries.items() if not (without and key.startswith(prefix))}
        return Texts(self.language, kept | dict(entries))

    def keys(self) -> frozenset[str]:
        return frozenset(self._entries)


@cache
def texts_of(language: str) -> Texts:
    """The texts of a language of `LANGUAGES`. Raises `ValueError` for any other."""
    if language not in LANGUAGES:
        raise ValueError(f"the kiosk speaks {', '.join(LANGUAGES)}, not {language!r}")
    source = files(__package__).joinpath(f"{language}.toml").read_text("utf-8")
    return Texts(language, dict(_flat(tomllib.loads(source), "")))


def _flat(section: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield f"{prefix}{name}", tuple(str(line) for line in value)
        else:
            yield f"{prefix}{name}", str(value)
