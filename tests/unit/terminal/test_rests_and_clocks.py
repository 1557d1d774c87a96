"""A rest lasts as long as was ordered, whatever happens to the clock on the wall and to the machine."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from terminal import intents
from terminal.exam import events
from terminal.exam.decide import fold
from terminal.exam.effects import WakeAt
from terminal.exam.model import Activity, ExamState, Stamp
from terminal.exam.times import elapsed_s, rest_left_s
from tests.unit.terminal.exams import Script
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk

HIGH = {"systolic_mmhg": 168, "diastolic_mmhg": 104, "pulse_bpm": 80}
ORDERED_S = 1200.0


def resting() -> Script:
    script = Script().up_to("pressure")
    script.measure("pressure", **HIGH)
    assert script.now.activity is Activity.RESTING
    return script


def later(
    state: ExamState, *, monotonic_s: float, wall_s: float | None = None, boot: str = "boot-1", trusted: bool = True
) -> Stamp:
    began = state.rest_from
    assert began is not None
    at = began.at + timedelta(seconds=monotonic_s if wall_s is None else wall_s)
    return Stamp(at=at, monotonic_s=began.monotonic_s + monotonic_s, boot_id=boot, trusted=trusted)


@pytest.mark.parametrize("wall_s", [-86_400.0, -3600.0, 0.0, 600.0, 7200.0, 10 * 86_400.0])
@pytest.mark.parametrize("trusted", [True, False])
def test_within_one_boot_the_clock_on_the_wall_does_not_matter(wall_s: float, trusted: bool) -> None:
    state = resting().now
    assert rest_left_s(state, later(state, monotonic_s=300, wall_s=wall_s, trusted=trusted)) == 900
    assert rest_left_s(state, later(state, monotonic_s=1200, wall_s=wall_s, trusted=trusted)) == 0


def test_over_a_restart_the_wall_clock_counts_if_both_moments_are_trusted() -> None:
    state = resting().now
    assert rest_left_s(state, later(state, monotonic_s=-90, wall_s=300, boot="boot-2")) == 900
    assert rest_left_s(state, later(state, monotonic_s=-90, wall_s=5000, boot="boot-2")) == 0
    assert rest_left_s(state, later(state, monotonic_s=-90, wall_s=-5000, boot="boot-2")) == ORDERED_S, "never more"


@pytest.mark.parametrize("trusted_then", [True, False])
def test_over_a_restart_an_untrusted_clock_means_the_full_rest_again(trusted_then: bool) -> None:
    script = resting()
    began = script.now.rest_from
    assert began is not None
    state = replace(script.now, rest_from=began.model_copy(update={"trusted": trusted_then}))
    now = later(state, monotonic_s=-90, wall_s=5000, boot="boot-2", trusted=not trusted_then)
    assert rest_left_s(state, now) == ORDERED_S
    script.state = state
    script.play(events.RestBeganAnew(exam_id=state.exam_id, stamp=now))
    after = now.model_copy(update={"monotonic_s": now.monotonic_s + 200, "at": now.at - timedelta(days=3)})
    assert rest_left_s(script.now, after) == 1000


def test_what_is_left_survives_the_diary() -> None:
    script = resting()
    assert fold(script.events) == script.now
    assert script.now.rest_s == ORDERED_S
    assert any(isinstance(effect, WakeAt) for effect in script.effects)


def test_words_on_the_screen_go_by_the_monotonic_clock() -> None:
    state = resting().now
    began = state.rest_from
    assert began is not None
    assert elapsed_s(began, later(state, monotonic_s=65, wall_s=-3600)) == 65


@dataclass
class MovedClock:
    """A machine's clock that the test sets, and a boot that the test names."""

    wall_s: float = 0.0
    monotonic_s: float = 0.0
    boot_id: str = "boot-1"
    trusted: bool = True

    def now(self) -> Stamp:
        at = datetime.now(UTC) + timedelta(seconds=self.wall_s)
        monotonic_s = time.monotonic() + self.monotonic_s
        return Stamp(at=at, monotonic_s=monotonic_s, boot_id=self.boot_id, trusted=self.trusted)


def rest(kiosk: Kiosk) -> ExamState:
    kiosk.up_to("pressure")
    kiosk.want(intents.StartMeasuring())
    kiosk.measure_and_see(**HIGH)
    return kiosk.until_exam(lambda e: e.activity == "resting")


def come_back(kiosk: Kiosk) -> ExamState:
    kiosk.until(lambda s: s.exam is None and not s.start_refusal)
    kiosk.want(intents.Begin(), intents.SubmitNumber("1001"))
    return kiosk.until_exam(lambda e: e.phase == "pressure")


@pytest.mark.parametrize("set_to_s", [-7200.0, 7200.0])
def test_a_clock_that_is_set_while_the_worker_is_away_changes_no_rest(make_kiosk: MakeKiosk, set_to_s: float) -> None:
    clock = MovedClock()
    with make_kiosk(clock=clock) as kiosk:
        rest(kiosk)
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        clock.wall_s = set_to_s
        again = come_back(kiosk)
        assert again.activity is Activity.RESTING
        assert 1000 < rest_left_s(again, clock.now()) <= ORDERED_S
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        clock.monotonic_s += ORDERED_S
        assert come_back(kiosk).activity is Activity.READY


def test_a_rest_before_the_screen_ends_by_itself_although_the_clock_was_put_back(make_kiosk: MakeKiosk) -> None:
    clock = MovedClock()
    repeats = {"pressure": {"most": 1, "rest_s": 0.4}}
    with make_kiosk(clock=clock, exam={"repeats": repeats, "show_result_s": 0.01}) as kiosk:
        rest(kiosk)
        clock.wall_s = -7200.0
        kiosk.until_exam(lambda e: e.activity == "ready" and e.phase == "pressure")


@pytest.mark.parametrize(("trusted", "left_s"), [(True, 900.0), (False, ORDERED_S)])
def test_after_a_power_cut_nobody_rests_less_than_ordered(make_kiosk: MakeKiosk, trusted: bool, left_s: float) -> None:
    with make_kiosk(clock=MovedClock()) as kiosk:
        rest(kiosk)
    clock = MovedClock(wall_s=300.0, monotonic_s=-time.monotonic(), boot_id="boot-2", trusted=trusted)
    with make_kiosk(clock=clock) as kiosk:
        again = come_back(kiosk)
        assert again.activity is Activity.RESTING
        assert rest_left_s(again, clock.now()) == pytest.approx(left_s, abs=60)
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        clock.trusted, clock.wall_s = False, 99_999.0
        clock.monotonic_s += ORDERED_S
        assert come_back(kiosk).activity is Activity.READY, "and never longer than ordered plus the absence"
