"""Texts of papers, by kind, type of exam and outcome: versioned data beside this module."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from sync.contract.decision_rules import AFTER_WORK

KINDS = ("mark", "refusal", "sobriety", "conclusion")


class NoSuchPaper(Exception):
    """This paper does not exist for this exam. `code`: `outcome`, `no_breath`, `kind`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@cache
def templates() -> dict[str, Any]:
    """The texts and their version."""
    source = resources.files("central.papers").joinpath("templates.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def kinds_for(outcome: str, has_breath: bool) -> tuple[str, ...]:
    """Which papers can be made of an exam with that outcome in force, the usual one first.

    The mark of a refusal comes last, so that pressing the first button by habit does not print it.
    """
    made = {"admitted": ["mark"], "not_admitted": ["refusal"], "refer": ["refusal"]}.get(outcome, [])
    if has_breath:
        made.append("sobriety")
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


def title(kind: str) -> str:
    """The heading of a paper."""
    return str(templates()["title"][kind])


def body(kind: str, exam_type: str, outcome: str) -> str:
    """The leading sentence of a paper."""
    texts = templates()["body"]
    if kind == "conclusion":
        known = outcome if outcome in {"admitted", "not_admitted"} else "other"
        return str(texts[f"conclusion_{known}"])
    return str(texts[kind]).format(type=templates()["type"][exam_type])


def act() -> str:
    """The act that the papers name."""
    return str(templates()["act"])
