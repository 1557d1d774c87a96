"""What became of a gate at a terminal: its relay opened it for an admission, or did not, and why.

`up/passage`: one for each admission that the terminal looked at. The terminal had it on its disk before the relay moved.
"""

from typing import Literal

from sync.contract.model import Id, ShortText, Utc, WireModel

PASSAGE_SCHEMA = "dopusk.passage/1"
PassageOutcome = Literal["opened", "unknown", "failed", "refused"]


class PassageReport(WireModel):
    """`unknown`: the relay gave no whole answer, it may have opened. `refused`: it was not tried, `reason` says why."""

    passage_id: Id
    exam_id: Id
    decision_id: Id
    worker_id: Id
    employer_id: Id
    valid_until: Utc | None = None
    outcome: PassageOutcome
    reason: ShortText = ""
    """Of `refused`: `clock`, `expired`, `already_opened`, `certificate`, `late`."""
    at: Utc
