"""The quality of a still photo of a face: numbers, and codes of what should be changed (`terminal.face.words`)."""

from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from terminal.face.detection import CLEAR_SCORE, Box, people_in_front
from terminal.face.engine import Landmarks
from terminal.face.exposure import exposure_of

Picture = NDArray[Any]


class QualityLimits(BaseModel):
    """Set on development photos and on what the simulated camera does to them; `docs/face.md` tells how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_eye_distance_px: float = Field(default=30, gt=0)
    most_nose_offset: float = Field(default=0.22, gt=0)
    most_roll_degrees: float = Field(default=20, gt=0)
    least_brightness: float = Field(default=45, ge=0, le=255)
    most_brightness: float = Field(default=228, ge=0, le=255)
    most_burnt: float = Field(default=0.25, ge=0, le=1)
    least_contrast: float = Field(default=30, ge=0, le=255)
    least_sharpness: float = Field(default=0.007, ge=0)


@dataclass(frozen=True, slots=True)
class PhotoQuality:
    """`problems` is empty for a good photo. Numbers are None when no face was found."""

    faces: int
    problems: tuple[str, ...]
    eye_distance_px: float | None = None
    brightness: float | None = None
    contrast: float | None = None
    sharpness: float | None = None
    nose_offset: float | None = None
    roll_degrees: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values with three digits."""
        values = asdict(self)
        return {name: round(v, 3) if isinstance(v, float) else v for name, v in values.items()} | {
            "problems": list(self.problems)
        }


def quality_of(picture: Picture, boxes: list[Box], landmarks: Landmarks, limits: QualityLimits) -> PhotoQuality:
    """Judge the first of `boxes`, whose landmarks are given."""
    box = boxes[0]
    exposure = exposure_of(picture, box)
    rows, columns = picture.shape[:2]
    problems: list[str] = []
    # Faint finds are patterns on clothes more often than people.
    sure = [found for found in boxes if found is box or found.score >= CLEAR_SCORE]
    faces = len(people_in_front(sorted(sure, key=lambda found: found.width, reverse=True)))
    if faces > 1:
        problems.append("several_faces")
    if landmarks.eye_distance_px < limits.least_eye_distance_px:
        problems.append("too_small")
    if box.left < 0 or box.top < 0 or box.left + box.width > columns or box.top + box.height > rows:
        problems.append("cut_off")
    if abs(landmarks.nose_offset) > limits.most_nose_offset:
        problems.append("turned")
    if abs(landmarks.roll_degrees) > limits.most_roll_degrees:
        problems.append("tilted")
    if exposure is not None:
        if exposure.brightness < limits.least_brightness:
            problems.append("dark")
        elif exposure.brightness > limits.most_brightness or exposure.burnt > limits.most_burnt:
            problems.append("bright")
        if exposure.contrast < limits.least_contrast:
            problems.append("flat_light")
        if exposure.sharpness < limits.least_sharpness:
            problems.append("blurred")
    return PhotoQuality(
        faces,
        tuple(problems),
        landmarks.eye_distance_px,
        exposure.brightness if exposure else None,
        exposure.contrast if exposure else None,
        exposure.sharpness if exposure else None,
        landmarks.nose_offset,
        landmarks.roll_degrees,
    )
