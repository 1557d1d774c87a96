"""What an employer learns of an examination: one word, and never a value, a complaint or a reason. Pure."""

from typing import Literal

from sync.contract.decision_rules import AFTER_WORK

OutcomeKind = Literal["admitted", "passed", "not_admitted", "not_identified", "referred", "waiting", "unfinished"]
KINDS: tuple[OutcomeKind, ...] = (
    "admitted",
    "passed",
    "not_admitted",
    "not_identified",
    "referred",
    "waiting",
    "unfinished",
)
_SAID: dict[str, OutcomeKind] = {
    "not_admitted": "not_admitted",
    "not_identified": "not_identified",
    "refer": "referred",
}


def outcome_kind(state: str, outcome: str | None, exam_type: str) -> OutcomeKind:
    """The word for an exam's state and the outcome of its decision in force. An unknown outcome admits nobody: it waits."""
    if state == "unfinished":
        return "unfinished"
    if state == "waiting" or outcome is None:
        return "waiting"
    if outcome == "admitted":
        return "passed" if exam_type in AFTER_WORK else "admitted"
    return _SAID.get(outcome, "waiting")
