"""An act as page and paper show it: its lines in words, who has signed, what has become of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from central.core.days import zone_of
from central.deciding.act_signing import seen_of
from central.papers.listing import Listing, Section
from central.store.acts import SIGNATURES_NEEDED, Act, ActSignature, ActWithdrawal
from central.words import wording
from central.words.no_force import band
from central.words.texts import text, text_or

PAPER = "ru"
"""Papers are in Russian, whoever prints them."""
_NARROWEST, _WIDEST = 6, 34
"""Letters: the least and the most by which a column is measured."""


@dataclass(frozen=True, slots=True)
class ShownAct:
    """One act with all that is known of it. The properties are what lists sort by."""

    item: Act
    signatures: tuple[ActSignature, ...]
    withdrawal: ActWithdrawal | None

    @property
    def state(self) -> str:
        """`withdrawn`, `in_force`, `half_signed`, `draft`."""
        if self.withdrawal is not None:
            return "withdrawn"
        if len(self.signatures) >= SIGNATURES_NEEDED:
            return "in_force"
        return "half_signed" if self.signatures else "draft"

    @property
    def content(self) -> dict[str, Any]:
        """What the act says."""
        said: dict[str, Any] = json.loads(self.item.record)["act"]
        return said

    @property
    def number(self) -> tuple[int, int]:
        """For sorting: the year first."""
        return self.item.year, self.item.number

    @property
    def kind(self) -> str:
        return self.item.kind

    @property
    def signers(self) -> str:
        """Names of who has signed."""
        return ", ".join(one.medic_name for one in self.signatures)

    @property
    def rows(self) -> int:
        """How many lines it has."""
        return len(self.content["rows"])


def cell_words(column: str, value: str | int, language: str) -> str:
    """A value of an act in words: days as people write them, codes by `acts.value.<column>.<code>`, others as they are."""
    if column.endswith("_on") and value:
        return f"{date.fromisoformat(str(value)):%d.%m.%Y}"
    return text_or(language, f"acts.value.{column}.{value}", str(value)) or "—"


def lines_of(shown: ShownAct, language: str) -> tuple[list[str], list[list[str]]]:
    """Headings and lines in words."""
    content = shown.content
    columns: list[str] = content["columns"]
    headings = [text(language, f"acts.column.{name}") for name in columns]
    return headings, [[cell_words(name, row[name], language) for name in columns] for row in content["rows"]]


def act_title(item: Act, language: str) -> str:
    """«Акт об уничтожении № 3/2026»."""
    return f"{text(language, f'acts.title.{item.kind}')} № {item.number}/{item.year}"


def act_paper(shown: ShownAct, generation: str, zone: tzinfo) -> Listing:
    """The act on paper, in Russian, with the times of the zone that it was drawn up in."""
    item, content = shown.item, shown.content
    organisation = json.loads(item.record)["organisation"]
    own_zone = zone_of(content["zone"]) or zone
    headings, rows = lines_of(shown, PAPER)
    licence = text(PAPER, "acts.licence", licence=organisation["licence"])
    head = [organisation["name"], licence, organisation["address"], organisation["phone"]]
    lines = [(text(PAPER, "acts.drafted_at"), wording.moment_with_offset(item.drafted_at, own_zone))]
    lines.append((text(PAPER, "acts.reason"), content["reason"]))
    if content["basis"]:
        lines.append((text(PAPER, "acts.basis"), content["basis"]))
    if shown.withdrawal is not None:
        lines.append((text(PAPER, "acts.withdrawn_for"), shown.withdrawal.reason))
    no_force = "" if shown.state == "in_force" else text(PAPER, "acts.no_force")
    return Listing(
        title=act_title(item, PAPER),
        organisation="; ".join(part for part in head if part),
        verdict=text(PAPER, f"acts.state.{shown.state}"),
        lines=tuple(lines),
        sections=(
            Section(
                text(PAPER, "acts.rows", count=len(rows)),
                ("№", *headings),
                tuple((str(number), *row) for number, row in enumerate(rows, start=1)),
                _shares(headings, rows),
            ),
        ),
        notes=tuple(signature_words(one, PAPER, own_zone) for one in shown.signatures),
        foot=text(PAPER, "acts.foot", sha256=seen_of(item)),
        band=band(generation, PAPER) or no_force,
    )


def signature_words(one: ActSignature, language: str, zone: tzinfo) -> str:
    """Who signed, when, by which certificate."""
    return text(
        language,
        "acts.signed_by",
        place=one.place,
        who=f"{one.position} {one.medic_name}",
        at=wording.moment_with_offset(one.signed_at, zone),
        serial=one.certificate_serial,
    )


def _shares(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """Of the width, by the longest cell of each column; the number of the line comes first."""
    longest = [
        max(len(heading), *(len(row[place]) for row in rows)) if rows else len(heading)
        for place, heading in enumerate(headings)
    ]
    return (4.0, *(float(min(max(_NARROWEST, one), _WIDEST)) for one in longest))
