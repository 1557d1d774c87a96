"""Acts about copies: one that is lost, or comes back damaged, has an act drafted with the move; two people sign it later."""

from datetime import date

from sqlalchemy import Connection

from central.core.copy_rules import MoveDraft
from central.deciding.act_signing import ActDraft
from central.store import papers
from central.store.copies import Copy
from central.words.texts import text

PAPER = "ru"
"""Acts are in Russian, whoever drafts them."""


def act_about(connection: Connection, item: Copy, state: str, draft: MoveDraft, on_day: date) -> ActDraft | None:
    """The act that this move asks for; None where it asks for none. `state`: what the move leaves the copy in."""
    kind = {"lost": "loss", "damaged": "damage"}.get(state)
    paper = papers.find(connection, item.paper_id)
    if kind is None or paper is None:
        return None
    called = text(PAPER, "copy.called", number=item.copy_no, role=text(PAPER, f"copy.role.{item.role}"))
    what = f"{text(PAPER, f'paper.kind.{paper.kind}')} № {paper.number}/{paper.year}, {called[:1].lower()}{called[1:]}"
    row = {"what": what, "sha256": item.sha256, "happened_on": on_day.isoformat()}
    return ActDraft(item.org, kind, tuple(row), [row], draft.note, draft.document)
