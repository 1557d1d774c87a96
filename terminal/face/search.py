"""One to many: whose face is this among those enrolled on this terminal? A hit only when it is sure and well before the next.

Among n workers the chance of a false find is about n times that of one comparison: for sites of some dozens. The worker is
asked whether he is the one, and the exam compares again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sync.contract.exam import FaceSearch
from terminal.face.engine import Embedding, FaceEngine
from terminal.face.templates import Template

MARGIN = 0.06
"""How far a hit must be before the next most similar worker, in units of the score; half of it above the sure threshold."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The one worker it can be."""

    worker_id: str
    evidence: FaceSearch


@dataclass(frozen=True, slots=True)
class Miss:
    """Nobody is proposed. `code`: `nobody_enrolled`, `no_match`, `ambiguous` (two are too close), `no_good_frame`, or why
    nothing was searched."""

    code: str


def search(
    engine: FaceEngine,
    frames: Sequence[Embedding],
    templates: Iterable[Template],
    permits: Callable[[str], bool] = lambda _: True,
    person_of: Callable[[str], str] = lambda worker_id: worker_id,
) -> Hit | Miss:
    """Compare at least one frame with every template; a worker's score is the median over the frames.

    `permits` is asked for the most similar ones only: who has withdrawn is passed over, and his template is about to go.
    `person_of` names the person of an employment: two employments of one person are one face, not two that are too close.
    """
    ranked = sorted(
        (
            (float(np.median([engine.score(template.embedding, frame) for frame in frames])), template.worker_id)
            for template in templates
        ),
        reverse=True,
    )
    first: list[tuple[float, str]] = []
    for score, worker_id in ranked:
        if permits(worker_id) and (not first or person_of(worker_id) != person_of(first[0][1])):
            first.append((score, worker_id))
        if len(first) == 2:
            break
    if not first:
        return Miss("nobody_enrolled")
    threshold = engine.sure_from + MARGIN / 2
    score, worker_id = first[0]
    if score < threshold:
        return Miss("no_match")
    next_score = first[1][0] if len(first) > 1 else None
    if next_score is not None and score - next_score < MARGIN:
        return Miss("ambiguous")
    evidence = FaceSearch(
        engine=engine.name,
        score=round(score, 4),
        threshold=round(threshold, 4),
        next_score=None if next_score is None else round(next_score, 4),
        enrolled=len(ranked),
        frames=len(frames),
    )
    return Hit(worker_id, evidence)
