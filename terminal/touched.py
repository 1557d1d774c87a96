"""A touch counts for what was on the screen when it was made: what came up at that very moment was seen by nobody.

The screen sends an intent together with what it showed. The core thread may be further by then: a decision has come, a value has
gone on by itself, the next person stands there. Then the touch says no more than that somebody is there. An intent that is not
touched on a screen, or that means the same on every screen, says why in `UNBOUND`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from terminal import intents
from terminal.exam.model import Activity, ExamState, Phase

UNBOUND: Mapping[type[intents.Intent], str] = {
    intents.PresentCard: "a reader reads a card or a code whatever the screen shows; it names somebody where a number is asked for",
    intents.StopMeasuring: "who wants the cuff to let go wants it at once, and only what measures is stopped",
    intents.CallMedic: "help is called from every screen",
    intents.Touch: "says only that somebody is there",
}
"""Intents that count whatever has come up meanwhile, and why."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the screen to be touched: of whom, which step, and what goes on in it. No exam: the idle screen."""

    exam_id: str = ""
    phase: Phase | None = None
    activity: Activity | None = None
    worker_id: str = ""
    awaiting_resume: bool = False


@dataclass(frozen=True, slots=True)
class Touched:
    """An intent, and what was on the screen when the finger came down."""

    intent: intents.Intent
    on: Shown


def shown_of(exam: ExamState | None, *, awaiting_resume: bool) -> Shown:
    """What the screen shows of an exam, or of the one step that a medic has prepared."""
    if exam is None:
        return Shown()
    worker_id = exam.examinee.worker_id if exam.examinee is not None else ""
    return Shown(exam.exam_id, exam.phase, exam.activity, worker_id, awaiting_resume)


def counting(touch: Touched, now: Shown) -> intents.Intent:
    """What a touch says, when that is on the screen now."""
    return touch.intent if touch.on == now or type(touch.intent) in UNBOUND else intents.Touch()
