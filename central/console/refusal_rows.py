"""Lines of the register of certificates: what stands in each column, for page, table and print. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from central.console.look import Look
from central.core import book_source
from central.core.reasons import reasons
from central.papers.content_lines import LANGUAGE as PAPER_LANGUAGE
from central.papers.written import PAPER_CHOICES, words_of
from central.store.issued import IssuedPaper
from central.store.paper_records import PaperEvent, PaperRecord
from central.words import wording
from central.words.table_values import Value, local
from central.words.texts import text
from sync.contract.books import BookItem

COLUMNS = (
    "number",
    "issued_at",
    "receiver",
    "birth_date",
    "employer",
    "exam_at",
    "reason_class",
    "reason",
    "purpose",
    "sent_to",
    "medic",
    "handed",
    "answer",
    "prints",
    "in_force",
)
PRINTED: Mapping[str, float] = {
    "number": 0.06,
    "issued_at": 0.08,
    "receiver": 0.15,
    "birth_date": 0.07,
    "employer": 0.14,
    "reason_class": 0.13,
    "sent_to": 0.13,
    "handed": 0.1,
    "answer": 0.14,
}
"""Columns on paper, with their shares of the width."""


def why(item: IssuedPaper, language: str) -> str:
    """The reasons in words, and the medic's own words where the book has none."""
    record = json.loads(item.record)
    book = reasons(str(record["exam"].get("org", "")), wording.parse(record["decision"]["decided_at"]))
    words = [book[code].text(language) for code in item.reasons if code in book]
    comment = str(record["decision"]["comment"])
    return "; ".join(words if words and "other" not in item.reasons else [*words, comment]).strip("; ")


def content_of(record: PaperRecord | None, language: str) -> dict[str, str]:
    """What the medic has written, field by field, in words; empty for a certificate of before they were written.

    Choices are said in the reader's language, as the book of then has them; the signed words are the Russian ones.
    """
    if record is None:
        return {}
    paper = json.loads(record.record)["paper"]
    version = str(paper["books"].get(PAPER_CHOICES, ""))
    book = book_source.items(PAPER_CHOICES, record.org, version=version) if language != PAPER_LANGUAGE else {}
    content = {name: _in_language(value, book, language) for name, value in paper["content"].items()}
    return {name: words_of(content, name) for name in content}


def _in_language(value: Any, book: Mapping[str, BookItem], language: str) -> Any:
    if not isinstance(value, list):
        return value
    known = {code: item.words(language) for code, item in book.items()}
    return [one | {"words": known.get(one["code"], one["words"])} for one in value]


def became(events: Sequence[PaperEvent], language: str) -> dict[str, str]:
    """What became of it: `handed` (or not taken) and `answer`, each as it was noted last."""
    found: dict[str, str] = {}
    for one in events:
        words = f"{text(language, f'paper.event.{one.kind}')} {one.on_day:%d.%m.%Y}"
        found["answer" if one.kind == "answered" else "handed"] = f"{words}: {one.words}" if one.words else words
    return found


def cells(
    item: IssuedPaper, record: PaperRecord | None, events: Sequence[PaperEvent], look: Look
) -> list[tuple[str, Value]]:
    """The line for files: name of the column, value."""
    written, after = content_of(record, look.language), became(events, look.language)
    values: dict[str, Any] = {
        "number": f"{item.number}/{item.year}",
        "issued_at": local(item.issued_at, look.zone),
        "receiver": item.worker_name or "",
        "birth_date": item.birth_date,
        "employer": item.employer_name or "",
        "exam_at": local(item.finished_at, look.zone),
        "reason_class": written.get("reason", ""),
        "reason": why(item, look.language),
        "purpose": written.get("purpose", ""),
        "sent_to": written.get("receiver", ""),
        "medic": item.medic_name,
        "handed": after.get("handed", ""),
        "answer": after.get("answer", ""),
        "prints": item.prints,
        "in_force": text(look.language, "paper.register.yes" if item.in_force else "paper.register.corrected"),
    }
    return [(name, values[name]) for name in COLUMNS]
