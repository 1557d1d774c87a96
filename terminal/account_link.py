"""The link to the worker's own records, beside a decision that the worker is looking at."""

from sync.contract.account_link import LINK_VALID
from terminal.core import Core
from terminal.exam.model import ExamState, Phase, Stamp
from terminal.exam.times import elapsed_s


def account_link(core: Core, exam: ExamState | None) -> str:
    """The link that the screen may show now; empty without an offer and after its end.

    By a clock that is not trusted the end is as long after the decision came as a link holds; the centre judges by its own. Behind
    `#` stands a token that only this terminal can make. It goes to the phone and to nobody else.
    """
    decided = exam.decision if exam is not None and exam.phase is Phase.DECIDED else None
    if exam is None or decided is None or not decided.account_address or decided.account_until is None:
        return ""
    now = core.clock.now()
    if now.at >= decided.account_until if now.trusted else _is_long_ago(exam, now):
        return ""
    return f"{decided.account_address}#{core.store.account_token(exam.exam_id)}"


def _is_long_ago(exam: ExamState, now: Stamp) -> bool:
    return exam.phase_since is None or elapsed_s(exam.phase_since, now) >= LINK_VALID.total_seconds()
