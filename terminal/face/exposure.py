"""Checks that the face is well lit and sharp. Plain statistics of the face's pixels, which identify nobody."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import Box

Picture = NDArray[Any]

PATCH_PX = 112


@dataclass(frozen=True, slots=True)
class Exposure:
    """`brightness` is the median grey of the face, 0 to 255. `contrast` the spread between its 5th and 95th percentile.

    `sharpness` is the variance of the Laplacian over the variance of the grey, with the face brought to 112 pixels
    width: about 0.01 when blurred by a twentieth of the face, 0.1 and more when sharp. `burnt` is the share of pixels
    without any detail left because they are white.
    """

    brightness: float
    contrast: float
    sharpness: float
    burnt: float


def exposure_of(picture: Picture, box: Box) -> Exposure | None:
    """Look at the middle of the face; None when the box lies outside the picture."""
    rows, columns = picture.shape[:2]
    left, right = int(max(0, box.left)), int(min(columns, box.left + box.width))
    top, bottom = int(max(0, box.top)), int(min(rows, box.top + box.height))
    if right - left < 8 or bottom - top < 8:
        return None
    face = picture[top:bottom, left:right]
    grey = face if face.ndim == 2 else cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
    way = cv2.INTER_AREA if grey.shape[1] > PATCH_PX else cv2.INTER_LINEAR
    patch = cv2.resize(grey, (PATCH_PX, PATCH_PX), interpolation=way)
    # A light smoothing first, or the sensor's own noise counts as sharpness.
    smooth = cv2.GaussianBlur(patch, (0, 0), 0.8)
    low, middle, high = np.percentile(patch, (5, 50, 95))
    spread = float(np.var(smooth)) + 1e-6
    return Exposure(
        brightness=float(middle),
        contrast=float(high - low),
        sharpness=float(cv2.Laplacian(smooth, cv2.CV_64F).var()) / spread,
        burnt=float(np.mean(patch >= 252)),
    )
