"""Checks the house style of the pages, and names of the maker's own surroundings anywhere in the repository (ADR 0208)."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.documents.pages import ROOT, pages, prose, text_of, tracked

MOST_LINES = 60
"""Lines of prose that a page may have below one heading: about a screen."""
_HISTORY = ("docs/adr/", "docs/ru/", "CHANGELOG.md")
_GENERIC_HE = re.compile(r"\b(?:he|him|his|himself)\b", re.IGNORECASE)
_SURROUNDINGS = {
    "a number of an issue or a change": re.compile(r"\b(?:issue|pull request|PR|GH)[ -]?#?\d+\b|(?<!PKCS) #\d{2,5}\b"),
    "a folder of one machine": re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/"),
    "an address of a package index": re.compile(r"https?://[\w.-]*(?:pypi|pythonhosted|/simple\b)"),
}
_TEXTS = (
    ".py",
    ".md",
    ".toml",
    ".in",
    ".lock",
    ".sh",
    ".cfg",
    ".conf",
    ".service",
    ".timer",
    ".qml",
    ".js",
    ".html",
    ".patch",
)


def unstyled() -> Iterator[str]:
    """What a page or a file says against the house style, with its place."""
    for page in pages():
        name = str(page.relative_to(ROOT))
        if not name.startswith(_HISTORY):
            yield from (f"{name}: {fault}" for fault in faults_of(text_of(page)))
    for name in tracked():
        if name.endswith(_TEXTS) and name != str(Path(__file__).relative_to(ROOT)):
            yield from (f"{name}: {fault}" for fault in surroundings_in((ROOT / name).read_text("utf-8")))


def faults_of(text: str) -> Iterator[str]:
    """What is wrong with the style of a page: a person who is "he", a heading that is missing."""
    for found in _GENERIC_HE.finditer(prose(text)):
        yield f'a person is "they", not "{found.group(0)}"'
    heading, lines = "its beginning", 0
    for line in prose(text).split("\n"):
        if line.startswith("#"):
            heading, lines = line.strip("# "), 0
        elif line.strip() and not line.startswith(("|", "!", "    ")):
            lines += 1
            if lines == MOST_LINES + 1:
                yield f'no heading for {MOST_LINES} lines after "{heading}"'


def surroundings_in(text: str) -> Iterator[str]:
    """What names the surroundings in which the software is made; a reader elsewhere cannot follow it."""
    for kind, form in _SURROUNDINGS.items():
        yield from (f"{kind}: {found.group(0).strip()}" for found in form.finditer(text))
