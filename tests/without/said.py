"""Where promises are said: the quoted sentences still stand there, and what the pages promise has a patch."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.without.patches import ROOT, Patch

PROMISING = (
    ("README.md", "What is different here"),
    ("docs/laws.md", "The laws"),
    ("docs/reliability.md", "Promises"),
)
"""Page and heading: each item of the list, or row of the table, below it is a promise and needs a patch that quotes it."""
_ITEM = re.compile(r"^(?:- |\d+\. |\|)")


def faults_of(patches: tuple[Patch, ...], root: Path = ROOT) -> Iterator[str]:
    """Every quotation that is not on its page, and every promise that nobody quotes."""
    for patch in patches:
        for page, sentence in patch.quotations:
            if not (root / page).is_file():
                yield f"{patch.name}: it is said in {page}, which is not there"
            elif sentence not in _text(root / page):
                yield f"{patch.name}: {page} does not say (any more) {sentence!r}"
    for page, heading in PROMISING:
        items = list(promised(root / page, heading))
        if not items:
            yield f"{page}: nothing is promised below {heading!r}"
        for line, item in items:
            if not any(page == said and sentence in item for patch in patches for said, sentence in patch.quotations):
                yield f"{page}:{line}: no patch of tests/without quotes this promise: {item[:80]}"


def promised(page: Path, heading: str) -> Iterator[tuple[int, str]]:
    """The items below a heading, each as its line's number and its text in one line."""
    begun, items = False, list[tuple[int, str]]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            begun = line.lstrip("# ") == heading
        elif begun and _ITEM.match(line):
            items.append((number, line))
        elif begun and items and line.startswith(" "):
            items[-1] = (items[-1][0], f"{items[-1][1]} {line.strip()}")
    rule = next((place for place, (_, text) in enumerate(items) if set(text) <= set("|- ")), None)
    yield from items if rule is None else items[rule + 1 :]


@cache
def _text(page: Path) -> str:
    """A page in one line."""
    return " ".join(page.read_text(encoding="utf-8").split())
