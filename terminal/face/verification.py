"""Is this the worker who gave the number? One to one, on several good frames, with three outcomes.

A mismatch means "not identified" and is never a medical refusal. What cannot be compared goes to the medic's eye.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sync.contract.exam import FaceCheck
from terminal.face.detection import people_in_front
from terminal.face.engine import Embedding, EngineUnavailable, FaceEngine, Outcome, Picture, verdict
from terminal.face.enrolment import Enrolment, PhotoRefused
from terminal.face.law import BiometricsOff, FaceLaw
from terminal.face.templates import Template, TemplateStore, TemplateUnusable


class FaceVerifier:
    """The `FaceComparer` of the photographer; lives in its thread. The engine is opened at the first comparison.

    `photo_of` gives the worker's photo from the roster, if there is one: a worker without a template, or with one of another
    engine, is enrolled with it on the spot.
    """

    def __init__(
        self,
        open_engine: Callable[[], FaceEngine],
        templates: TemplateStore,
        law: FaceLaw,
        photo_of: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._open_engine = open_engine
        self._templates = templates
        self._law = law
        self._photo_of = photo_of
        self._engine: FaceEngine | None = None

    def compare(self, worker_id: str, frames: list[Any]) -> FaceCheck:
        """Compare good frames (blue-green-red) with the worker's template. Never raises for want of one.

        Not compared, with `reason`: `no_legal_basis`, `no_consent`, `no_engine`, `no_template`, `other_engine`, `damaged`,
        `photo_refused` (the roster's photo is no good).
        """
        try:
            self._law.require(worker_id)
            engine = self._opened()
            template = self._template(worker_id, engine)
        except (BiometricsOff, TemplateUnusable) as obstacle:
            return FaceCheck(outcome="not_compared", faces_found=1, reason=obstacle.code)
        except PhotoRefused:
            return FaceCheck(outcome="not_compared", faces_found=1, reason="photo_refused")
        except EngineUnavailable:
            return FaceCheck(outcome="not_compared", faces_found=1, reason="no_engine")
        embeddings = [embedding for frame in frames if (embedding := embed_frame(engine, frame)) is not None]
        if not embeddings:
            return FaceCheck(outcome="unclear", faces_found=1, reason="no_good_frame", engine=engine.name)
        return _check(engine, [engine.score(template.embedding, embedding) for embedding in embeddings])

    def _template(self, worker_id: str, engine: FaceEngine) -> Template:
        try:
            return self._templates.get(worker_id, engine.name)
        except TemplateUnusable:
            photo = self._photo_of(worker_id)
            if photo is None:
                raise
        return Enrolment(engine, self._templates, self._law).enrol(worker_id, photo, datetime.now(UTC))

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
    )


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
