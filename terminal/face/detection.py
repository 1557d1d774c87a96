"""Finds faces with dlib's HOG detector, on a small copy of the picture first: a kiosk's face is large.

HOG needs about 80 pixels of face at the size it looks at. A 640×480 picture is halved, so that faces from 160 pixels on
are found in a quarter of the time; where nothing is found the full size is looked at, and for still photos a doubled one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[Any]

CLEAR_SCORE = 0.25
"""dlib's own limit is 0; patterned walls and clothes reach 0.1 to 0.2, plain faces stay above 0.5."""


@dataclass(frozen=True, slots=True)
class Box:
    """A face in pixels of the picture given; may reach over its edges. `score` is the detector's, higher is surer."""

    left: float
    top: float
    width: float
    height: float
    score: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


def by_prominence(boxes: Iterable[Box], picture: Picture) -> list[Box]:
    """The face that a picture is of comes first: large, sure and in the middle. The widest may be somebody at its edge."""
    rows, columns = picture.shape[:2]

    def prominence(box: Box) -> float:
        x, y = box.middle
        beside = math.hypot(x / columns - 0.5, y / rows - 0.5)
        return box.width * (1 - 0.7 * beside) * (0.5 + min(max(box.score, 0.0), 1.0))

    return sorted(boxes, key=prominence, reverse=True)


@cache
def _detector() -> Any:
    return dlib.get_frontal_face_detector()


def find_faces(picture: Picture, scales: tuple[float, ...] = (0.5, 1.0), least_score: float = CLEAR_SCORE) -> list[Box]:
    """Faces, largest first, at the first of `scales` (1 is the size as given) where there are any.

    `picture` is blue-green-red or grey. Never raises for want of a face.
    """
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    for scale in scales:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = grey if scale == 1 else cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way)
        boxes, scores, _ = _detector().run(np.ascontiguousarray(seen), 0, least_score)
        if len(boxes):
            found = [
                Box(box.left() / scale, box.top() / scale, box.width() / scale, box.height() / scale, float(score))
                for box, score in zip(boxes, scores, strict=True)
            ]
            return sorted(found, key=lambda box: box.width, reverse=True)
    return []


def people_in_front(boxes: list[Box], share: float = 0.6) -> list[Box]:
    """Faces at least `share` as large as the largest: who queues behind the worker does not count."""
    return [box for box in boxes if box.width >= share * max(other.width for other in boxes)]
