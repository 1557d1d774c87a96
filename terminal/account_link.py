"""The link to the worker's own records, beside a decision that the worker is looking at."""

from terminal.core import Core
from terminal.exam.model import ExamState, Phase


def account_link(core: Core, exam: ExamState | None) -> str:
    """The link that the screen may show now; empty without an offer, after its end, and while the clock is not trusted.

    Behind `#` stands a token that only this terminal can make. It goes to the phone and to nobody else.
    """
    decided = exam.decision if exam is not None and exam.phase is Phase.DECIDED else None
    if exam is None or decided is None or not decided.account_address or decided.account_until is None:
        return ""
    now = core.clock.now()
    if not now.trusted or now.at >= decided.account_until:
        return ""
    return f"{decided.account_address}#{core.store.account_token(exam.exam_id)}"
