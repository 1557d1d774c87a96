"""Compares the face with that of the worker who gave the number, or searches it. Only with a legal basis and consents.

A mismatch means "not identified" and is never a medical refusal. What cannot be compared goes to the medic's eye.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sync.contract.exam import FaceCheck
from terminal.face.detection import people_in_front
from terminal.face.engine import Embedding, EngineUnavailable, FaceEngine, Outcome, Picture, verdict
from terminal.face.law import BiometricsOff, FaceLaw
from terminal.face.search import Hit, Miss, search
from terminal.face.templates import TemplateStore, TemplateUnusable


class FaceVerifier:
    """The `FaceComparer` of the photographer; lives in its thread. The engine is opened at the first comparison."""

    def __init__(self, open_engine: Callable[[], FaceEngine], templates: TemplateStore, law: FaceLaw) -> None:
        self._open_engine = open_engine
        self._templates = templates
        self._law = law
        self._engine: FaceEngine | None = None

    def compare(self, worker_id: str, frames: list[Any]) -> FaceCheck:
        """Compare good frames (blue-green-red) with the worker's template. Never raises for want of one.

        Not compared, with `reason`: `no_legal_basis`, `no_consent`, `no_engine`, `no_template` (the photo has not come, or
        was refused), `other_engine`, `damaged`.
        """
        try:
            self._law.require(worker_id)
            engine = self._opened()
            template = self._templates.get(worker_id, engine.name)
        except (BiometricsOff, TemplateUnusable) as obstacle:
            return FaceCheck(outcome="not_compared", faces_found=1, reason=obstacle.code)
        except EngineUnavailable:
            return FaceCheck(outcome="not_compared", faces_found=1, reason="no_engine")
        embeddings = self._embeddings(engine, frames)
        if not embeddings:
            return FaceCheck(outcome="unclear", faces_found=1, reason="no_good_frame", engine=engine.name, frames=0)
        return _check(engine, [engine.score(template.embedding, embedding) for embedding in embeddings])

    def search(self, frames: list[Any]) -> Hit | Miss:
        """Who of the workers enrolled here is it? A miss says why: the codes of `Miss`, `no_legal_basis`, `no_engine`."""
        try:
            self._law.require_basis()
            engine = self._opened()
            embeddings = self._embeddings(engine, frames)
            if not embeddings:
                return Miss("no_good_frame")
            return search(
                engine, embeddings, self._templates.all_of(engine.name), self._law.permits, self._law.person_of
            )
        except BiometricsOff as obstacle:
            return Miss(obstacle.code)
        except EngineUnavailable:
            return Miss("no_engine")

    def _embeddings(self, engine: FaceEngine, frames: list[Any]) -> list[Embedding]:
        return [embedding for frame in frames if (embedding := embed_frame(engine, frame)) is not None]

    def _opened(self) -> FaceEngine:
        if self._engine is None:
            self._engine = self._open_engine()
        return self._engine


def _check(engine: FaceEngine, scores: list[float]) -> FaceCheck:
    """The median decides, so that one poor frame does no harm; one that shows somebody else makes it unclear."""
    score = float(np.median(scores))
    outcome: Outcome = verdict(engine, score)
    reason = "" if outcome == "same" else f"face_{outcome}"
    if outcome == "same" and min(scores) < engine.unclear_from:
        outcome, reason = "unclear", "frames_differ"
    return FaceCheck(
        outcome=outcome,
        faces_found=1,
        reason=reason,
        engine=engine.name,
        score=round(score, 4),
        threshold=engine.sure_from,
        frames=len(scores),
    )


def embed_frame(engine: FaceEngine, frame: Picture) -> Embedding | None:
    """The embedding of the one person in a camera frame; None when there is nobody or more than one."""
    boxes = engine.find(frame)
    if not boxes or len(people_in_front(boxes)) != 1:
        return None
    embedding: Embedding = engine.embed(frame, [engine.landmarks(frame, boxes[0])], mirrored=True)[0]
    return embedding
