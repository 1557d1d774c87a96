"""The rules of duty: gaps, clock changes, who is rung when, load. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.duty.load import loads, percentile
from central.duty.ringing import OnDuty, move_for
from central.duty.roster import Gap, gaps, moments
from central.store.duties import Duty
from central.store.medic_load import TakenDecision
from central.store.rings import Ring, Unopened

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AFTER = timedelta(minutes=3)
BERLIN = ZoneInfo("Europe/Berlin")


def duty(who: str, begins_h: float, ends_h: float, ended_h: float | None = None) -> Duty:
    """Hours from noon."""
    ended = None if ended_h is None else NOON + timedelta(hours=ended_h)
    span = (NOON + timedelta(hours=begins_h), NOON + timedelta(hours=ends_h))
    return Duty(f"d-{who}", "zarya", who, *span, NOON, "head", ended, "handed_over" if ended else "")


def waits(min_ago: float = 0, *, is_open: bool = False) -> Unopened:
    return Unopened("e1", "m1", "zarya", "kiosk-1", NOON - timedelta(minutes=min_ago), is_open)


def rung(who: str, step: int, min_ago: float, stopped_by: str = "", *, in_session: bool = True) -> Ring:
    at = NOON - timedelta(minutes=min_ago)
    return Ring(f"r{step}", "zarya", "e1", "m1", who, step, in_session, at, at if stopped_by else None, stopped_by)


def here(*who: str, away: tuple[str, ...] = ()) -> list[OnDuty]:
    return [OnDuty(duty(one, -1, 8), one not in away) for one in who]


def test_a_gap_is_what_no_duty_covers() -> None:
    found = [duty("a", -2, 1), duty("b", 0, 3, ended_h=2), duty("c", 4, 30)]
    hour = timedelta(hours=1)
    assert gaps(found, NOON, NOON + 24 * hour) == [Gap(NOON + 2 * hour, NOON + 4 * hour)]
    assert gaps(found, NOON, NOON + 31 * hour)[-1] == Gap(NOON + 30 * hour, NOON + 31 * hour)
    assert gaps([], NOON, NOON + hour) == [Gap(NOON, NOON + hour)]


def test_a_duty_over_midnight_and_over_a_change_of_the_clock() -> None:
    span = moments(date(2026, 3, 28), time(20), time(8), BERLIN)
    assert isinstance(span, tuple)
    assert span[1] - span[0] == timedelta(hours=11), "the night in which clocks go forward"
    span = moments(date(2026, 10, 24), time(20), time(8), BERLIN)
    assert isinstance(span, tuple)
    assert span[1] - span[0] == timedelta(hours=13), "and back"
    skipped = moments(date(2026, 3, 29), time(2, 30), time(8), BERLIN)
    assert isinstance(skipped, dict)
    assert skipped["begin"].code == "time_skipped"
    twice = moments(date(2026, 10, 24), time(20), time(2, 30), BERLIN)
    assert isinstance(twice, dict)
    assert twice["end"].code == "time_twice"


@pytest.mark.parametrize(
    ("item", "so_far", "on_duty", "expected"),
    [
        (waits(2), [], here("a", "b"), None),
        (waits(3), [], here("a", "b"), ("", "a", 1)),
        (waits(3), [], here("a", "b", away=("a",)), ("", "b", 1)),
        (waits(3), [], [], None),
        (waits(5), [rung("a", 1, 2)], here("a", "b"), None),
        (waits(6), [rung("a", 1, 3)], here("a", "b"), ("next", "b", 2)),
        (waits(9), [rung("a", 1, 6, "next"), rung("b", 2, 3)], here("a", "b"), None),
        (waits(4, is_open=True), [rung("a", 1, 1)], here("a", "b"), ("opened", None, 2)),
        (waits(4, is_open=True), [], here("a"), None),
        (waits(4), [rung("a", 1, 1)], here("b"), ("left", "b", 2)),
        (waits(4), [rung("a", 1, 1)], here("a", "b", away=("a",)), ("left", "b", 2)),
        (waits(4), [rung("a", 1, 1)], here("a", away=("a",)), None),
        (waits(4), [rung("a", 1, 1)], [], ("left", None, 2)),
        (waits(9), [rung("a", 1, 5, "left")], here("b"), ("", "b", 2)),
        (waits(9), [rung("a", 1, 2, "opened")], here("a", "b"), None),
        (waits(9), [rung("a", 1, 3, "opened")], here("a", "b"), ("", "b", 2)),
    ],
    ids=str,
)
def test_who_is_rung_next(
    item: Unopened, so_far: list[Ring], on_duty: list[OnDuty], expected: tuple[str, str | None, int] | None
) -> None:
    move = move_for(item, so_far, on_duty, AFTER, NOON)
    told = move and (move.stopped_by, move.ring.duty.account_id if move.ring else None, move.step)
    assert told == expected
    if move is not None:
        assert (move.stop is not None) == bool(move.stopped_by)


def test_load_is_counted_by_day_and_medic() -> None:
    def taken(
        minute: int, opened_s: int | None, decided_s: int, who: str = "a", *, in_room: bool = False
    ) -> TakenDecision:
        arrived = NOON + timedelta(minutes=minute)
        opened = None if opened_s is None else arrived + timedelta(seconds=opened_s)
        return TakenDecision(who, who.upper(), arrived, opened, arrived + timedelta(seconds=decided_s), in_room)

    found = loads(
        [taken(0, 10, 60), taken(1, 20, 70), taken(70, None, 90), taken(2, 5, 5, in_room=True), taken(3, 1, 2, "b")],
        UTC,
    )
    assert [(row.medic, row.count, row.hours) for row in found] == [("A", 4, 2), ("B", 1, 1)]
    assert (found[0].to_opening_p50_s, found[0].to_opening_p90_s) == (10, 20)
    assert (found[0].to_decision_p50_s, found[0].to_decision_p90_s) == (70, 90)
    assert percentile([], 50) is None
    assert [percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], share) for share in (0, 50, 90, 100)] == [1, 5, 9, 10]
