"""The interface of an engine: it finds faces, puts five points on one, and turns it into comparable numbers.

Scores grow with likeness. `same` is a score at or above the engine's `threshold`; between `unclear_from` and `sure_from`
a person should look (`verdict`). Scores of different engines mean different things and are never mixed.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import Box

Picture = NDArray[Any]
Embedding = NDArray[Any]
"""One vector of float32; its length depends on the engine."""


class EngineUnavailable(Exception):
    """The engine cannot run; the message says which file or package is missing and what the service can do."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Middles of the eyes and the tip or base of the nose, in pixels. Left and right are those of the picture.

    `mouth` holds the corners where the engine finds them (YuNet), and is empty where it does not (dlib's five points).
    `raw` is what the engine itself needs to align the face.
    """

    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    nose: tuple[float, float]
    mouth: tuple[tuple[float, float], ...]
    raw: Any

    @property
    def eye_distance_px(self) -> float:
        return float(np.hypot(self.right_eye[0] - self.left_eye[0], self.right_eye[1] - self.left_eye[1]))

    @property
    def roll_degrees(self) -> float:
        """Tilt of the line through the eyes; positive is clockwise in the picture."""
        return float(np.degrees(np.arctan2(self.right_eye[1] - self.left_eye[1], self.right_eye[0] - self.left_eye[0])))

    @property
    def nose_offset(self) -> float:
        """How far the nose stands beside the middle of the eyes, along the line of the eyes, in eye distances.

        About 0 straight on; negative when the face looks to the left of the picture. A flat picture that is turned keeps
        it, for eyes and nose shrink together; a head changes it, because the nose stands out.
        """
        left, right, nose = (np.array(point) for point in (self.left_eye, self.right_eye, self.nose))
        along = right - left
        distance = float(along @ along) or 1.0
        return float((nose - (left + right) / 2) @ along) / distance


class FaceEngine(Protocol):
    """One detector, one set of landmarks and one embedding network. Not for two threads at once."""

    name: str
    """Names network, weights and alignment; a template of another name cannot be compared."""
    threshold: float
    unclear_from: float
    sure_from: float

    def find(self, picture: Picture) -> list[Box]:
        """Faces in a camera frame, the largest or most prominent first: quick."""
        ...

    def find_still(self, picture: Picture) -> tuple[Picture, list[Box]]:
        """Faces in a photo of any size, the most prominent first: tries harder and may take a second or two.

        The picture is given back, turned upright when it lay on its side; the boxes belong to that one.
        """
        ...

    def landmarks(self, picture: Picture, box: Box) -> Landmarks: ...

    def embed(self, picture: Picture, faces: list[Landmarks], *, mirrored: bool = False) -> Embedding:
        """One row per face. `mirrored` also looks at the mirror image and takes the mean: steadier, twice the time."""
        ...

    def score(self, one: Embedding, other: Embedding) -> float:
        """Likeness of two embeddings of this engine."""
        ...


Outcome = Literal["same", "not_same", "unclear"]


def verdict(engine: FaceEngine, score: float) -> Outcome:
    """Three outcomes for the kiosk: what is not sure goes to the medic's eye."""
    if score >= engine.sure_from:
        return "same"
    return "unclear" if score >= engine.unclear_from else "not_same"
