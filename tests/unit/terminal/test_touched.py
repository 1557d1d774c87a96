"""Each intent is bound to the screen that it was made on, or says why not."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from terminal import intents
from terminal.exam.model import Activity, Phase
from terminal.touched import UNBOUND, Shown, Touched, counting

WAITING = Shown("exam", Phase.WAITING, Activity.READY, "worker")
VALUES: dict[type[Any], tuple[Any, ...]] = {
    intents.SubmitNumber: ("1001",),
    intents.PresentCard: ("1001",),
    intents.ChooseEmployment: (1,),
    intents.AnswerIdentity: (True,),
    intents.AnswerConsent: (True,),
    intents.AnswerComplaints: (True,),
    intents.EnterValues: ({},),
}
GONE: dict[str, dict[str, Any]] = {
    "the decision has come": {"phase": Phase.DECIDED},
    "the step has gone on": {"activity": Activity.RESULT},
    "the next one stands there": {"exam_id": "another"},
    "somebody else was found": {"worker_id": "another"},
    "an exam is offered for resuming": {"awaiting_resume": True},
}


@pytest.mark.parametrize("kind", get_args(intents.Intent), ids=lambda kind: kind.__name__)
def test_an_intent_counts_for_its_screen_alone_or_says_why_it_counts_on_any(kind: type[Any]) -> None:
    intent = kind(*VALUES.get(kind, ()))
    assert counting(Touched(intent, WAITING), WAITING) == intent
    for gone, change in GONE.items():
        now = counting(Touched(intent, WAITING), replace(WAITING, **change))
        assert now == (intent if kind in UNBOUND else intents.Touch()), gone
    assert len(UNBOUND.get(kind, "bound by its screen").split()) > 3
