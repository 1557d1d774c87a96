"""Texts of papers, by kind, type of exam and outcome: those of the mark beside this module, the others from the book of them."""

import tomllib
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from central.books.catalogue import shipped
from central.books.rules import PAPER_TEXTS, TYPE
from central.core import book_source
from sync.contract.books import BookItem
from sync.contract.decision_rules import AFTER_WORK

MARK = "mark"
"""A label and no document: nothing of it is signed by the organisation."""
KINDS = (MARK, "refusal", "sobriety", "conclusion")


class NoSuchPaper(Exception):
    """This paper does not exist for this exam. `code`: `outcome`, `no_breath`, `kind`, `unwritten` (no medic has filled it in)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@cache
def templates() -> dict[str, Any]:
    """The words of the mark and of the kinds of exams."""
    source = resources.files("central.papers").joinpath("templates.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def kinds_for(outcome: str, has_breath: bool) -> tuple[str, ...]:
    """Which papers can be made of an exam with that outcome in force, the usual one first.

    The mark of a refusal comes last, so that pressing the first button by habit does not print it.
    """
    made = {"admitted": ["mark"], "not_admitted": ["refusal"], "refer": ["refusal"]}.get(outcome, [])
    if has_breath or outcome in {"not_admitted", "refer"}:
        made.append("sobriety")  # also of somebody who refused to blow
    made.append("conclusion")
    return (*made, "mark") if outcome == "not_admitted" else tuple(made)


def mark_text(exam_type: str, outcome: str) -> str:
    """The words of the mark. Raises `NoSuchPaper` for outcomes that have none: nothing is marked then."""
    book = templates()
    words = book["mark"]["after" if exam_type in AFTER_WORK else "before"]
    if outcome not in words:
        raise NoSuchPaper("outcome")
    return str(words[outcome]).format(type=book["type"][exam_type])


def headline(exam_type: str, outcome: str) -> str:
    """The big words of the mark; they never break. Raises `NoSuchPaper` for outcomes that have none."""
    words = templates()["headline"]["after" if exam_type in AFTER_WORK else "before"]
    if outcome not in words:
        raise NoSuchPaper("outcome")
    return str(words[outcome]).replace(" ", "\N{NO-BREAK SPACE}")


def lower_band(exam_type: str) -> str:
    """A refusal in other words, so that a badly read "not" of the big ones is not the only one."""
    words = templates()["lower_band"]["after" if exam_type in AFTER_WORK else "before"]
    return str(words).replace(" ", "\N{NO-BREAK SPACE}")


class PaperTexts:
    """Titles and sentences of an organisation's papers, as its book of them had them at a moment.

    A paper that is printed again has the words of the day on which it was issued.
    """

    def __init__(self, org: str, at: datetime) -> None:
        own = book_source.items(PAPER_TEXTS, org, at=at)
        self._words = {item.code: item.ru for item in _shipped()} | {code: item.ru for code, item in own.items()}

    def title(self, kind: str) -> str:
        """The heading of a paper."""
        return self._words[f"title.{kind}"]

    def body(self, kind: str, exam_type: str, outcome: str) -> str:
        """The leading sentence of a paper."""
        if kind == "conclusion":
            known = outcome if outcome in {"admitted", "not_admitted"} else "other"
            return self._words[f"body.conclusion_{known}"]
        return self._words[f"body.{kind}"].replace(TYPE, str(templates()["type"][exam_type]))

    @property
    def act(self) -> str:
        """The act that the papers name."""
        return self._words["act"]


def _shipped() -> tuple[BookItem, ...]:
    book = shipped(PAPER_TEXTS)
    return book.items if book is not None else ()
