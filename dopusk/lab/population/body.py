"""Bodies of invented people: what they usually measure, and what they measure on one occasion. Pure.

Blood pressure rises with age, is a little higher in men, lowest at night and highest in the late afternoon; temperature follows
the same course; some people's pressure is high for years, and some people drink. These are plausible spreads and no statistics.
"""

import math
import random
from dataclasses import dataclass

MOST_USUAL_CELSIUS = 36.9
"""Whoever is well is not warmer than this."""
_MALE_MORE_MMHG = 3.0
_PEAK_HOUR = 17.0
_DRINKERS = 0.03
_DRINKERS_WEIGHT, _OTHERS_WEIGHT = 20.0, 0.4
"""How much more often than on average somebody has drunk: the mean over all people is about 1."""


@dataclass(frozen=True, slots=True)
class Body:
    """What somebody usually measures."""

    systolic_mmhg: float
    diastolic_mmhg: float
    pulse_bpm: float
    temperature_celsius: float
    drinking: float
    """How much more often than on average alcohol is found."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """One measurement of each: whole mmHg and beats a minute, tenths of a degree."""

    systolic_mmhg: int
    diastolic_mmhg: int
    pulse_bpm: int
    temperature_celsius: float


def body_of(dice: random.Random, *, is_male: bool, age: int) -> Body:
    """Somebody of that sex and age in years."""
    systolic = 109.0 + 0.33 * (age - 20) + (_MALE_MORE_MMHG if is_male else 0.0) + dice.gauss(0.0, 5.5)
    if dice.random() < 0.015 + 0.004 * max(0, age - 35):
        systolic += dice.uniform(7.0, 16.0)
    diastolic = 0.40 * systolic + 27.0 + dice.gauss(0.0, 2.5)
    pulse = (71.0 if is_male else 74.0) + dice.gauss(0.0, 6.0)
    temperature = 36.45 + dice.gauss(0.0, 0.1)
    drinking = _DRINKERS_WEIGHT if dice.random() < _DRINKERS else _OTHERS_WEIGHT
    return Body(systolic, diastolic, pulse, temperature, drinking)


def vitals_of(dice: random.Random, body: Body, hour: float) -> Vitals:
    """What is measured at that hour of the day (0 to 24)."""
    course = math.cos((hour - _PEAK_HOUR) * math.pi / 12.0)
    systolic = round(min(max(body.systolic_mmhg + 3.0 * course + dice.gauss(0.0, 5.0), 84.0), 205.0))
    diastolic = body.diastolic_mmhg + 1.5 * course + 0.25 * (systolic - body.systolic_mmhg) + dice.gauss(0.0, 2.5)
    pulse = round(min(max(body.pulse_bpm + 3.0 * course + dice.gauss(0.0, 5.0), 44.0), 128.0))
    temperature = body.temperature_celsius + 0.15 * course + dice.gauss(0.0, 0.12)
    return Vitals(
        systolic,
        round(min(max(diastolic, 48.0), systolic - 22.0)),
        pulse,
        round(min(max(temperature, 35.4), MOST_USUAL_CELSIUS), 1),
    )


def fever_of(dice: random.Random) -> float:
    """The temperature of somebody who is ill, in tenths of a degree Celsius."""
    return round(min(37.0 + dice.expovariate(2.2), 39.6), 1)


def alcohol_of(dice: random.Random) -> float:
    """Breath alcohol of somebody who has drunk, mg/l in hundredths: mostly the rest of an evening."""
    return round(min(max(dice.lognormvariate(-1.2, 0.6), 0.05), 1.6), 2)
