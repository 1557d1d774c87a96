"""The exam as a pure function: the happy way, each turn off it, and what must never happen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.exam import events
from terminal.exam.decide import fold
from terminal.exam.effects import CancelMeasurement, LookAtFace, SendRecord, ShowResultFor, StartMeasurement, WakeAt
from terminal.exam.limits import verdict_of
from terminal.exam.model import Activity, Phase
from terminal.exam.moves import ImpossibleEvent
from tests.unit.terminal.exams import Script


def test_the_happy_way_goes_through_every_step_in_order() -> None:
    script = Script()
    phases = [script.now.phase]
    for phase in ("confirm", "consent", "face", "complaints", "temperature", "pressure", "breath", "review", "waiting"):
        script.up_to(phase)
        phases.append(script.now.phase)
    assert [str(p) for p in phases] == [
        "identify", "confirm", "consent", "face", "complaints", "temperature", "pressure", "breath", "review", "waiting",
    ]  # fmt: skip
    assert script.effects == (SendRecord(),)
    assert verdict_of(script.now).suggestion == "within_limits"


def test_entering_a_step_starts_what_starts_by_itself() -> None:
    assert Script().up_to("face").effects == (LookAtFace(),)
    assert Script().up_to("temperature").effects == (StartMeasurement("temperature"),)
    assert Script().up_to("pressure").effects == ()
    assert Script().up_to("breath").effects == (StartMeasurement("breath"),)


def test_nothing_but_a_decision_admits() -> None:
    script = Script().up_to("waiting")
    for event in (events.SummaryConfirmed, events.DecisionSeen, events.ResultSeen):
        with pytest.raises(ImpossibleEvent):
            script.do(event)
    assert script.now.decision is None
    script.decided("admitted")
    assert script.now.phase is Phase.DECIDED
    assert script.now.decision is not None
    assert script.now.decision.outcome == "admitted"


def test_high_pressure_rests_and_repeats_twice_and_all_attempts_are_kept() -> None:
    script = Script().up_to("pressure")
    for attempt in (1, 2):
        state = script.measure("pressure", systolic_mmhg=168, diastolic_mmhg=104)
        assert state.activity is Activity.RESTING
        assert state.rest_until is not None
        assert script.effects == (WakeAt(state.rest_until),)
        assert len(state.taken("pressure")) == attempt
        script.do(events.RestEnded)
    state = script.measure("pressure", systolic_mmhg=168, diastolic_mmhg=104)
    assert state.phase is Phase.BREATH
    assert [m.attempt for m in state.taken("pressure")] == [1, 2, 3]
    script.measure("breath")
    verdict = verdict_of(script.now)
    assert verdict.suggestion == "out_of_limits"
    assert {f.parameter for f in verdict.findings} == {"systolic_mmhg", "diastolic_mmhg"}


def test_pressure_that_calms_down_is_pointed_out_and_not_forgotten() -> None:
    script = Script().up_to("pressure")
    script.measure("pressure", systolic_mmhg=150, diastolic_mmhg=80)
    script.do(events.RestEnded)
    script.measure("pressure", systolic_mmhg=128, diastolic_mmhg=80)
    script.measure("breath")
    verdict = verdict_of(script.now)
    assert verdict.suggestion == "attention"
    assert [f.value for f in verdict.findings] == [150]


def test_a_second_blow_never_wipes_out_a_first_positive_one() -> None:
    script = Script().up_to("breath")
    script.measure("breath", breath_alcohol_mg_per_l=0.41)
    assert script.now.activity is Activity.RESTING
    script.do(events.RestEnded)
    assert script.effects == (StartMeasurement("breath"),)
    script.measure("breath", breath_alcohol_mg_per_l=0.0)
    assert script.now.phase is Phase.REVIEW
    verdict = verdict_of(script.now)
    assert verdict.suggestion == "out_of_limits"
    came_too_early = (None, 0)  # minutes after the first one
    assert [(f.attempt, f.value) for f in verdict.findings] == [(1, 0.41), came_too_early]


@pytest.mark.parametrize("word", ["fail", "over"])
def test_a_qualitative_breath_result_stays_a_word_and_is_out_of_limits(word: str) -> None:
    script = Script().up_to("breath")
    script.measure("breath", breath_test=word)
    assert script.now.activity is Activity.RESTING
    assert verdict_of(script.now).suggestion == "out_of_limits"


def test_a_worker_may_try_again_until_the_tries_are_used_up() -> None:
    script = Script().up_to("breath")
    activities = []
    for _ in range(3):
        script.start("breath")
        activities.append(script.fail("breath").activity)
    assert activities == [Activity.TRY_AGAIN, Activity.TRY_AGAIN, Activity.TROUBLE]
    assert len(script.now.failures) == 3
    assert script.now.measurements == script.now.taken("temperature") + script.now.taken("pressure")


def test_a_pulled_cable_waits_and_the_exam_goes_on_when_it_is_back() -> None:
    script = Script().up_to("temperature")
    script.start("temperature")
    assert script.fail("temperature", act="service", kind="Unavailable").activity is Activity.TROUBLE
    script.do(events.DeviceReturned, device_id="d")
    assert script.effects == (StartMeasurement("temperature"),)
    script.start("temperature")
    script.take("temperature")
    assert script.now.measurements[-1].attempt == 2


def test_a_late_answer_belongs_to_nobody() -> None:
    script = Script().up_to("temperature")
    script.start("temperature")
    stale = script.now.request_id
    script.fail("temperature")
    script.start("temperature")
    with pytest.raises(ImpossibleEvent):
        script.do(
            events.MeasurementTaken,
            request_id=stale,
            measurement=Script().up_to("pressure").now.measurements[0],
        )


def test_an_unknown_number_is_tried_three_times_and_then_sent_to_a_medic() -> None:
    script = Script()
    script.do(events.IdentificationFailed, code="unknown")
    script.do(events.IdentificationFailed, code="check_digit")
    assert script.now.phase is Phase.IDENTIFY
    script.do(events.IdentificationFailed, code="unknown")
    assert (script.now.phase, script.now.blocked_code) == (Phase.NOT_TODAY, "not_identified")
    script.do(events.ExamEnded, reason="not_identified")
    assert script.effects == (SendRecord(),)


def test_a_passer_by_leaves_no_record() -> None:
    script = Script()
    script.do(events.ExamEnded, reason="timed_out")
    assert script.effects == ()


def test_refused_consent_leads_to_a_medic_and_nothing_is_measured() -> None:
    script = Script().up_to("consent")
    script.consent(given=False)
    assert (script.now.phase, script.now.blocked_code) == (Phase.NOT_TODAY, "consent_refused")
    assert script.now.measurements == ()


def test_leaving_while_measuring_stops_the_device_and_sends_what_there_is() -> None:
    script = Script().up_to("pressure")
    script.start("pressure")
    request_id = script.now.request_id
    script.do(events.ExamEnded, reason="interrupted")
    assert script.effects == (CancelMeasurement(request_id), SendRecord())
    assert verdict_of(script.now).suggestion == "incomplete"


def test_a_medic_may_ask_for_a_repeat_and_the_record_goes_out_again() -> None:
    script = Script().up_to("waiting")
    script.decided("repeat", repeat_step="pressure")
    assert script.now.phase is Phase.PRESSURE
    script.measure("pressure")
    assert script.now.phase is Phase.REVIEW
    script.do(events.SummaryConfirmed)
    assert script.now.sent_revision == 2
    assert [m.attempt for m in script.now.taken("pressure")] == [1, 2]


def test_a_restart_in_a_measurement_measures_again_and_invents_nothing() -> None:
    script = Script().up_to("temperature")
    script.start("temperature")
    script.boot = "boot-2"
    script.do(events.ExamResumed)
    assert script.now.activity is Activity.READY
    assert script.effects == (StartMeasurement("temperature"),)
    assert script.now.measurements == ()


def test_a_restart_shows_a_stored_value_again() -> None:
    script = Script().up_to("temperature")
    script.start("temperature")
    script.take("temperature")
    script.do(events.ExamResumed)
    assert script.effects == (ShowResultFor(script.now.plan.show_result_s),)


def test_times_of_steps_are_booked_and_a_restart_leaves_a_gap() -> None:
    script = Script().up_to("consent")
    assert script.now.timings_s == {"identify": 10.0, "confirm": 10.0}
    script.boot = "boot-2"
    script.consent()
    assert script.now.timings_s == {"identify": 10.0, "confirm": 10.0}


@given(st.integers(0, 60))
@settings(max_examples=60)
def test_stored_events_fold_to_the_same_state_after_a_cut_at_any_point(cut: int) -> None:
    script = Script().up_to("breath")
    script.measure("breath", breath_alcohol_mg_per_l=0.3)
    script.do(events.RestEnded)
    script.measure("breath", breath_alcohol_mg_per_l=0.3)
    script.do(events.SummaryConfirmed)
    script.decided("not_admitted")
    kept = [events.EVENTS.validate_python(e.model_dump(mode="json")) for e in script.events[: max(1, cut)]]
    replay = Script()
    replay.state, replay.events = None, []
    for event in kept:
        replay.play(event)
    assert fold(kept) == replay.state


@given(st.lists(st.sampled_from(["seen", "resume", "end", "return", "rest", "decide", "summary"]), max_size=8))
def test_no_order_of_events_invents_a_measurement_or_an_admission(order: list[str]) -> None:
    script = Script().up_to("pressure")
    measured = len(script.now.measurements)
    moves = {
        "seen": lambda: script.do(events.ResultSeen),
        "resume": lambda: script.do(events.ExamResumed),
        "end": lambda: script.do(events.ExamEnded, reason="interrupted"),
        "return": lambda: script.do(events.DeviceReturned, device_id="d"),
        "rest": lambda: script.do(events.RestEnded),
        "decide": lambda: script.do(events.DecisionSeen),
        "summary": lambda: script.do(events.SummaryConfirmed),
    }
    for name in order:
        try:
            moves[name]()
        except ImpossibleEvent:
            continue
    assert len(script.now.measurements) == measured
    assert script.now.decision is None
