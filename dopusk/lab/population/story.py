"""One exam from the first touch to the medic's decision. Pure."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dopusk.lab.population import course
from dopusk.lab.population.body import Vitals, alcohol_of, fever_of, vitals_of
from dopusk.lab.population.frauds import HASTY_MEDIC, SAME_VALUES
from dopusk.lab.population.judging import Limits, judge, out_of_limits, rule
from dopusk.lab.population.plan import Plan
from dopusk.lab.population.society import Human, Job, Society
from dopusk.lab.population.visits import Finding, Miss, Reading, Revision, Ruling, Visit
from sync.contract.decision_rules import AFTER_WORK

ALCOHOL = 0.004
"""Which part of the exams finds alcohol on an average day, before work; after work a fifth of it."""
ILL = 0.004
COMPLAINS = 0.012
UNFINISHED = (("interrupted", 0.006), ("device_trouble", 0.004), ("expired", 0.002), ("not_identified", 0.0015))
"""Which part of the exams is never finished, by reason."""
REPEATS_PRESSURE = 0.75
"""Which part of those whose pressure is out of limits rests and measures again."""
_MISSED_BLOW, _MISSED_CUFF = 0.03, 0.008
_PRESSURE_REST_S, _BREATH_REST_S = 1200.0, 900.0
"""As `exam.repeats` of `config/terminal.toml`."""
_HASTY_S = 2.0
_HASTY_EVERY_DAYS = 5
_COMPLAINTS = (("headache", 30), ("poor_sleep", 25), ("weakness", 15), ("cough", 20), ("stomach", 6), ("dizziness", 5))


@dataclass(frozen=True, slots=True)
class Moment:
    """When somebody comes: the day of work, the hour of that day, and the moment in UTC."""

    day: date
    hour: float
    at: datetime


class Stories:
    """Tells what happens at one exam."""

    def __init__(self, plan: Plan, society: Society, limits: Limits) -> None:
        self._frauds, self._society, self._limits, self._seed = plan.frauds, society, limits, plan.seed

    def tell(
        self,
        dice: random.Random,
        job: Job,
        exam_type: str,
        moment: Moment,
        rest_s: float,
        *,
        waits: bool = False,
    ) -> Visit:
        """An exam that begins at that moment. `rest_s`: so long all of it may last; `waits`: nobody decides on it yet."""
        started_at = _to_ms(moment.at)
        chance = dice.random()
        if not waits:
            for reason, share in UNFINISHED:
                chance -= share
                if chance < 0:
                    return self._unfinished(dice, job, exam_type, moment, started_at, reason)
        is_after = exam_type in AFTER_WORK
        vitals = self._vitals(dice, job.human, moment)
        drunk = ALCOHOL * course.drinking(moment.day) * job.human.body.drinking * (0.2 if is_after else 1.0)
        alcohol = alcohol_of(dice) if dice.random() < drunk else 0.0
        complains: tuple[str, ...] = ()
        if dice.random() < COMPLAINS:
            complains = tuple(dict.fromkeys(_pick(dice, _COMPLAINTS) for _ in range(1 + (dice.random() < 0.2))))
        readings, misses, at = self._measure(dice, started_at, vitals, alcohol, moment.hour, job, rest_s)
        suggestion, findings = judge(readings, complains, self._limits)
        finished_at = _to_ms(at + timedelta(seconds=dice.uniform(4.0, 15.0)))
        rest_s -= (finished_at - started_at).total_seconds()
        ruling = None if waits else self._ruling(dice, job, moment, suggestion, findings, rest_s)
        revisions: tuple[Revision, ...] = (Revision(tuple(readings), finished_at, suggestion, findings, ruling),)
        if ruling is not None and ruling.outcome == "repeat":
            revisions += (self._again(dice, job, moment, revisions[0], complains, ruling),)
        fraud = self._fraud_of(job, moment, ruling)
        return Visit(job, job.gate, exam_type, started_at, revisions, "", complains, tuple(misses), fraud)

    def _fraud_of(self, job: Job, moment: Moment, ruling: Ruling | None) -> str:
        if job.human.is_copied:
            return SAME_VALUES
        return HASTY_MEDIC if ruling is not None and self._is_hasty(ruling.doctor, moment) else ""

    def _is_hasty(self, doctor: int, moment: Moment) -> bool:
        return self._society.doctors[doctor].is_hasty and moment.day.toordinal() % _HASTY_EVERY_DAYS == 0

    def _vitals(self, dice: random.Random, human: Human, moment: Moment) -> Vitals:
        if human.is_copied:
            return vitals_of(random.Random(f"copied {self._seed} {human.place}"), human.body, 9.0)  # noqa: S311
        vitals = vitals_of(dice, human.body, moment.hour)
        if dice.random() < ILL * course.illness(moment.day):
            return Vitals(vitals.systolic_mmhg, vitals.diastolic_mmhg, vitals.pulse_bpm + 9, fever_of(dice))
        return vitals

    def _measure(
        self,
        dice: random.Random,
        started_at: datetime,
        vitals: Vitals,
        alcohol: float,
        hour: float,
        job: Job,
        rest_s: float,
    ) -> tuple[list[Reading], list[Miss], datetime]:
        """All attempts in their order, those that gave nothing, and when the last one was over."""
        misses: list[Miss] = []
        at = _later(started_at, dice.uniform(15.0, 26.0))
        readings = [Reading("temperature", 1, at, {"temperature_celsius": vitals.temperature_celsius})]
        attempt = 1
        at = _later(at, dice.uniform(38.0, 52.0))
        if dice.random() < _MISSED_CUFF:
            misses.append(Miss("pressure", 1, at, "motion", "the arm moved while the cuff measured", "worker"))
            attempt, at = 2, _later(at, dice.uniform(40.0, 60.0))
        readings.append(Reading("pressure", attempt, at, pressure_values(vitals)))
        may_rest = rest_s > 2 * _PRESSURE_REST_S and not job.human.is_copied
        if may_rest and out_of_limits(readings[-1], self._limits) and dice.random() < REPEATS_PRESSURE:
            at = _later(at, _PRESSURE_REST_S + dice.uniform(45.0, 120.0))
            calmer = _calmed(dice, vitals, vitals_of(dice, job.human.body, hour))
            readings.append(Reading("pressure", attempt + 1, at, pressure_values(calmer)))
        attempt = 1
        at = _later(at, dice.uniform(13.0, 26.0))
        if dice.random() < _MISSED_BLOW:
            misses.append(Miss("breath", 1, at, "flow", "the breath was too weak", "worker"))
            attempt, at = 2, _later(at, dice.uniform(20.0, 40.0))
        readings.append(Reading("breath", attempt, at, {"breath_alcohol_mg_per_l": alcohol}))
        if alcohol and rest_s > 4 * _BREATH_REST_S:
            at = _later(at, _BREATH_REST_S + dice.uniform(10.0, 60.0))
            second = (
                0.0 if alcohol < 0.12 and dice.random() < 0.5 else max(round(alcohol * dice.uniform(0.9, 1.0), 2), 0.01)
            )
            readings.append(Reading("breath", attempt + 1, at, {"breath_alcohol_mg_per_l": second}))
        return readings, misses, at

    def _ruling(
        self,
        dice: random.Random,
        job: Job,
        moment: Moment,
        suggestion: str,
        findings: tuple[Finding, ...],
        rest_s: float,
    ) -> Ruling:
        doctors = self._society.centres[job.firm.centre].doctors
        # Half of them are at work at a time.
        shift = (moment.day.toordinal() + (8.0 <= moment.hour < 20.0)) % 2
        own = doctors[shift::2] or doctors
        doctor = own[int(len(own) * dice.random())]
        after_s = min(6.0 + dice.lognormvariate(3.4, 0.7) * (1.0 if suggestion == "within_limits" else 1.6), 600.0)
        if self._is_hasty(doctor, moment):
            after_s = _HASTY_S + dice.random()
        has_time = rest_s > 4000.0
        return rule(dice, doctor, after_s, suggestion, findings, may_repeat=has_time, may_correct=has_time)

    def _again(
        self, dice: random.Random, job: Job, moment: Moment, first: Revision, complaints: tuple[str, ...], asked: Ruling
    ) -> Revision:
        """The record that goes on after the medic had asked for one step once more."""
        step = asked.repeat_step or "pressure"
        at = _later(first.finished_at, asked.after_s + dice.uniform(60.0, 400.0))
        taken = [reading for reading in first.readings if reading.step == step]
        vitals = vitals_of(dice, job.human.body, moment.hour)
        values = (
            {"temperature_celsius": vitals.temperature_celsius} if step == "temperature" else pressure_values(vitals)
        )
        readings = (*first.readings, Reading(step, taken[-1].attempt + 1, at, values))
        suggestion, findings = judge(readings, complaints, self._limits)
        ruling = rule(dice, asked.doctor, asked.after_s, suggestion, findings, may_repeat=False, may_correct=False)
        return Revision(readings, _later(at, dice.uniform(5.0, 15.0)), suggestion, findings, ruling)

    def _unfinished(
        self, dice: random.Random, job: Job, exam_type: str, moment: Moment, started_at: datetime, reason: str
    ) -> Visit:
        readings: list[Reading] = []
        misses: list[Miss] = []
        at = _later(started_at, dice.uniform(15.0, 26.0))
        if reason != "not_identified":
            vitals = self._vitals(dice, job.human, moment)
            readings.append(Reading("temperature", 1, at, {"temperature_celsius": vitals.temperature_celsius}))
        if reason == "device_trouble":
            at = _later(at, dice.uniform(60.0, 180.0))
            misses.append(Miss("pressure", 1, at, "absent", "the device does not answer", "service"))
        suggestion, findings = judge(readings, (), self._limits)
        revision = Revision(tuple(readings), _later(at, dice.uniform(20.0, 200.0)), suggestion, findings, None)
        return Visit(job, job.gate, exam_type, started_at, (revision,), reason, (), tuple(misses))


def pressure_values(vitals: Vitals) -> dict[str, int | float]:
    """What a cuff gives."""
    return {
        "systolic_mmhg": vitals.systolic_mmhg,
        "diastolic_mmhg": vitals.diastolic_mmhg,
        "pulse_bpm": vitals.pulse_bpm,
    }


def _calmed(dice: random.Random, first: Vitals, usual: Vitals) -> Vitals:
    """After a rest: half of the way back to what is usual."""
    part = dice.uniform(0.3, 0.9)
    systolic = round(first.systolic_mmhg + part * (usual.systolic_mmhg - first.systolic_mmhg))
    diastolic = round(first.diastolic_mmhg + part * (usual.diastolic_mmhg - first.diastolic_mmhg))
    pulse = round(first.pulse_bpm + part * (usual.pulse_bpm - first.pulse_bpm))
    return Vitals(systolic, min(diastolic, systolic - 20), pulse, first.temperature_celsius)


def _pick(dice: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    names, shares = zip(*weighted, strict=True)
    return str(dice.choices(names, shares)[0])


def _later(moment: datetime, by_s: float) -> datetime:
    return _to_ms(moment + timedelta(seconds=by_s))


def _to_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
