"""Letters to who asked for copies, on the organisation's letterhead: that the term is extended, or that the request is refused."""

from datetime import date

from sqlalchemy import RowMapping

from central.papers.listing import Listing
from central.store.copy_requests import EXTENDED, REFUSED, KnownRequest
from central.words.no_force import band
from central.words.texts import text

PAPER = "ru"
"""Papers are in Russian, whoever prints them."""


def letter_of(known: KnownRequest, organisation: RowMapping, generation: str) -> Listing | None:
    """What the newest event has to tell; None where it is no letter."""
    if not known.events or known.state not in {EXTENDED, REFUSED}:
        return None
    item, event = known.item, known.events[-1]
    contact = ", ".join(filter(None, (organisation["address"], organisation["phone"])))
    lines = [
        (_words("letter.request"), f"№ {item.number}/{item.year} {_words('letter.of')} {_day(item.received_on)}"),
        (_words("letter.person"), known.worker_name),
        (_words("letter.asked"), text(PAPER, f"paper.kind.{item.kind}") if item.kind else _words("all_kinds")),
    ]
    if event.kind == EXTENDED:
        lines += [
            (_words("letter.old_term"), _day(item.due_on)),
            (_words("letter.new_term"), _day(event.until)),
            (_words("letter.reason"), event.reason),
            (_words("letter.notice"), _day(event.notice_on)),
        ]
        title, verdict = _words("letter.extension"), _words("letter.extension_words")
    else:
        lines += [(_words("letter.ground"), one["words"]) for one in event.grounds]
        if event.reason:
            lines.append((_words("letter.reason"), event.reason))
        title = f"{_words('letter.refusal')} № {event.refusal_no}/{event.refusal_year}"
        verdict = _words("letter.refusal_words")
    return Listing(
        title=title,
        organisation="; ".join(filter(None, (organisation["name"], contact, organisation["licence"]))),
        verdict=verdict,
        lines=tuple(lines),
        sections=(),
        notes=(_words("letter.sign"),),
        foot=f"{organisation['name']}, {item.number}/{item.year}",
        band=band(generation, PAPER),
    )


def _words(key: str) -> str:
    return text(PAPER, f"request.{key}")


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day is not None else "—"
