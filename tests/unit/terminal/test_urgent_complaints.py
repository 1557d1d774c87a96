"""A complaint that cannot wait calls a medic at once and never gets lost, whatever the worker does then."""

from dataclasses import replace

import pytest

from sync.contract.exam import Complaints
from terminal import intents
from terminal.exam import events
from terminal.exam.decide import fold
from terminal.exam.limits import verdict_of
from terminal.exam.model import Phase
from terminal.standing import Facts
from terminal.status import status_of
from tests.unit.terminal.exams import PLAN, Script
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk
from tests.unit.terminal.test_service import records

URGENT = PLAN.model_copy(update={"urgent_complaints": ("chest_pain", "breathless")})


def complained(*codes: str) -> Script:
    script = Script(URGENT).up_to("complaints")
    script.do(events.ComplaintsAnswered, complaints=Complaints(feels_well=False, codes=codes))
    return script


def test_the_exam_stops_there_and_names_the_complaint_to_the_medic() -> None:
    script = complained("cough", "breathless")
    assert script.now.phase is Phase.URGENT
    script.do(events.UrgencySeen)
    script.up_to("waiting")
    verdict = verdict_of(script.now)
    assert verdict.urgent_complaints == ("breathless",)
    assert verdict.suggestion == "attention"
    assert fold(script.events) == script.now


@pytest.mark.parametrize("codes", [("cough",), ("headache", "poor_sleep")])
def test_another_complaint_does_not(codes: tuple[str, ...]) -> None:
    script = complained(*codes)
    assert script.now.phase is Phase.TEMPERATURE
    assert verdict_of(replace(script.now)).urgent_complaints == ()


def test_which_complaints_cannot_wait_is_configuration(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(exam={"show_result_s": 0.01, "urgent_complaints": ["nausea"]}) as kiosk:
        kiosk.up_to("complaints")
        kiosk.want(intents.AnswerComplaints(feels_well=False, codes=("chest_pain",)))
        assert not kiosk.until(lambda s: s.exam is not None and s.exam.phase == "temperature").help_called


def in_pain(kiosk: Kiosk) -> None:
    kiosk.up_to("complaints")
    kiosk.want(intents.AnswerComplaints(feels_well=False, codes=("chest_pain",)))
    snapshot = kiosk.until(lambda s: s.exam is not None and s.exam.phase == "urgent")
    assert snapshot.help_called, "nobody has to press anything"


def test_a_medic_is_called_at_once_and_the_exam_may_go_on(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        in_pain(kiosk)
        kiosk.want(intents.Next())
        assert kiosk.until(lambda s: s.exam is not None and s.exam.phase == "temperature").help_called


def test_the_call_says_whose_exam_is_open_once_he_has_said_that_it_is_he(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        asked = kiosk.up_to("confirm")
        assert asked.examinee is not None
        snapshot = kiosk.until(lambda s: s.exam is not None)
        assert status_of(snapshot, Facts()).open_worker is None
        kiosk.want(intents.AnswerIdentity(True))
        snapshot = kiosk.until(lambda s: s.exam is not None and bool(s.exam.examinee and s.exam.examinee.confirmed))
        assert status_of(snapshot, Facts(help_called_at=snapshot.now.at)).open_worker == asked.examinee.worker_id


def test_who_ends_the_exam_there_is_in_the_medics_queue(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        in_pain(kiosk)
        kiosk.want(intents.Leave())
        kiosk.until_phase("waiting")
        (record,) = records(kiosk)
        assert (record.state, record.rule_verdict.urgent_complaints) == ("submitted", ("chest_pain",))


def test_who_does_not_touch_the_screen_any_more_is_in_the_medics_queue(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(timeouts={"asking_s": 0.2}) as kiosk:
        in_pain(kiosk)
        kiosk.until_phase("waiting")
        (record,) = records(kiosk)
        assert (record.state, record.rule_verdict.urgent_complaints) == ("submitted", ("chest_pain",))
