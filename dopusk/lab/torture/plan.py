"""The plan of the faults and their times: drawn from the seed alone, before anything runs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "kill",
    "freeze",
    "broker_kill",
    "broker_forget",
    "broker_freeze",
    "cut",
    "half_open",
    "disk_full",
    "clock_jump",
    "double",
]

ROUND_S = 0.8
_DISTURBANCES: Sequence[tuple[Kind, int]] = (
    ("kill", 6),
    ("freeze", 3),
    ("broker_kill", 2),
    ("broker_forget", 2),
    ("broker_freeze", 2),
    ("cut", 3),
    ("half_open", 2),
    ("disk_full", 3),
    ("clock_jump", 3),
    ("double", 2),
)
_KILLS_PER_ROUND = 3
_MOST_HOURS = 12.0


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One blow. `at_s` counts from the start of its round; `for_s` is how long the trouble lasts; `hours` is for clocks."""

    kind: Kind
    target: str
    at_s: float
    for_s: float = 0.0
    hours: float = 0.0


def draw(rounds: int, seed: int, terminals: Sequence[str], ingests: Sequence[str]) -> list[list[PlannedFault]]:
    """The faults of each round: some kills at random moments, and one disturbance. The same seed draws the same."""
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    return [_round(dice, terminals, ingests) for _ in range(rounds)]


def processes(terminals: Sequence[str], ingests: Sequence[str]) -> list[str]:
    """Names of all processes that can be killed: each terminal has a core and a sync."""
    return [f"{terminal}/{part}" for terminal in terminals for part in ("core", "sync")] + list(ingests)


def _round(dice: random.Random, terminals: Sequence[str], ingests: Sequence[str]) -> list[PlannedFault]:
    everybody = processes(terminals, ingests)
    faults = [PlannedFault("kill", dice.choice(everybody), dice.uniform(0, ROUND_S)) for _ in range(_KILLS_PER_ROUND)]
    (kind,) = dice.choices([one for one, _ in _DISTURBANCES], [weight for _, weight in _DISTURBANCES])
    at_s, for_s = dice.uniform(0, ROUND_S / 2), dice.uniform(0.1, 1.5)
    match kind:
        case "kill":
            faults.append(PlannedFault("kill", dice.choice(everybody), at_s))
        case "freeze":
            faults.append(PlannedFault("freeze", dice.choice(everybody), at_s, for_s))
        case "broker_kill" | "broker_forget" | "broker_freeze":
            faults.append(PlannedFault(kind, "broker", at_s, for_s / 3))
        case "cut" | "half_open":
            faults.append(PlannedFault(kind, dice.choice(terminals), at_s, for_s))
        case "disk_full":
            faults.append(PlannedFault(kind, dice.choice([*terminals, *ingests]), at_s, for_s))
        case "clock_jump":
            hours = dice.choice((-1, 1)) * dice.uniform(1.0, _MOST_HOURS)
            faults.append(PlannedFault(kind, dice.choice(terminals), at_s, hours=hours))
        case "double":
            faults.append(PlannedFault(kind, "broker", at_s))
    return sorted(faults, key=lambda fault: fault.at_s)
