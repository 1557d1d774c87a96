"""Compares two photos: are they of the same person? Each photo is examined once; a doubtful result is marked as doubtful."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from terminal.face.detection import Box
from terminal.face.engine import Embedding, FaceEngine, Landmarks
from terminal.face.picture_file import PictureUnreadable, read_picture
from terminal.face.quality import PhotoQuality, QualityLimits, quality_of

Picture = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Examined:
    """A photo after the engine has looked at it. `embedding` is None when no face was acquired."""

    quality: PhotoQuality
    embedding: Embedding | None
    picture: Picture | None = None
    box: Box | None = None
    landmarks: Landmarks | None = None

    def with_problems(self, problems: tuple[str, ...]) -> "Examined":
        return replace(self, quality=replace(self.quality, problems=problems))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`same` is None when a face could not be acquired; `reason` then says why. `score` grows with likeness."""

    same: bool | None
    score: float | None
    threshold: float
    engine: str
    quality: tuple[PhotoQuality, ...]
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "score": None if self.score is None else round(self.score, 4),
            "threshold": self.threshold,
            "engine": self.engine,
            "quality": [quality.as_json() for quality in self.quality],
            "reason": self.reason,
        }


def examine(engine: FaceEngine, picture: Picture, limits: QualityLimits | None = None) -> Examined:
    """Find the most prominent face, judge it and compute its embedding."""
    picture, boxes = engine.find_still(picture)
    if not boxes:
        return Examined(PhotoQuality(0, ("no_face",)), None)
    landmarks = engine.landmarks(picture, boxes[0])
    quality = quality_of(picture, boxes, landmarks, limits or QualityLimits())
    return Examined(quality, engine.embed(picture, [landmarks], mirrored=True)[0], picture, boxes[0], landmarks)


def examine_file(engine: FaceEngine, path: Path) -> Examined:
    """As `examine`; a file that cannot be read becomes a quality with its code as the problem."""
    try:
        return examine(engine, read_picture(path))
    except PictureUnreadable as error:
        return Examined(PhotoQuality(0, (error.code,)), None)


def compare(engine: FaceEngine, first: Examined, second: Examined) -> Comparison:
    """Compare two examined photos at the engine's threshold."""
    qualities = (first.quality, second.quality)
    if first.embedding is None or second.embedding is None:
        failed = [
            f"photo {number}: {', '.join(photo.quality.problems)}"
            for number, photo in ((1, first), (2, second))
            if photo.embedding is None
        ]
        return Comparison(None, None, engine.threshold, engine.name, qualities, "; ".join(failed))
    score = engine.score(first.embedding, second.embedding)
    same = score >= engine.threshold
    doubts = [
        f"photo {number}: {', '.join(quality.problems)}"
        for number, quality in enumerate(qualities, 1)
        if quality.problems
    ]
    reason = "; ".join(["score at or above the threshold" if same else "score below the threshold", *doubts])
    return Comparison(same, score, engine.threshold, engine.name, qualities, reason)
