"""Judges one camera frame: is this a photo that a medic can use, and if not, what should the worker change?

No embedding, no template: presence, number, size, place and light of faces only, so this is allowed without consent.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from terminal.face.detection import Box, find_faces, people_in_front
from terminal.face.exposure import Exposure, exposure_of

Picture = NDArray[Any]

HINTS = {
    "no_face": "no_face",
    "several_faces": "several_faces",
    "too_far": "closer",
    "too_close": "further",
    "off_centre": "look_here",
    "dark": "light",
    "bright": "light",
    "blurred": "hold",
}
"""Defect of a frame -> what to tell the worker."""


class FramingLimits(BaseModel):
    """What a good frame is. The defaults hold for 640×480 and come from the simulated camera and development photos."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_width: float = Field(default=0.17, gt=0, lt=1)
    """Width of the face's box in widths of the picture: 110 of 640 pixels."""
    most_width: float = Field(default=0.55, gt=0, le=1)
    least_brightness: float = Field(default=45, ge=0, le=255)
    most_brightness: float = Field(default=225, ge=0, le=255)
    most_burnt: float = Field(default=0.25, ge=0, le=1)
    least_contrast: float = Field(default=30, ge=0, le=255)
    least_sharpness: float = Field(default=0.009, ge=0)


@dataclass(frozen=True, slots=True)
class Framing:
    """What was seen in one frame. `defect` is empty for a good one; `worth` ranks frames, higher is better."""

    faces: tuple[Box, ...]
    defect: str
    worth: float
    exposure: Exposure | None = None

    @property
    def hint(self) -> str:
        return HINTS.get(self.defect, "")


def judge(picture: Picture, limits: FramingLimits) -> Framing:
    """Look for faces in `picture` (blue-green-red) and name the first thing that should change."""
    boxes = find_faces(picture)
    if not boxes:
        whole = cv2.resize(picture, (64, 48), interpolation=cv2.INTER_AREA)
        return Framing((), "dark" if float(np.percentile(whole, 75)) < limits.least_brightness else "no_face", 0.0)
    faces = tuple(people_in_front(boxes))
    exposure = exposure_of(picture, faces[0])
    defect = _defect(picture, faces, exposure, limits)
    worth = faces[0].width * (exposure.sharpness if exposure else 0.0) * (0.1 if defect else 1.0) / len(faces)
    return Framing(faces, defect, worth, exposure)


def _defect(picture: Picture, faces: tuple[Box, ...], exposure: Exposure | None, limits: FramingLimits) -> str:
    rows, columns = picture.shape[:2]
    face = faces[0]
    x, y = face.middle
    if len(faces) > 1:
        return "several_faces"
    if face.width < limits.least_width * columns:
        return "too_far"
    if face.width > limits.most_width * columns or face.height > 0.85 * rows:
        return "too_close"
    inside = face.left >= 0 and face.top >= 0 and face.left + face.width <= columns and face.top + face.height <= rows
    if not inside or exposure is None or not 0.2 * columns < x < 0.8 * columns or not 0.15 * rows < y < 0.85 * rows:
        return "off_centre"
    if exposure.brightness < limits.least_brightness or exposure.contrast < limits.least_contrast:
        return "dark"
    if exposure.brightness > limits.most_brightness or exposure.burnt > limits.most_burnt:
        return "bright"
    if exposure.sharpness < limits.least_sharpness:
        return "blurred"
    return ""
