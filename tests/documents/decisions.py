"""`docs/adr/README.md`, made from the headings of the decisions."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.documents.pages import ROOT

FOLDER = ROOT / "docs" / "adr"
PAGE = FOLDER / "README.md"
_FORM = re.compile(
    r"# (?P<number>\d{4})\. (?P<title>[^\n]+[^.\n])\n\n"
    r"Status: (?P<status>accepted|proposed|superseded), (?P<day>20\d\d-\d\d-\d\d)\.(?: (?P<remark>[^\n]+\.))?\n\n"
    r"## Context\n.*^## Decision\n.*^## (?:Consequences|Alternatives considered)\n.*",
    re.DOTALL | re.MULTILINE,
)
_NUMBER = re.compile(r"\b(\d{4})\b(?!-)")
_HEAD = """# Decisions

Made from the headings of the files in this folder by `python -m tests.documents --write`; do not edit. Each record says what was
decided, why, and what else was on the table. A new one begins as a copy of [COPYME.md](COPYME.md), with the next free number.

| no. | decision | status |
|---|---|---|
"""


class BadDecision(Exception):
    """A record that does not have the form of `docs/adr/COPYME.md`. The message names it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The heading of one record; `remark` says which other records it changes, or is changed by."""

    file: str
    number: str
    title: str
    status: str
    day: str
    remark: str


def read(file: Path) -> Decision:
    """One record's heading. Raises `BadDecision`."""
    found = _FORM.fullmatch(file.read_text(encoding="utf-8"))
    if found is None:
        raise BadDecision(f"{file.name}: heading, status or sections are not as in docs/adr/COPYME.md")
    number, title, status, day, remark = found.groups()
    if not file.name.startswith(f"{number}-"):
        raise BadDecision(f"{file.name}: the heading has the number {number}")
    return Decision(file.name, number, title, status, day, remark or "")


def page() -> str:
    """The whole page. Raises `BadDecision`."""
    records = [read(file) for file in sorted(FOLDER.glob("[0-9]*.md"))]
    files = {record.number: record.file for record in records}
    if len(files) < len(records):
        raise BadDecision("two records have the same number")
    return _HEAD + "".join(_row(record, files) for record in records)


def _row(record: Decision, files: dict[str, str]) -> str:
    def linked(found: re.Match[str]) -> str:
        number = found.group(1)
        return f"[{number}]({files[number]})" if number in files else number

    status = " ".join(part for part in (f"{record.status}, {record.day}.", _NUMBER.sub(linked, record.remark)) if part)
    return f"| [{record.number}]({record.file}) | {record.title} | {status} |\n"
