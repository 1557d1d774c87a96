"""Acts about copies, drafted with what they are about: a lost or damaged copy, an inventory. Two people sign them later."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.core.copy_rules import MoveDraft
from central.deciding.act_signing import ActDraft
from central.store import papers
from central.store.copies import Copy, CopyPlace
from central.store.stock_checks import StockCheck
from central.words.texts import text

PAPER = "ru"
"""Acts are in Russian, whoever drafts them."""


def act_about(connection: Connection, item: Copy, state: str, draft: MoveDraft, on_day: date) -> ActDraft | None:
    """The act that this move asks for; None where it asks for none. `state`: what the move leaves the copy in."""
    kind = {"lost": "loss", "damaged": "damage"}.get(state)
    paper = papers.find(connection, item.paper_id)
    if kind is None or paper is None:
        return None
    what = _called(paper.kind, paper.number, paper.year, item.copy_no, item.role)
    row = {"what": what, "sha256": item.sha256, "happened_on": on_day.isoformat()}
    return ActDraft(item.org, kind, tuple(row), [row], draft.note, draft.document)


def act_of_inventory(
    check: StockCheck, found: int, differences: Sequence[Mapping[str, Any]], places: Mapping[str, CopyPlace]
) -> ActDraft:
    """The act of a closed inventory: what had to be there, what was, and each difference with its cause."""
    counts = {"expected": len(check.expected), "found": found, "differences": len(differences)}
    month = f"{check.month[5:]}.{check.month[:4]}"
    rows = [{"what": text(PAPER, "stock.act_counts", **counts), "result": "", "cause": ""}]
    for one in differences:
        place = places[one["copy_id"]]
        what = _called(place.kind, place.number, place.year, place.copy_no, place.role)
        result = text(PAPER, f"stock.difference.{one['kind']}")
        rows.append({"what": what, "result": result, "cause": "; ".join(filter(None, (one["cause"], one["action"])))})
    return ActDraft(check.org, "inventory", tuple(rows[0]), rows, text(PAPER, "stock.act_reason", month=month))


def _called(kind: str, number: int, year: int, copy_no: int, role: str) -> str:
    called = text(PAPER, "copy.called", number=copy_no, role=text(PAPER, f"copy.role.{role}"))
    return f"{text(PAPER, f'paper.kind.{kind}')} № {number}/{year}, {called[:1].lower()}{called[1:]}"
