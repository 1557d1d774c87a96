"""How often one caller may knock."""

import pytest

from central.core import metrics
from central.core.rate_limit import RateLimit, TooMany


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _taken(limit: RateLimit, caller: str, times: int) -> int:
    done = 0
    for _ in range(times):
        try:
            limit.take(caller)
        except TooMany:
            continue
        done += 1
    return done


def test_as_many_at_once_as_in_a_minute_and_then_one_by_one() -> None:
    clock = Clock()
    limit = RateLimit("test", 6, monotonic=clock)
    assert _taken(limit, "a", 20) == 6
    with pytest.raises(TooMany) as refused:
        limit.take("a")
    assert refused.value.retry_after_s == 11
    clock.now += refused.value.retry_after_s
    assert _taken(limit, "a", 20) == 1
    clock.now += 60
    assert _taken(limit, "a", 20) == 6


def test_callers_do_not_wait_for_each_other() -> None:
    limit = RateLimit("test", 2, monotonic=Clock())
    assert _taken(limit, "a", 5) == 2
    assert _taken(limit, "b", 5) == 2


def test_a_look_counts_nothing() -> None:
    limit = RateLimit("test", 1, monotonic=Clock())
    limit.check("a")
    limit.check("a")
    limit.take("a")
    with pytest.raises(TooMany):
        limit.check("a")


def test_memory_is_bounded_and_the_longest_silent_is_forgotten() -> None:
    limit = RateLimit("test", 1, max_callers=100, monotonic=Clock())
    for number in range(10_000):
        limit.take(f"10.0.0.{number}")
    assert len(limit) == 100
    with pytest.raises(TooMany):
        limit.take("10.0.0.9999")
    limit.take("10.0.0.1")


def test_refusals_are_counted() -> None:
    limit = RateLimit("of the test", 1, monotonic=Clock())
    _taken(limit, "a", 5)
    assert b'dopusk_rate_limited_total{door="of the test"} 4.0' in metrics.render()
