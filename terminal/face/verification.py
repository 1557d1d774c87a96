"""Is this the worker who gave the number? One to one, on several good frames, with three outcomes.

A mismatch means "not identified" and is never a medical refusal. What cannot be compared goes to the medic's eye.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sync.contract.exam import FaceCheck
from terminal.face.detection import people_in_front
from terminal.face.engine import Embedding, EngineUnavailable, FaceEngine, Picture, verdict
from terminal.face.law import BiometricsOff, FaceLaw
from terminal.face.templates import TemplateStore, TemplateUnusable


class FaceVerifier:
    """The `FaceComparer` of the photographer; lives in its thread. The engine is opened at the first comparison."""

    def __init__(self, open_engine: Callable[[], FaceEngine], templates: TemplateStore, law: FaceLaw) -> None:
        self._open_engine = open_engine
        self._templates = templates
        self._law = law
        self._engine: FaceEngine | None = None

    def compare(self, worker_id: str, frames: list[Any]) -> FaceCheck:
        """Compare good frames (blue-green-red) with the worker's template. Never raises for want of one."""
        try:
            self._law.require(worker_id)
            engine = self._opened()
            template = self._templates.get(worker_id, engine.name)
        except (BiometricsOff, TemplateUnusable) as obstacle:
            return FaceCheck(outcome="not_compared", faces_found=1, reason=obstacle.code)
        except EngineUnavailable:
            return FaceCheck(outcome="not_compared", faces_found=1, reason="no_engine")
        embeddings = [embedding for frame in frames if (embedding := embed_frame(engine, frame)) is not None]
        if not embeddings:
            return FaceCheck(outcome="unclear", faces_found=1, reason="no_good_frame", engine=engine.name)
        scores = [engine.score(template.embedding, one) for one in embeddings]
        score = float(np.median(scores))
        outcome = verdict(engine, score)
        reason = "" if outcome == "same" else f"face_{outcome}"
        if outcome == "same" and min(scores) < engine.unclear_from:
            # One frame of somebody else among good ones: two people at one kiosk, or a poor frame; the medic looks.
            outcome, reason = "unclear", "frames_differ"
        return FaceCheck(
            outcome=outcome,
            faces_found=1,
            reason=reason,
            engine=engine.name,
            score=round(score, 4),
            threshold=engine.sure_from,
        )

    def _opened(self) -> FaceEngine:
        if self._engine is None:
            self._engine = self._open_engine()
        return self._engine


def embed_frame(engine: FaceEngine, frame: Picture) -> Embedding | None:
    """The embedding of the one person in a camera frame; None when there is nobody or more than one."""
    boxes = engine.find(frame)
    if not boxes or len(people_in_front(boxes)) != 1:
        return None
    embedding: Embedding = engine.embed(frame, [engine.landmarks(frame, boxes[0])], mirrored=True)[0]
    return embedding


def search(engine: FaceEngine, embedding: Embedding, templates: TemplateStore, margin: float = 0.06) -> str | None:
    """One to many: whose face is this among those enrolled here? None unless one is sure and well before the second.

    Among n workers the chance of a false find is about n times that of a comparison: for sites of some dozens only.
    """
    ranked = sorted(
        (
            (engine.score(template.embedding, embedding), template.worker_id)
            for template in templates.all_of(engine.name)
        ),
        reverse=True,
    )
    if not ranked or ranked[0][0] < engine.sure_from + margin / 2:
        return None
    if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < margin:
        return None
    return ranked[0][1]
