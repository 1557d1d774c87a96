"""Error rates of the liveness check against simulated people and attacks, as in ISO/IEC 30107-3.

APCER per kind of attack: share of attacks that pass as live. BPCER: share of genuine presentations that do not pass as
live; those that end as unclear go to the medic and are also given apart. Each trial has its own seed and its own prompts.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulators.camera import DEFAULT_PHOTOS
from simulators.camera_attacks import ATTACKS, Actor, ReplayActor, genuine
from simulators.camera_scenes import Portrait
from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.liveness import LivenessLimits, LivenessResult, draw_prompts
from terminal.face.liveness_session import LivenessSession

FRAMES_PER_S = 12.0

Maker = Callable[[Sequence[Portrait], np.random.Generator], Actor | ReplayActor]


@dataclass(frozen=True, slots=True)
class LivenessRates:
    """`passed` is APCER for an attack and 1 − BPCER for genuine trials."""

    kind: str
    trials: int
    passed: float
    outcomes: dict[str, int]
    reasons: dict[str, int]


def one_trial(
    make: Maker,
    portraits: Sequence[Portrait],
    engine: DlibEngine,
    seed: int,
    limits: LivenessLimits | None = None,
) -> LivenessResult:
    """One presentation, from the first frame to the verdict, in simulated time."""
    limits = limits or LivenessLimits()
    actor = make(portraits, np.random.default_rng(seed))
    dice = random.Random(seed)  # noqa: S311 - a trial must be repeatable
    session = LivenessSession(engine, draw_prompts(limits.prompts, dice), limits, dice)
    t_s, shown = 0.0, None
    while not session.over:
        session.feed(t_s, actor.picture(t_s))
        if session.showing is not None and shown is None:
            actor.prompt(t_s, session.showing)
        shown = session.showing
        t_s += 1 / FRAMES_PER_S
    return session.result()


def liveness_rates(trials: int, kinds: Sequence[str] | None = None, seed: int = 0) -> list[LivenessRates]:
    """Rates for genuine turns and each kind of attack, `trials` presentations each."""
    engine = DlibEngine()
    portraits = [Portrait.load(path) for path in DEFAULT_PHOTOS.values()]
    makers: dict[str, Maker] = {"genuine": genuine, **ATTACKS}
    rates: list[LivenessRates] = []
    for kind in kinds or tuple(makers):
        results = [one_trial(makers[kind], portraits, engine, seed + number) for number in range(trials)]
        outcomes: Counter[str] = Counter(result.outcome for result in results)
        reasons = Counter(result.reason for result in results if result.reason)
        rates.append(LivenessRates(kind, trials, outcomes["live"] / trials, dict(outcomes), dict(reasons)))
    return rates
