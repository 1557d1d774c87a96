"""Limits: who wins, what is inside, and that the rules never decide."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.limits import LimitEntry, out_of_limits, resolve
from tests.unit.terminal.exams import LIMITS, Script
from tests.unit.terminal.kiosk import MakeKiosk
from tests.unit.terminal.test_service import records

TODAY = date(2026, 11, 22)


def entry(source: str, high: float, subject: str = "", **dates: date) -> LimitEntry:
    return LimitEntry.model_validate(
        {"parameter": "systolic_mmhg", "high": high, "source": source, "subject": subject, "version": source, **dates}
    )


ALL = [entry("default", 140), entry("organisation", 145), entry("employer", 135, "e"), entry("worker", 155, "w")]


@pytest.mark.parametrize(
    ("worker", "employer", "high", "source"),
    [("w", "e", 155, "worker"), ("x", "e", 135, "employer"), ("x", "y", 145, "organisation")],
)
def test_the_most_specific_limit_wins(worker: str, employer: str, high: float, source: str) -> None:
    for entries in (ALL, ALL[::-1]):
        (limit,) = resolve(entries, worker_id=worker, employer_id=employer, on=TODAY)
        assert (limit.high, limit.source, limit.version) == (high, source, source)


def test_a_limit_that_is_over_or_not_yet_begun_does_not_count() -> None:
    entries = [
        entry("default", 140),
        entry("worker", 160, "w", valid_until=date(2026, 11, 21)),
        entry("worker", 170, "w", valid_from=date(2026, 11, 23)),
    ]
    (limit,) = resolve(entries, worker_id="w", employer_id="e", on=TODAY)
    assert limit.high == 140


@given(st.floats(80, 200, allow_nan=False))
def test_ends_are_inside(systolic: float) -> None:
    script = Script().up_to("pressure")
    script.start("pressure")
    script.take("pressure", systolic_mmhg=systolic)
    found = out_of_limits(script.now.measurements[-1], LIMITS)
    assert bool(found) == (not 90 <= systolic <= 140)
    if found:
        assert found[0].code == ("below" if systolic < 90 else "above")


def test_a_number_in_another_unit_is_never_judged_by_a_limit_in_mg_per_l() -> None:
    script = Script().up_to("breath")
    script.start("breath")
    script.take("breath", breath_alcohol_raw=0.0, unit="mg/100mL")
    (finding,) = out_of_limits(script.now.measurements[-1], LIMITS)
    assert finding.code == "unit_not_mg_per_l"


def test_an_exam_keeps_the_version_that_it_was_judged_with(make_kiosk: MakeKiosk) -> None:
    """The book that the centre sent counts, and the record that leaves the terminal names it."""
    entries = [{"parameter": "systolic_mmhg", "high": 150, "source": "organisation", "version": "order 17"}]
    with make_kiosk() as kiosk, kiosk.store.transaction():
        kiosk.store.reference.put("limits", "order 17", {"version": "order 17", "entries": entries}, 1)
    with make_kiosk() as kiosk:
        kiosk.up_to("waiting")
        [record] = records(kiosk)
    assert [(one.parameter, one.high, one.version) for one in record.limits] == [("systolic_mmhg", 150, "order 17")]
