"""The core thread with real store and session: what people do, what devices do, what a power cut leaves."""

from dataclasses import replace
from datetime import date

import pytest

from drivers.model import DeviceState
from sync.contract.canonical import sha256_hex
from sync.contract.envelope import open_sealed
from sync.contract.exam import ExamRecord
from terminal import intents
from terminal.exam.decide import fold
from terminal.exam.model import Activity, Phase
from terminal.touched import Touched, shown_of
from tests.unit.terminal.kiosk import JPEG_OF_A_FACE, Kiosk, MakeKiosk


def records(kiosk: Kiosk) -> list[ExamRecord]:
    rows = kiosk.store.outbox.next_queued(1000)
    return [
        ExamRecord.model_validate(open_sealed(row.wire, kiosk.store.public_key).payload)
        for row in rows
        if row.kind == "exam"
    ]


def test_a_whole_exam_is_on_the_disk_before_it_is_on_the_screen(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        exam = kiosk.up_to("waiting")
        assert fold(kiosk.store.log.events_of(exam.exam_id)) == exam
        (record,) = records(kiosk)
        assert record.rule_verdict.suggestion == "within_limits"
        assert [m.step for m in record.measurements] == ["temperature", "pressure", "breath"]
        assert all(
            m.device.serial == "7" and m.raw_hex == "0102" and m.generation == "test" for m in record.measurements
        )
        assert [media.kind for media in record.media] == ["photo"]
        assert kiosk.store.media.read(record.media[0].sha256) == JPEG_OF_A_FACE
        assert "Ветров" not in record.model_dump_json()


def test_an_unknown_number_is_said_and_after_three_tries_sent_to_a_medic(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        kiosk.want(intents.Begin(), intents.SubmitNumber("4711"))
        assert kiosk.until_exam(lambda e: bool(e.identification_error)).identification_error == "unknown"
        kiosk.want(intents.SubmitNumber("112-233-445 96"))
        assert kiosk.until_exam(lambda e: e.identification_attempts == 2).identification_error == "check_digit"
        kiosk.want(intents.SubmitNumber("4712"))
        assert kiosk.until_phase("not_today").blocked_code == "not_identified"
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        (record,) = records(kiosk)
        assert (record.state, record.end_reason, record.examinee) == ("unfinished", "not_identified", None)


@pytest.mark.parametrize(("number", "code"), [("1006", "suspended"), ("1007", "not_remote")])
def test_who_may_not_be_examined_here_is_told_where_to_go(make_kiosk: MakeKiosk, number: str, code: str) -> None:
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        kiosk.want(intents.Begin(), intents.SubmitNumber(number))
        assert kiosk.until_phase("not_today").blocked_code == code
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        assert records(kiosk)[0].end_reason == "not_allowed"


def test_refused_consent_measures_nothing(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("consent")
        kiosk.want(intents.AnswerConsent(False))
        kiosk.until_phase("not_today")
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        (record,) = records(kiosk)
        assert (record.end_reason, record.measurements, kiosk.park.asked) == ("consent_refused", (), [])


def test_no_face_is_said_and_the_exam_goes_on_by_the_medics_eye(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(no_face_first=99) as kiosk:
        kiosk.up_to("complaints")
        assert len(kiosk.photographer.begun) == 3
        face = kiosk.until_phase("complaints").face
        assert face is not None
        assert (face.outcome, face.reason) == ("unclear", "no_face")


def test_nothing_biometric_is_asked_for_without_a_legal_basis(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("complaints")
        assert [may_compare for _, may_compare in kiosk.photographer.begun] == [False]


def test_a_touch_on_a_screen_that_is_gone_neither_sends_nor_ends_the_exam(make_kiosk: MakeKiosk) -> None:
    """The kiosk goes on by itself after a while, and the touch may come at that very moment: the summary was seen by nobody."""
    with make_kiosk() as kiosk:
        kiosk.up_to("review")
        latest = kiosk.until(lambda s: True)
        seen = shown_of(latest.exam, awaiting_resume=False)
        for gone in (
            replace(seen, activity=Activity.RESULT),
            replace(seen, phase=Phase.WAITING),
            replace(seen, exam_id="x"),
        ):
            kiosk.mailbox.post(Touched(intents.Next(), gone))
            kiosk.mailbox.post(Touched(intents.Leave(), gone))
        kiosk.mailbox.post(Touched(intents.CallMedic(), gone))
        shown = kiosk.until(lambda s: s.help_called)
        assert shown.exam is not None
        assert shown.exam.phase == "review"
        kiosk.mailbox.post(Touched(intents.Next(), seen))
        kiosk.until_phase("waiting")


def test_a_pulled_cable_is_trouble_and_its_return_starts_the_step_again(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("temperature")
        kiosk.until_exam(lambda e: e.activity == "measuring")
        kiosk.park.fail()
        assert kiosk.until_exam(lambda e: e.activity == "trouble").failures[-1].act == "service"
        kiosk.park.set_state("thermometer", "temperature", DeviceState.READY)
        kiosk.measure()
        exam = kiosk.until_phase("pressure")
        assert [m.attempt for m in exam.measurements] == [2]


def test_stopping_the_cuff_keeps_the_try_and_offers_another(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("pressure")
        kiosk.want(intents.StartMeasuring())
        request_id = kiosk.until_exam(lambda e: e.activity == "measuring").request_id
        kiosk.want(intents.StopMeasuring())
        exam = kiosk.until_exam(lambda e: e.activity == "try_again")
        assert kiosk.park.cancelled == [request_id]
        assert exam.failures[-1].kind == "Cancelled"


def test_an_answer_to_another_start_is_not_taken(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("temperature")
        kiosk.until_exam(lambda e: e.activity == "measuring")
        kiosk.park.asked.append(("01a20234-5425-7207-8b21-53ecae1ff74d", "thermometer"))
        kiosk.park.answer(temperature_celsius=41.0)
        kiosk.park.asked.pop()
        kiosk.park.answer(temperature_celsius=36.5)
        exam = kiosk.until_phase("pressure")
        assert [m.values["temperature_celsius"] for m in exam.measurements] == [36.5]


def test_a_device_whose_verification_ends_during_an_exam_does_not_measure(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("complaints")
        kiosk.config.device[0].__dict__["verified_until"] = date(2020, 1, 1)
        kiosk.want(intents.AnswerComplaints(True))
        exam = kiosk.until_exam(lambda e: e.activity == "trouble")
        assert exam.failures[-1].code == "verification_expired"
        assert kiosk.park.asked == []


def test_after_a_cut_the_exam_is_offered_and_goes_on(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        before = kiosk.up_to("pressure")
        kiosk.want(intents.StartMeasuring())
        kiosk.until_exam(lambda e: e.activity == "measuring")
    with make_kiosk() as kiosk:
        snapshot = kiosk.until(lambda s: s.awaiting_resume)
        assert snapshot.exam is not None
        assert snapshot.exam.measurements == before.measurements
        kiosk.want(intents.ResumeExam())
        kiosk.until(lambda s: not s.awaiting_resume)
        kiosk.want(intents.StartMeasuring())
        kiosk.measure()
        kiosk.until_phase("breath")
        kiosk.measure()
        exam = kiosk.until_phase("review")
        assert [(m.step, m.attempt) for m in exam.measurements] == [("temperature", 1), ("pressure", 2), ("breath", 1)]


def test_after_a_cut_the_exam_may_be_closed_and_leaves_its_record(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("breath")
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: s.awaiting_resume)
        kiosk.want(intents.DropExam())
        kiosk.until_idle()
        (record,) = records(kiosk)
        assert (record.end_reason, len(record.measurements)) == ("interrupted", 2)


def test_the_worker_may_leave_while_resting_and_finds_his_exam_again(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        first = kiosk.up_to("pressure")
        kiosk.want(intents.StartMeasuring())
        kiosk.measure_and_see(systolic_mmhg=168, diastolic_mmhg=104)
        kiosk.until_exam(lambda e: e.activity == "resting")
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        kiosk.want(intents.Begin(), intents.SubmitNumber("1001"))
        again = kiosk.until_exam(lambda e: e.activity == "resting")
        assert again.exam_id == first.exam_id


def test_nobody_touches_the_screen_and_it_goes_back_to_idle(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(timeouts={"asking_s": 0.2}) as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        kiosk.want(intents.Begin())
        kiosk.until_phase("identify")
        kiosk.until_idle()
        assert records(kiosk) == []


def test_without_a_roster_no_exam_starts(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(roster=False) as kiosk:
        kiosk.want(intents.Begin())
        assert kiosk.until(lambda s: s.start_refusal != "").start_refusal == "no_roster"
        assert kiosk.store.log.open_exams() == []


def test_a_call_for_help_stands_on_the_idle_screen_too(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.until_idle()
        kiosk.want(intents.CallMedic())
        kiosk.until(lambda s: s.exam is None and s.help_called)
        kiosk.want(intents.Touch())
        assert kiosk.until(lambda s: True).help_called


def test_the_hash_of_a_consent_is_that_of_the_text_that_was_read(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("consent")
        kiosk.want(intents.AnswerConsent(True, language="en"))
        consent = kiosk.until_exam(lambda e: e.consent is not None).consent
        assert consent is not None
        assert (consent.language, consent.text_sha256) == ("en", sha256_hex(b"text"))
