"""The invented exams by themselves: counts, course, bodies, rules, decisions. No store, no ids."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.deciding.decision_record import DecisionDraft, form_faults
from central.people.limits import default_entries
from dopusk.lab.population import course
from dopusk.lab.population.days import Days
from dopusk.lab.population.ids import Ids
from dopusk.lab.population.naming import titles_of
from dopusk.lab.population.payload import Payloads, wire_text
from dopusk.lab.population.plan import Plan
from dopusk.lab.population.society import Society, society_of
from dopusk.lab.population.visits import Visit
from sync.contract.canonical import canonical
from sync.contract.exam import AppliedLimit, ExamRecord
from sync.contract.limits import out_of_limits

LIMITS = {entry["parameter"]: (entry.get("low"), entry.get("high")) for entry in default_entries()}
SAID = [{name: value for name, value in entry.items() if name != "basis"} for entry in default_entries()]
# A Monday after a whole week; noon.
UNTIL = datetime(2026, 11, 30, 12, 20, tzinfo=UTC)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LARGE = Plan(3, 12, 1500, 12_000, 28, 5, UNTIL, frauds=True, waiting=20)

plans = st.builds(
    Plan,
    organisations=st.integers(1, 3),
    employers=st.integers(3, 9),
    workers=st.integers(9, 40),
    exams=st.integers(0, 120),
    days=st.integers(1, 12),
    seed=st.integers(0, 9),
    until=st.integers(0, 8700).map(lambda hours: NEW_YEAR + timedelta(hours=hours, minutes=20)),
    frauds=st.booleans(),
)


@cache
def large() -> tuple[Society, list[Visit]]:
    society = society_of(LARGE)
    return society, list(Days(LARGE, society, LIMITS).visits())


@given(plans)
@settings(max_examples=25)
def test_a_plan_gives_exactly_its_counts_and_the_same_each_time(plan: Plan) -> None:
    society = society_of(plan)
    days = Days(plan, society, LIMITS)
    visits = list(days.visits())
    assert len(visits) == plan.exams == sum(days.quotas)
    assert (len(society.centres), len(society.firms), len(society.jobs)) == (
        plan.organisations,
        plan.employers,
        plan.workers,
    )
    assert all(visit.revisions[-1].finished_at <= plan.until for visit in visits)
    assert all(visit.started_at < visit.finished_at for visit in visits)
    for skip in (1, plan.exams // 2, plan.exams):
        assert list(Days(plan, society_of(plan), LIMITS).visits(skip)) == visits[skip:]


@given(plans)
@settings(max_examples=15)
def test_each_record_fits_the_contract_and_each_decision_its_form(plan: Plan) -> None:
    society = society_of(plan)
    payloads = Payloads(titles_of(society, 1, "test").names, "test", SAID, Ids())
    limits = [AppliedLimit.model_validate({"source": "default"} | entry) for entry in SAID]
    valid = timedelta(hours=12)
    for visit in Days(plan, society, LIMITS).visits():
        payload = None
        for revision in visit.revisions:
            payload = payloads.of(visit, revision, payload)
            record = ExamRecord.model_validate(payload)
            assert wire_text(payload) == canonical(payload)
            assert {item.generation for item in record.measurements} <= {"test"}
            rules = {
                (finding.parameter, finding.attempt, finding.value, finding.code)
                for item in record.measurements
                for finding in out_of_limits(item, limits)
            }
            said = {
                (one.parameter, one.attempt, one.value, one.code) for one in record.rule_verdict.findings if one.attempt
            }
            assert said <= rules
            last = {item.step: item for item in record.measurements}
            standing = [item for item in record.measurements if item.step == "breath" or item is last[item.step]]
            assert (record.rule_verdict.suggestion == "out_of_limits") is any(
                out_of_limits(item, limits) for item in standing
            )
            ruling, at = revision.ruling, revision.finished_at
            while ruling is not None:
                at += timedelta(seconds=2 + ruling.after_s)
                draft = DecisionDraft(
                    record.exam_id,
                    ruling.outcome,
                    ruling.reasons,
                    ruling.comment,
                    ruling.override,
                    repeat_step=ruling.repeat_step,
                )
                assert form_faults(draft, payload, at, valid) == {}
                ruling = ruling.then


def test_days_have_their_share_and_hours_their_course() -> None:
    _, visits = large()
    per_day = Counter(visit.finished_at.date() for visit in visits if visit.revisions[-1].ruling or visit.end_reason)
    days = Days(LARGE, society_of(LARGE), LIMITS)
    assert (
        sum(abs(per_day[day] - quota) for day, quota in zip(days.calendar, days.quotas, strict=True)) < 80
    )  # across midnight
    weekdays = [sum(per_day[day] for day in days.calendar[:-1] if day.weekday() == weekday) for weekday in range(7)]
    assert max(weekdays[5:]) < 0.7 * min(weekdays[1:5])
    hours = Counter(visit.finished_at.hour for visit in visits)
    assert sum(hours[hour] for hour in range(5, 9)) > 4 * sum(hours[hour] for hour in range(0, 4))
    assert course.quotas(days.calendar, 0, 1.0) == (0,) * len(days.calendar)


def test_a_summer_day_has_more_work_than_a_winter_day_and_a_holiday_little() -> None:
    july, january, may = date(2026, 7, 15), date(2026, 1, 14), date(2026, 5, 1)
    assert course.weight(july) > 1.1 * course.weight(january)
    assert course.weight(may) < 0.5 * course.weight(july)


def test_alcohol_is_rare_and_comes_on_mondays_and_to_few() -> None:
    _, visits = large()
    positive = [
        visit
        for visit in visits
        if any(reading.values.get("breath_alcohol_mg_per_l") for reading in visit.revisions[0].readings)
    ]
    assert 0.002 < len(positive) / len(visits) < 0.01
    mondays = sum(visit.finished_at.weekday() == 0 for visit in visits) / len(visits)
    assert sum(visit.finished_at.weekday() == 0 for visit in positive) / len(positive) > 1.3 * mondays
    heavy = sum(visit.job.human.body.drinking > 1 for visit in positive)
    assert heavy / len(positive) > 0.3


def test_pressure_rises_with_age_and_temperature_with_the_day() -> None:
    _, visits = large()
    young, old, morning, evening = [], [], [], []
    for visit in visits:
        values = {name: value for reading in visit.revisions[0].readings for name, value in reading.values.items()}
        if "systolic_mmhg" in values:
            (young if visit.job.human.born_on.year > 1992 else old).append(values["systolic_mmhg"])
            assert values["systolic_mmhg"] - values["diastolic_mmhg"] >= 20
        if values.get("temperature_celsius", 40) < 37:
            early = visit.finished_at.hour < 7
            late = 15 <= visit.finished_at.hour < 20
            (morning if early else evening if late else []).append(values["temperature_celsius"])
    assert sum(old) / len(old) > sum(young) / len(young) + 3
    assert sum(evening) / len(evening) > sum(morning) / len(morning) + 0.1


def test_numbers_collide_people_have_two_jobs_and_nobody_is_at_two_places_without_a_fraud() -> None:
    society, visits = large()
    firms_of = Counter(job.personnel_number for job in society.jobs)
    assert firms_of["1001"] == LARGE.employers
    jobs_of = Counter(job.human.place for job in society.jobs)
    assert 0.03 < sum(count > 1 for count in jobs_of.values()) / len(jobs_of) < 0.1
    assert len({firm.region for firm in society.firms}) >= 3
    assert len({firm.activity.okved for firm in society.firms}) >= 5
    honest = [visit for visit in visits if not visit.fraud and (visit.end_reason or visit.revisions[-1].ruling)]
    last: dict[int, Visit] = {}
    for visit in sorted(honest, key=lambda visit: visit.started_at):
        before = last.get(visit.job.human.place)
        if before is not None and before.gate != visit.gate:
            assert visit.started_at - before.finished_at > timedelta(minutes=15)
        last[visit.job.human.place] = visit


def test_frauds_are_there_only_when_they_are_asked_for() -> None:
    _, visits = large()
    kinds = Counter(visit.fraud for visit in visits if visit.fraud)
    assert kinds.keys() == {"two_places", "blown_for_another", "same_values", "hasty_medic"}
    honest = replace(LARGE, frauds=False, exams=600, days=3)
    assert not any(visit.fraud for visit in Days(honest, society_of(honest), LIMITS).visits())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"organisations": 0}, "--organisations must be at least 1"),
        ({"employers": 2}, "every organisation needs an employer"),
        ({"workers": 5}, "every employer needs a worker"),
        ({"waiting": 13_000}, "--waiting must not be above --exams"),
    ],
)
def test_a_plan_that_cannot_be_says_why(change: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        society_of(replace(LARGE, **change))
