"""The search for a face as a way to say who one is: proposed, confirmed, recorded; anything unsure leads to the number."""

from collections.abc import Iterator

import pytest

from terminal import intents
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk
from tests.unit.terminal.test_service import records

ON = {"legal_basis": "Приказ № 7", "search": True}


@pytest.fixture
def kiosk(make_kiosk: MakeKiosk) -> Iterator[Kiosk]:
    with make_kiosk(biometrics=ON) as started:
        started.until(lambda shown: shown.exam is None and not shown.start_refusal)
        started.want(intents.Begin())
        started.until_phase("identify")
        yield started


def worker_id(kiosk: Kiosk, number: str = "1001") -> str:
    found = kiosk.store.roster.find("personnel_number", number)
    assert found is not None
    return found.worker_id


def look(kiosk: Kiosk) -> None:
    kiosk.want(intents.SearchFace())
    kiosk.until(lambda shown: shown.searching)


def test_a_hit_is_proposed_and_only_the_workers_yes_goes_on_with_it(kiosk: Kiosk) -> None:
    look(kiosk)
    kiosk.photographer.found(worker_id(kiosk))
    exam = kiosk.until_phase("confirm")
    assert exam.examinee is not None
    assert (exam.examinee.identified_by, exam.examinee.confirmed) == ("face", False)
    kiosk.want(intents.AnswerIdentity(False))
    assert kiosk.until_phase("identify").examinee is None
    look(kiosk)
    kiosk.photographer.found(worker_id(kiosk))
    kiosk.until_phase("confirm")
    kiosk.want(intents.AnswerIdentity(True))
    kiosk.until_phase("consent")
    kiosk.want(intents.Leave())
    kiosk.until_idle()
    (record,) = records(kiosk)
    assert record.examinee is not None
    assert (record.examinee.identified_by, record.examinee.confirmed) == ("face", True)
    evidence = record.examinee.found_by_face
    assert evidence is not None
    assert (evidence.score, evidence.threshold, evidence.next_score, evidence.enrolled) == (0.63, 0.48, 0.31, 4)


@pytest.mark.parametrize("code", ["no_match", "ambiguous", "nobody_enrolled", "no_good_frame", "no_camera"])
def test_a_miss_leads_to_the_number_and_costs_no_try(kiosk: Kiosk, code: str) -> None:
    look(kiosk)
    kiosk.photographer.missed(code)
    shown = kiosk.until(lambda shown: not shown.searching and shown.progress.state == f"search_{code}")
    assert shown.exam is not None
    assert shown.exam.identification_attempts == 0
    kiosk.want(intents.SubmitNumber("1001"))
    exam = kiosk.until_phase("confirm")
    assert exam.examinee is not None
    assert (exam.examinee.identified_by, exam.examinee.found_by_face) == ("personnel_number", None)


def test_a_number_a_card_or_the_button_ends_the_search_and_its_late_answer_is_nobodys(kiosk: Kiosk) -> None:
    look(kiosk)
    kiosk.want(intents.StopSearch())
    kiosk.until(lambda shown: not shown.searching)
    assert kiosk.photographer.cancelled == 1
    kiosk.photographer.found(worker_id(kiosk))
    look(kiosk)
    kiosk.want(intents.PresentCard("04A1B2C3"))
    exam = kiosk.until_phase("confirm")
    assert exam.examinee is not None
    assert exam.examinee.identified_by == "card"


def test_a_blocked_worker_is_sent_away_and_an_unknown_one_is_a_miss(kiosk: Kiosk) -> None:
    look(kiosk)
    kiosk.photographer.found("00000000-0000-7000-8000-000000000000")
    kiosk.until(lambda shown: shown.progress.state == "search_no_match")
    look(kiosk)
    kiosk.photographer.found(worker_id(kiosk, "1007"))
    kiosk.until_phase("not_today")


def test_who_has_a_resting_exam_is_asked_for_the_number(kiosk: Kiosk) -> None:
    kiosk.want(intents.Leave())
    kiosk.until_idle()
    kiosk.up_to("waiting")
    kiosk.want(intents.Leave())
    kiosk.until_idle()
    kiosk.want(intents.Begin())
    kiosk.until_phase("identify")
    look(kiosk)
    kiosk.photographer.found(worker_id(kiosk))
    kiosk.until(lambda shown: shown.progress.state == "search_number_needed")


@pytest.mark.parametrize("biometrics", [{}, {"legal_basis": "Приказ № 7"}])
def test_without_the_switch_nothing_is_offered_or_looked_for(
    make_kiosk: MakeKiosk, biometrics: dict[str, object]
) -> None:
    with make_kiosk(biometrics=biometrics) as kiosk:
        kiosk.until(lambda shown: shown.exam is None and not shown.start_refusal)
        kiosk.want(intents.Begin(), intents.SearchFace())
        kiosk.until_phase("identify")
        kiosk.want(intents.SubmitNumber("1001"))
        shown = kiosk.until(lambda shown: shown.exam is not None and shown.exam.phase == "confirm")
        assert not shown.search_offered
        assert kiosk.photographer.searches == []
