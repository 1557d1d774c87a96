"""The organisations with medics and terminals, employers, people and their jobs. Pure; the same for the same plan."""

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

from dopusk.lab.population.body import Body, body_of
from dopusk.lab.population.course import DAY, FIRST_JOBS, SECOND_JOB, Regime
from dopusk.lab.population.plan import Plan
from dopusk.lab.population.words import (
    ACTIVITIES,
    DAUGHTERS_OF,
    FATHERS,
    MEASURES,
    MEN,
    REGIONS,
    SURNAMES,
    WOMEN,
    Activity,
)

FIRST_NUMBER = 1001
"""The first personnel number of every employer: all employers have the same ones."""
SECOND_JOBS = 0.06
"""Which part of the jobs are second jobs of people who have one elsewhere."""
BOUND_TERMINALS = 0.4
"""Which part of the terminals serve one employer only."""
COPIED = 0.002
"""With frauds: which part of the workers show the same values at every exam."""
Sex = Literal["male", "female"]


@dataclass(frozen=True, slots=True)
class Centre:
    """A medical organisation; its employers, terminals and medics by their places in the lists of `Society`."""

    place: int
    title: str
    firms: tuple[int, ...]
    gates: tuple[int, ...]
    doctors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Firm:
    """An employer. `gate`: the terminal that serves its workers alone, None where there is none."""

    place: int
    centre: int
    activity: Activity
    title: str
    region: str
    after_work: float
    """Which part of its shifts ends with an exam."""
    gate: int | None


@dataclass(frozen=True, slots=True)
class Human:
    """A person, whatever number of jobs."""

    place: int
    full_name: str
    sex: Sex
    born_on: date
    body: Body
    is_copied: bool
    """With frauds: every exam of this person shows the same values."""


@dataclass(frozen=True, slots=True)
class Job:
    """One employment of a person."""

    place: int
    human: Human
    firm: Firm
    personnel_number: str
    position: str
    regime: Regime
    phase: int
    since: date
    gate: int
    """The terminal where this worker is examined, mostly."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """A medic. `is_hasty`: with frauds, decides before anybody can have looked."""

    place: int
    centre: int
    full_name: str
    is_hasty: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """A terminal; `firm` as in `Firm.gate`."""

    place: int
    centre: int
    firm: int | None


@dataclass(frozen=True, slots=True)
class Society:
    """Everybody and everything."""

    centres: tuple[Centre, ...]
    firms: tuple[Firm, ...]
    gates: tuple[Gate, ...]
    doctors: tuple[Doctor, ...]
    jobs: tuple[Job, ...]


def society_of(plan: Plan) -> Society:
    """The people of a plan. Raises `ValueError` with the faults of a plan that cannot be."""
    if faults := plan.faults():
        raise ValueError("; ".join(faults))
    dice = random.Random(f"society {plan.seed}")  # noqa: S311  # invented people
    shares = [1.0 / (place + 1.5) for place in range(plan.organisations)]
    firm_centres = _dealt(plan.employers, shares)
    gate_centres = _dealt(plan.terminal_count, shares)
    doctor_centres = _dealt(plan.medic_count, shares)
    gates, gate_of_firm = _gates(gate_centres, firm_centres)
    firms = tuple(_firm(dice, place, centre, gate_of_firm.get(place)) for place, centre in enumerate(firm_centres))
    doctors = tuple(
        Doctor(place, centre, _name(dice, "female"), plan.frauds and place == 0)
        for place, centre in enumerate(doctor_centres)
    )
    centres = tuple(
        Centre(
            place,
            f"{MEASURES[place % len(MEASURES)]}-{place + 1}",
            _of(place, firm_centres),
            tuple(gate.place for gate in gates if gate.centre == place and gate.firm is None)
            or _of(place, gate_centres),
            _of(place, doctor_centres),
        )
        for place in range(plan.organisations)
    )
    return Society(centres, firms, gates, doctors, tuple(_jobs(dice, plan, firms, centres)))


def _dealt(count: int, shares: Sequence[float]) -> tuple[int, ...]:
    """Centre of each of `count` things: one for each centre, the rest by shares."""
    total, parts = sum(shares), len(shares)
    exact = [(count - parts) * share / total for share in shares]
    counts = [1 + int(share) for share in exact]
    rest = sorted(range(parts), key=lambda place: int(exact[place]) - exact[place])
    for place in rest[: count - sum(counts)]:
        counts[place] += 1
    return tuple(centre for centre, number in enumerate(counts) for _ in range(number))


def _of(centre: int, centres: Sequence[int]) -> tuple[int, ...]:
    return tuple(place for place, one in enumerate(centres) if one == centre)


def _gates(centres: Sequence[int], firm_centres: Sequence[int]) -> tuple[tuple[Gate, ...], dict[int, int]]:
    """The terminals, and which firm has one of its own. The first of every centre serves all."""
    gates: list[Gate] = []
    of_firm: dict[int, int] = {}
    for centre in range(max(centres) + 1):
        own, firms = _of(centre, centres), iter(_of(centre, firm_centres))
        bound = int(BOUND_TERMINALS * len(own))
        for number, place in enumerate(own):
            firm = next(firms, None) if number >= len(own) - bound else None
            gates.append(Gate(place, centre, firm))
            if firm is not None:
                of_firm[firm] = place
    return tuple(gates), of_firm


def _firm(dice: random.Random, place: int, centre: int, gate: int | None) -> Firm:
    # The first firms take one of each, so that a small population has several too.
    activity = ACTIVITIES[place % len(ACTIVITIES)] if place < len(ACTIVITIES) else dice.choice(ACTIVITIES)
    codes = [code for code, _ in REGIONS]
    region = codes[place] if place < len(codes) else dice.choices(codes, [share for _, share in REGIONS])[0]
    after_work = 0.75 if activity.is_transport else dice.choice((0.0, 0.0, 0.4))
    return Firm(place, centre, activity, f"Вымысел-{activity.title} {place + 1}", region, after_work, gate)


def _jobs(dice: random.Random, plan: Plan, firms: Sequence[Firm], centres: Sequence[Centre]) -> list[Job]:
    sizes = list(accumulate(1.0 / (firm.place + 3) ** 0.7 for firm in firms))
    counts = [0] * len(firms)
    by_day: list[Human] = []
    jobs: list[Job] = []
    humans = 0
    today = plan.calendar[-1]
    regimes, shares = [regime for regime, _ in FIRST_JOBS], [share for _, share in FIRST_JOBS]
    for place in range(plan.workers):
        # One for each employer first.
        firm = firms[place if place < len(firms) else bisect(sizes, dice.random() * sizes[-1])]
        regime: Regime
        if place >= len(firms) and by_day and dice.random() < SECOND_JOBS:
            human, regime = by_day.pop(dice.randrange(len(by_day))), SECOND_JOB
        else:
            human, (regime,) = _human(dice, humans, today, plan), dice.choices(regimes, shares)
            humans += 1
            if regime is DAY:
                by_day.append(human)
        number = str(FIRST_NUMBER + counts[firm.place])
        counts[firm.place] += 1
        gates = centres[firm.centre].gates
        # Busier gates come first.
        gate = firm.gate if firm.gate is not None else gates[int(len(gates) * dice.random() ** 1.6)]
        since = today - timedelta(days=plan.days + dice.randrange(30, 4000))
        position = dice.choice(firm.activity.posts)
        jobs.append(Job(place, human, firm, number, position, regime, dice.randrange(regime.of), since, gate))
    return jobs


def _human(dice: random.Random, place: int, today: date, plan: Plan) -> Human:
    sex: Sex = "male" if dice.random() < 0.78 else "female"
    name, age = _name(dice, sex), 20 + int(46 * dice.betavariate(1.6, 1.9))
    born_on = today - timedelta(days=int(age * 365.25) + dice.randrange(365))
    body = body_of(dice, is_male=sex == "male", age=age)
    is_copied = dice.random() < COPIED or place == 1
    return Human(place, name, sex, born_on, body, is_copied and plan.frauds)


def _name(dice: random.Random, sex: Sex) -> str:
    if sex == "male":
        return f"{dice.choice(SURNAMES)} {dice.choice(MEN)} {dice.choice(FATHERS)}"
    return f"{dice.choice(SURNAMES)}а {dice.choice(WOMEN)} {dice.choice(DAUGHTERS_OF)}"
