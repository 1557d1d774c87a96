"""A start that is stopped at once costs no try, and a value stays on the screen until it can have been read."""

from dataclasses import replace

import pytest

from terminal import intents
from terminal.config import LEAST_RESULT_S, Timeouts
from terminal.exam.effects import ShowResultFor
from terminal.exam.model import MOST_SLIPS, STOPPED_AT_ONCE, Activity
from terminal.measuring import is_at_once
from terminal.timeouts import allowed_s
from tests.unit.terminal.exams import Script
from tests.unit.terminal.kiosk import MakeKiosk, make_config
from tests.unit.terminal.test_service import records


def test_a_start_that_is_stopped_at_once_is_kept_and_costs_no_try(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("pressure")
        for slip in range(1, 5):
            kiosk.want(intents.StartMeasuring())
            kiosk.until_exam(lambda e, slip=slip: e.activity == "measuring" and e.attempt == slip)
            kiosk.want(intents.StopMeasuring())
            exam = kiosk.until_exam(lambda e, slip=slip: len(e.failures) == slip)
            assert (exam.activity, exam.failed("pressure")) == ("try_again", 0)
        kiosk.want(intents.StartMeasuring())
        kiosk.measure()
        kiosk.until_phase("breath")
        kiosk.measure()
        kiosk.until_phase("review")
        kiosk.want(intents.Next())
        kiosk.until_phase("waiting")
        (record,) = records(kiosk)
        assert [failure.code for failure in record.failures] == [STOPPED_AT_ONCE] * 4
        assert {failure.kind for failure in record.failures} == {"Cancelled"}


def stopped_after(seconds: float, *, boot: str = "boot-1") -> bool:
    script = Script().up_to("pressure")
    state = script.start("pressure")
    began = state.measuring_since
    assert began is not None
    return is_at_once(state, began.model_copy(update={"monotonic_s": began.monotonic_s + seconds, "boot_id": boot}))


def test_two_seconds_are_at_once_by_the_monotonic_clock() -> None:
    assert stopped_after(0.2)
    assert stopped_after(2.0)
    assert not stopped_after(2.1)
    assert not stopped_after(0.2, boot="another boot")


def test_slips_do_not_go_on_for_ever() -> None:
    script = Script().up_to("pressure")
    for _ in range(MOST_SLIPS + 2):
        script.start("pressure")
        failed = script.fail("pressure", kind="Cancelled")
        slipped = failed.failures[-1].model_copy(update={"code": STOPPED_AT_ONCE})
        script.state = replace(failed, failures=(*failed.failures[:-1], slipped), activity=Activity.TRY_AGAIN)
    assert script.now.failed("pressure") == 2


def test_a_value_out_of_limits_stays_until_it_is_touched_away() -> None:
    script = Script().up_to("pressure")
    script.start("pressure")
    state = script.take("pressure", systolic_mmhg=162, diastolic_mmhg=98, pulse_bpm=80)
    assert state.activity is Activity.RESULT
    assert script.effects == ()
    assert allowed_s(Timeouts(), state, awaiting_resume=False) == Timeouts().measuring_s, "nobody may be there any more"


def test_a_value_within_limits_is_shown_for_at_least_four_seconds() -> None:
    script = Script().up_to("pressure")
    script.start("pressure")
    state = script.take("pressure")
    assert script.effects == (ShowResultFor(state.plan.show_result_s),)
    assert state.plan.show_result_s >= 4.0
    assert allowed_s(Timeouts(), state, awaiting_resume=False) == 0


@pytest.mark.parametrize(("generation", "shown_s"), [("real", LEAST_RESULT_S), ("demo", 0.5), ("test", 0.5)])
def test_a_file_of_an_older_terminal_cannot_make_real_values_flash_by(
    tmp_path, generation: str, shown_s: float
) -> None:  # type: ignore[no-untyped-def]
    config = make_config(tmp_path, exam={"show_result_s": 0.5}, identity={"generation": generation})
    assert config.plan().show_result_s == shown_s


def test_with_a_real_terminal_a_worker_who_does_not_touch_stays_at_his_value(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("pressure")
        kiosk.want(intents.StartMeasuring())
        kiosk.measure(systolic_mmhg=162, diastolic_mmhg=98, pulse_bpm=80)
        exam = kiosk.until_exam(lambda e: e.activity == "result")
        snapshot = kiosk.until(lambda s: s.exam is not None and s.timeout is not None)
        assert snapshot.exam is not None
        assert snapshot.exam.activity == "result"
        kiosk.want(intents.Next())
        assert kiosk.until_exam(lambda e: e.activity != "result").activity == "resting"
        assert exam.phase == "pressure"
