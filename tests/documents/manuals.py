"""The Russian manuals: every word, key, unit and setting that they name is one that a screen or the product has.

A word of a screen stands as **«word»**. The sign … in it stands for what is filled in there, or for a text that goes on.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from tests.documents.pages import ROOT

FOLDER = ROOT / "docs" / "ru"
CATALOGUES = {
    "kiosk": ("kiosk_ui/texts/ru.toml",),
    "console": ("central/words/texts/ru.toml",),
    "command": ("dopusk/texts/ru.toml", "dopusk/texts/ru_told.toml"),
}
SHOWN_TO = {"worker.md": ("kiosk",), "dispatcher.md": ("console",), "README.md": ("console",)}
"""Which screens the reader of a manual sees; all of them where nothing stands here."""
_QUOTED = re.compile(r"\*\*«(.+?)»\*\*", re.DOTALL)
_KEY = re.compile(r"<kbd>(.*?)</kbd>")
_KEYS = re.compile(r"<kbd>[^<]*</kbd>(?: <kbd>[^<]*</kbd>)*")
_TAG = re.compile(r"<(?!/?kbd>)[a-z/][^>]*>")
_UNIT = re.compile(r"(?<![\w/-])dopusk-[a-z]+(?:@1)?(?:\.(?:service|path|timer|\*))?")
_SETTING = re.compile(r"`\[?([a-z]+(?:_[a-z]+)*)\]?`")
_PLACE = re.compile(r"{[^{}]*}")
_LEAST_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that a manual names and that is not there."""

    manual: str
    line: int
    what: str
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        near = f"; nearest: {', '.join(f'«{one}»' for one in self.nearest)}" if self.nearest else ""
        return f"docs/ru/{self.manual}:{self.line}: {self.what}{near}"


def manuals() -> list[Path]:
    """All of them, the index too."""
    return sorted(FOLDER.glob("*.md"))


def wrong_in(name: str, text: str) -> Iterator[Wrong]:
    """What the manual of this name says in vain."""
    catalogues = SHOWN_TO.get(name, tuple(CATALOGUES))
    for found in _QUOTED.finditer(text):
        quoted = " ".join(found.group(1).split())
        if not is_shown(quoted, catalogues):
            yield Wrong(name, _line(text, found.start()), f"no screen shows «{quoted}»", _nearest(quoted, catalogues))
    for at in _loose(text):
        yield Wrong(name, _line(text, at), "a word of a screen stands as **«word»**")
    for found in _TAG.finditer(text):
        yield Wrong(name, _line(text, found.start()), f"{found.group()} is not for a manual")
    for found in _KEYS.finditer(text):
        keys = tuple(_KEY.findall(found.group()))
        if keys not in _combinations() and not (
            len(keys) == 1 and keys in {(key,) for one in _combinations() for key in one}
        ):
            yield Wrong(name, _line(text, found.start()), f"the console has no key {' '.join(keys)}")
    for found in _UNIT.finditer(text):
        unit = found.group().replace("@1", "@").removesuffix(".*")
        if not any((ROOT / "config" / "systemd").glob(unit if "." in unit else f"{unit}.*")):
            yield Wrong(name, _line(text, found.start()), f"there is no unit {found.group()}")
    for found in _SETTING.finditer(text):
        if found.group(1) not in _settings():
            yield Wrong(name, _line(text, found.start()), f"config/terminal.toml has no {found.group(1)}")


def is_shown(quoted: str, catalogues: tuple[str, ...]) -> bool:
    """Whether one of these catalogues has the text, as it stands, with places filled in, or its beginning before a …"""
    literal = re.sub(r"[^\w]", "", quoted)
    if len(literal) < _LEAST_LETTERS:
        return False
    pattern = re.compile(".*?".join(re.escape(part) for part in quoted.split("…")), re.DOTALL)
    for text in _texts(catalogues):
        if pattern.fullmatch(_PLACE.sub("…", text)):
            return True
        parts = _PLACE.split(text)
        enough = sum(len(re.sub(r"[^\w]", "", part)) for part in parts) >= 2 * _LEAST_LETTERS
        if len(parts) > 1 and enough and re.fullmatch("[^.!?«»]{1,40}".join(map(re.escape, parts)), quoted):
            return True
    return False


def _loose(text: str) -> Iterator[int]:
    """Where a word stands in guillemets that nobody would check."""
    bare = _QUOTED.sub(lambda found: " " * len(found.group()), text)
    return (found.start() for found in re.finditer("«", bare))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _nearest(quoted: str, catalogues: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(get_close_matches(quoted, _texts(catalogues), n=2, cutoff=0.4))


@cache
def _texts(catalogues: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for file in (file for name in catalogues for file in CATALOGUES[name]):
        with (ROOT / file).open("rb") as source:
            found |= dict.fromkeys(" ".join(text.split()) for text in _flat(tomllib.load(source)))
    return tuple(found)


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _flat(one)
    elif isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield str(value)


@cache
def _combinations() -> frozenset[tuple[str, ...]]:
    """Keys as the console's own list of keys has them."""
    page = (ROOT / "central" / "console" / "templates" / "base.html").read_text(encoding="utf-8")
    return frozenset(tuple(_KEY.findall(one)) for one in re.findall(r"<dt>(.*?)</dt>", page) if "<kbd>" in one)


@cache
def _settings() -> frozenset[str]:
    return frozenset(re.findall(r"[a-z_]+", (ROOT / "config" / "terminal.toml").read_text(encoding="utf-8")))
