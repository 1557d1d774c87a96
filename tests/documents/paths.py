"""Paths, units, test ids, modules, decisions and links that a page names and that do not exist."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from tests.documents.pages import ROOT, anchors, blocks, code, links, pages, text_of, tracked

PACKAGES = ("central", "config", "dopusk", "drivers", "kiosk_ui", "signer", "simulators", "sync", "terminal", "tests")
_FOLDERS = (*PACKAGES, "docs")
_SOURCES = ("py", "pyi", "qml", "js", "css", "html", "mako", "sql", "sh", "md")
_DATA = ("conf", "ini", "json", "jsonl", "lock", "path", "png", "rules", "service", "svg", "timer", "toml", "wav")
_ENDINGS = _SOURCES + _DATA
_TOKEN = re.compile(r"[\w.@*-]+(/[\w.@*-]+)*/?(::[\w.]+(\[.*\])?)?")
_IN_BLOCK = re.compile(rf"(?<![\w/.-])(?:/opt/dopusk/)?((?:{'|'.join(_FOLDERS)})/[\w./@*-]*[\w/*])")
_DECISION = re.compile(r"\b(?:adr/|ADR )(\d{4})\b")
_UNIT = re.compile(r"\bdopusk-[a-z]+(?=@|\.service|\.timer|\.path|[^\w.-]|$)")
NO_UNITS = frozenset({"dopusk-lab"})
"""Names with the same beginning: the distribution of the laboratory."""
_MODULE = re.compile(rf"({'|'.join(PACKAGES)})(\.\w+)+")
ELSEWHERE = {
    "cadesplugin_api.js": "of the maker of a plug-in: the operator puts it in",
    "bench.json": "written by `make bench`",
    "demo-output/": "written by `dopusk demo`",
    "keys/": "of a terminal: written by `dopusk terminal enrol`",
    "logind.conf": "systemd's own",
    "signer.toml": "written by `dopusk signer init`",
}
"""Files that a page names and that the repository does not have."""


def lost() -> Iterator[str]:
    """What any page names in vain, with the page."""
    for page in pages():
        for name in missing_of(page, text_of(page)):
            yield f"{page.relative_to(ROOT)}: there is no {name}"


def missing_of(page: Path, text: str) -> Iterator[str]:
    """What `text` names in the place of `page` and the repository lacks, in the page's words."""
    for token in code(text):
        if not _exists(token, page):
            yield token
    for words in (*code(text), *blocks(text)):
        yield from sorted(set(_UNIT.findall(words)) - _units() - NO_UNITS)
    for block in blocks(text):
        for found in _IN_BLOCK.finditer(block):
            if not _exists(found.group(1), page):
                yield found.group(1)
    for found in _DECISION.finditer(text):
        if not any(name.startswith(f"docs/adr/{found.group(1)}-") for name in tracked()):
            yield found.group(0)
    for target in links(text):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            yield target


def _exists(token: str, page: Path) -> bool:
    """Whether there is what `token` names; true of what names no file at all."""
    if _MODULE.fullmatch(token) and (_module_exists(token) or token.rpartition(".")[2] not in _ENDINGS):
        return _module_exists(token)
    if not _TOKEN.fullmatch(token):
        return True
    path, _, test = token.partition("::")
    whole = path.startswith(tuple(f"{folder}/" for folder in _FOLDERS))
    is_file = "." in path and path.rpartition(".")[2] in _ENDINGS
    if path in ELSEWHERE or not (whole or is_file or test or _is_folder(path)):
        return True
    found = _named(path, page, whole)
    return bool(found) and (not test or any(_has_test(name, test) for name in found))


@cache
def _units() -> frozenset[str]:
    """The systemd units that ship, without their endings."""
    return frozenset(file.stem.rstrip("@") for file in (ROOT / "config" / "systemd").iterdir())


def _is_folder(path: str) -> bool:
    return path.endswith("/") and path.rstrip("/") not in ("", ".", "..") and "*" not in path


def _named(path: str, page: Path, whole: bool) -> list[str]:
    """The files of the repository that `path` may mean: from the root, beside the page, or as the end of a path."""
    asked = path.rstrip("/")
    beside = str((page.parent / asked).resolve())
    if "*" in asked:
        return [name for name in _ends() if fnmatch(name, asked)]
    if (ROOT / asked).exists():
        return [asked]
    if Path(beside).exists():
        return [beside]
    return [] if whole else list(_ends().get(asked, ()))


@cache
def _ends() -> dict[str, list[str]]:
    """Every end of every path, of files and folders, with the paths that have it."""
    ends: dict[str, list[str]] = {}
    for name in {*tracked(), *(str(parent) for file in tracked() for parent in Path(file).parents)}:
        parts = name.split("/")
        for start in range(len(parts)):
            ends.setdefault("/".join(parts[start:]), []).append(name)
    return ends


def _has_test(name: str, test: str) -> bool:
    if not name.endswith(".py"):
        return False
    function = test.partition("[")[0].rpartition("::")[2].rpartition(".")[2]
    return (
        re.search(rf"^ *(?:async )?def {function}\(", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        is not None
    )


def _module_exists(dotted: str) -> bool:
    """Whether `a.b.c` is a module, or `c` a name in the module `a.b`."""
    parts = dotted.split(".")
    for end in (len(parts), len(parts) - 1, len(parts) - 2):
        place = ROOT.joinpath(*parts[:end])
        sources = [file for file in (place.with_suffix(".py"), place / "__init__.py") if file.exists()]
        if not sources and place.is_dir():
            return end == len(parts)
        if sources:
            text = sources[0].read_text(encoding="utf-8")
            return all(re.search(rf"\b{part}\b", text) for part in parts[end:])
    return False
