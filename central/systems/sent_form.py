"""The form of a result that a partner wants: its own fields, filled with ours, its codes, constants or words. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.systems.code_translating import Bindings, Unmapped, translate
from central.systems.results import ExamResult

KINDS = ("field", "code", "constant", "text", "none")
"""What stands in a field: ours; the partner's code of ours; always the same; words with ours in them; nothing any more."""
REASONS, EXAM_TYPES, OUTCOMES = "reasons", "exam_types", "outcomes"
MAPPED_BOOKS = (REASONS, EXAM_TYPES, OUTCOMES)
"""Our books and lists whose codes go out in the partner's."""
CODED: Mapping[str, str] = {"exam_type": EXAM_TYPES, "outcome": OUTCOMES, "reasons": REASONS}
"""Our fields that have codes, and the book of each."""
OWN_FIELDS = (
    "external_id",
    "personnel_number",
    "employer_inn",
    "exam_type",
    "started_at",
    "finished_at",
    "outcome",
    "decided_at",
    "valid_until",
    "corrects",
    "medic",
    "organisation",
    "waybill_title",
    "exam_id",
    "decision_id",
)
"""Our fields of a result, in the order of the tables. Reasons go as codes only, and only where the format says reasons."""
PLACES = re.compile(r"\{([^{}]*)\}")
"""Where a text has a field of ours."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of the partner's. `own`: our field, the constant, or the text."""

    their_field: str
    kind: str
    own: str


def plain_values(result: ExamResult) -> dict[str, Any]:
    """Our fields as JSON has them."""
    said = result.plain()
    flat = said | said["worker"]
    return {name: flat[name] for name in OWN_FIELDS}


def filled(
    form: Sequence[FormField], values: Mapping[str, Any], result: ExamResult, bindings: Bindings
) -> list[tuple[str, Any]]:
    """The partner's fields with what stands in them, in their order. `values`: our fields, as this format says them.

    Raises `Unmapped` with every code that has none of the partner's.
    """
    found: list[tuple[str, Any]] = []
    missing: list[str] = []
    for line in form:
        if line.kind == "code":
            try:
                found.append((line.their_field, _codes(line.own, result, bindings)))
            except Unmapped as error:
                missing.extend(error.places)
        elif line.kind == "field":
            found.append((line.their_field, values[line.own]))
        elif line.kind == "text":
            found.append((line.their_field, _told(line.own, plain_values(result))))
        elif line.kind == "constant":
            found.append((line.their_field, line.own))
    if missing:
        raise Unmapped(tuple(missing))
    return found


def _told(words: str, plain: Mapping[str, Any]) -> str:
    return PLACES.sub(lambda place: str(plain[place[1]] or ""), words)


def _codes(own: str, result: ExamResult, bindings: Bindings) -> str | list[str]:
    if own == "reasons":
        return [one.code for one in translate(bindings, REASONS, result.reason_codes)]
    return translate(bindings, CODED[own], [getattr(result, own)])[0].code
