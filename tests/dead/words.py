"""Words of the catalogues that nothing says, and keys that are asked for and have no words.

A key is said where it stands whole in code, page or screen, or where its section does (`"outcome"`, `"outcome."`,
`f"outcome.{code}"`, `f"exam.{code}_text"`) and its code stands in the sources. So a state that was taken out leaves its words to
be found.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.dead.found import Unused, sources

CATALOGUES = (
    ("central/words/texts/ru.toml", ("central", "dopusk")),
    ("kiosk_ui/texts/ru.toml", ("kiosk_ui", "dopusk")),
)
"""A catalogue, and the folders whose code, pages and screens say its words."""
_CODES_FROM = ("central", "drivers", "kiosk_ui", "signer", "sync", "terminal", "dopusk", "config")
"""Where codes come from that stand behind the beginning of a key."""
_KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)+")
_BEGINNING = re.compile(r"[a-z][a-z0-9_]*\.(?:[A-Za-z0-9_]+[._])*")
_LONG = '"' * 3
_QUOTED = re.compile(r"""'([^'"\n]*)'|"([^'"\n]*)\"""")


@dataclass(slots=True)
class _Said:
    whole: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    made: set[re.Pattern[str]] = field(default_factory=set)
    """Keys that are put together, with a group for each place."""
    asked: list[tuple[Path, int, str]] = field(default_factory=list)
    """Keys that are asked for by a call of the function that looks words up."""


def dead_words(root: Path) -> Iterator[Unused]:
    """Each by the file and line of the catalogue, or of the code that asks in vain."""
    everywhere, asked = set[str](), list[tuple[Path, int, str]]()
    codes = _codes(root)
    for catalogue, folders in CATALOGUES:
        if not (root / catalogue).is_file():
            continue
        lines = keys_of(root / catalogue)
        everywhere |= lines.keys()
        said = _said(root, folders)
        asked += said.asked
        for key, line in lines.items():
            if not _is_said(key, said, codes):
                yield Unused(catalogue, line, "text", key)
    for path, line, key in asked:
        if key not in everywhere:
            yield Unused(str(path.relative_to(root)), line, "key without words", key)


def keys_of(catalogue: Path) -> dict[str, int]:
    """Dotted keys of a catalogue with their lines."""
    section, found, is_inside = "", dict[str, int](), False
    for number, line in enumerate(catalogue.read_text(encoding="utf-8").splitlines(), start=1):
        if is_inside:
            is_inside = _LONG not in line
        elif head := re.match(r"\[([\w.\"-]+)\]", line):
            section = head[1].replace('"', "") + "."
        elif entry := re.match(r"([\w.\"-]+)\s*=\s*(.*)", line):
            found[section + entry[1].replace('"', "")] = number
            is_inside = entry[2].count(_LONG) == 1
    return found


def _is_said(key: str, said: _Said, codes: set[str]) -> bool:
    if key in said.whole:
        return True
    sections = [key[: at + 1] for at, sign in enumerate(key) if sign == "."]
    begun = [one for one in said.begun if key.startswith(one)]
    begun += [one for one in sections if one.removesuffix(".") in said.whole | said.bare]
    if any(all(part in codes for part in key[len(one) :].split(".")) for one in begun):
        return True
    return any((match := one.fullmatch(key)) and all(part in codes for part in match.groups()) for one in said.made)


def _said(root: Path, folders: tuple[str, ...]) -> _Said:
    said = _Said()
    for path, tree in sources(root, *folders):
        _in_code(path, tree, said)
    for folder in folders:
        for page in (root / folder).rglob("*"):
            if page.suffix in {".html", ".js", ".qml"}:
                for first, second in _QUOTED.findall(page.read_text(encoding="utf-8")):
                    _take(first or second, said)
    return said


def _in_code(path: Path, tree: ast.Module, said: _Said) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            _take(node.value, said)
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            if _BEGINNING.match(str(node.values[0].value)):
                said.made.add(_pattern(node))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "text"
            and len(node.args) > 1
        ):
            key = node.args[1]
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and _KEY.fullmatch(key.value):
                said.asked.append((path, node.lineno, key.value))


def _take(value: str, said: _Said) -> None:
    if _KEY.fullmatch(value):
        said.whole.add(value)
    if _BEGINNING.fullmatch(value):
        said.begun.add(value)
    if value.isidentifier():
        said.bare.add(value)


def _pattern(made: ast.JoinedStr) -> re.Pattern[str]:
    parts = [re.escape(str(one.value)) if isinstance(one, ast.Constant) else r"([\w]+)" for one in made.values]
    return re.compile("".join(parts))


@cache
def _codes(root: Path) -> set[str]:
    words = set[str]()
    for folder in _CODES_FROM:
        for path in (root / folder).rglob("*"):
            if path.suffix in {".py", ".html", ".js", ".qml", ".json"} or (
                path.suffix == ".toml" and "texts" not in path.parts
            ):
                source = path.read_text(encoding="utf-8")
                words |= {*re.findall(r"\w+", source), *re.findall(r"\w+(?:-\w+)+", source)}
    return words
