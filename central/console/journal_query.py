"""Filters of the journal beside organisation, person and period: each field of the address and its faults. Pure.

`reason`, `reason_class` (codes of the reference book), `complaint` (a code), `quantity` with `low` and `high` (a range of any
attempt, ends inside, either may be missing), `device_serial`, `paper_number` (`12` or `12/2026`), `certificate_serial`,
`identified_by`, `override`, `corrected` (1).
"""

import math
import re
from typing import Any

from starlette.datastructures import QueryParams

from central.core.text_cleaning import clean_line
from central.store.exam_facts import QUANTITIES

CHOICES = ("reason", "reason_class", "complaint", "identified_by")
TYPED = ("device_serial", "paper_number", "certificate_serial")
MARKS = ("override", "corrected")
FIELDS = frozenset({*CHOICES, *TYPED, *MARKS, "quantity", "low", "high"})
_MOST_CHARS = 100
_PAPER = re.compile(r"([0-9]{1,9})(?:/([0-9]{4}))?")
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:[.,][0-9]{1,6})?")


def facts_asked(query: QueryParams, faults: dict[str, str]) -> dict[str, Any]:
    """The fields of `JournalFilter` that are facts. A fault is a code by field; what is at fault restricts nothing."""
    asked: dict[str, Any] = {name: _line(query, name) for name in (*CHOICES, "device_serial")}
    asked |= {name: query.get(name) == "1" for name in MARKS}
    asked["certificate_serial"] = re.sub(r"[\s:]", "", _line(query, "certificate_serial")).lower()
    paper = re.sub(r"[\s№]", "", _line(query, "paper_number"))
    asked["paper_number"] = paper
    if paper and not _PAPER.fullmatch(paper):
        faults["paper_number"] = "not_a_paper"
        asked["paper_number"] = ""
    quantity = _line(query, "quantity")
    bounds = {name: _number(query, name, faults) for name in ("low", "high")}
    if (quantity and quantity not in QUANTITIES) or (
        not quantity and any(bound is not None for bound in bounds.values())
    ):
        faults["quantity"] = "choose"
    low, high = bounds["low"], bounds["high"]
    if low is not None and high is not None and low > high:
        faults["high"] = "below_low"
    return asked | bounds | {"quantity": quantity if quantity in QUANTITIES else ""}


def _line(query: QueryParams, name: str) -> str:
    return clean_line(query.get(name, ""))[:_MOST_CHARS]


def _number(query: QueryParams, name: str, faults: dict[str, str]) -> float | None:
    typed = _line(query, name).replace(" ", "")
    if not typed:
        return None
    found = float(typed.replace(",", ".")) if _NUMBER.fullmatch(typed) else math.nan
    if math.isnan(found):
        faults[name] = "not_a_number"
        return None
    return found
