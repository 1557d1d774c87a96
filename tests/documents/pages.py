"""The pages of the documentation, and the pieces of them that name something: code, blocks, links, headings."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^( *)```[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.MULTILINE)
_RULE = re.compile(r" *\|(?: *:?-+:? *\|)+ *")
_SKIPPED = ("docs/adr/COPYME.md",)


@cache
def tracked() -> tuple[str, ...]:
    """Every file of the repository, made ones of this moment included, caches and environments left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return tuple(name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists())
    folders = [entry for entry in ROOT.iterdir() if not entry.name.startswith(".")]  # sources without git
    files = (file for entry in folders for file in ([entry] if entry.is_file() else entry.rglob("*")))
    return tuple(str(file.relative_to(ROOT)) for file in files if file.is_file())


def pages() -> list[Path]:
    """Every Markdown page that tells how things are."""
    return [ROOT / name for name in tracked() if name.endswith(".md") and name not in _SKIPPED]


def text_of(page: Path) -> str:
    """The page; of the changelog only what is not released yet, the rest is history."""
    text = page.read_text(encoding="utf-8")
    if page.name == "CHANGELOG.md":
        return "## [".join(text.split("\n## [")[:2])
    return text


def blocks(text: str) -> Iterator[str]:
    """The contents of the fenced blocks."""
    return (found.group(2) for found in _BLOCK.finditer(text))


def prose(text: str) -> str:
    """The page without its blocks."""
    return _BLOCK.sub("", text)


def code(text: str) -> Iterator[str]:
    """What stands in backticks."""
    return (found.group(1) for found in _CODE.finditer(prose(text)))


def links(text: str) -> Iterator[str]:
    """The targets of links that lead into the repository."""
    targets = (found.group(1) for found in _LINK.finditer(_CODE.sub("", prose(text))))
    return (target for target in targets if "://" not in target and not target.startswith("mailto:"))


def broken_tables(text: str) -> Iterator[str]:
    """Rows that GitHub does not show as a table's: without a head above them, or with another number of cells."""
    cells = 0
    lines = [*prose(text).split("\n"), ""]
    for line, after in pairwise(lines):
        if not line.lstrip().startswith("|"):
            cells = 0
        elif not cells:
            cells = _cells(line)
            if not _RULE.fullmatch(after) or _cells(after) != cells:
                yield line
        elif _cells(line) != cells:
            yield line


def _cells(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row.strip())) - 1


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the page's headings."""
    found: set[str] = set()
    for heading in _HEADING.finditer(prose(page.read_text(encoding="utf-8"))):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading.group(1))
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 1
        while anchor in found:
            anchor, number = f"{anchor.removesuffix(f'-{number - 1}')}-{number}", number + 1
        found.add(anchor)
    return found
