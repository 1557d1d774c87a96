"""Checks whether the turning object is flat: points on the face are followed and compared with one homography.

The points of a turning flat picture stay in one homography, those of a head do not: what stands out moves further. The
residual of the best homography, in distances between the eyes, says how much relief there is. The sign of the bulge's
motion says which way it turned. No network and no landmark beyond the eyes is needed, and nothing identifies anybody.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import Box

Grey = NDArray[Any]
Points = NDArray[Any]

MOST_POINTS, LEAST_POINTS = 150, 20
WINDOW_PX, LEVELS = 21, 3
RETURN_ERROR_PX = 1.0
"""A point that does not come back to where it was when followed backwards was lost on the way."""


@dataclass(frozen=True, slots=True)
class Relief:
    """What the followed points say about the motion since the first frame.

    `residual`: root mean square distance from the best homography, in eye distances. Simulated flat photos stay below
    0.005 up to 25 degrees, smooth heads reach 0.017 at 15. `turn`: how far the bulge moved to the right of the picture
    (positive) or to the left, in eye distances per squared eye distance. `bend`: residual of the best similarity; it is
    large as soon as anything turns, flat or not. `growth`: scale since the first frame. `points`: how many are left.
    """

    residual: float
    turn: float
    bend: float
    growth: float
    points: int


class ReliefWatch:
    """Follows points from a first, frontal frame on. Not for two threads."""

    def __init__(self, grey: Grey, box: Box, eye_distance_px: float) -> None:
        """`box` is the face in `grey`. With fewer than 20 points to follow, `follow` always gives None."""
        mask = np.zeros_like(grey)
        x, y = box.middle
        cv2.ellipse(mask, (int(x), int(y)), (int(0.40 * box.width), int(0.50 * box.height)), 0, 0, 360, 255, -1)
        found = cv2.goodFeaturesToTrack(grey, MOST_POINTS, 0.01, max(4.0, box.width / 35), mask=mask)
        self._first: Points = np.zeros((0, 1, 2), np.float32) if found is None else found
        self._now = self._first
        self._grey = grey
        self._eye_px = eye_distance_px

    def follow(self, grey: Grey) -> Relief | None:
        """Take the next frame; None when too few points are left to say anything, or the picture has another size."""
        if len(self._now) < LEAST_POINTS or grey.shape != self._grey.shape:
            return None
        window = (WINDOW_PX, WINDOW_PX)
        # The fourth argument is only written to: OpenCV's own type hints do not allow None for it.
        start = self._now.copy()
        ahead, seen, _ = cv2.calcOpticalFlowPyrLK(self._grey, grey, self._now, start, winSize=window, maxLevel=LEVELS)
        start = ahead.copy()
        back, returned, _ = cv2.calcOpticalFlowPyrLK(grey, self._grey, ahead, start, winSize=window, maxLevel=LEVELS)
        error = np.linalg.norm(back - self._now, axis=2)[:, 0]
        kept = (seen[:, 0] > 0) & (returned[:, 0] > 0) & (error < RETURN_ERROR_PX)
        self._first, self._now, self._grey = self._first[kept], ahead[kept], grey
        if len(self._now) < LEAST_POINTS:
            return None
        return relief_of(self._first[:, 0] / self._eye_px, self._now[:, 0] / self._eye_px)


def relief_of(before: Points, after: Points) -> Relief | None:
    """The same points before and after, n × 2, in eye distances; None when they admit no homography."""
    homography: Any = cv2.findHomography(before, after, 0)[0]
    similarity: Any = cv2.estimateAffinePartial2D(before, after, method=cv2.LMEDS)[0]
    if homography is None or similarity is None:
        return None
    flat = cv2.perspectiveTransform(before[:, None], homography)[:, 0]
    rigid = before @ similarity[:, :2].T + similarity[:, 2]
    # With x the place across the face: x' = a + b·x + c·y + d·x². A bulge that turns to the right has d below zero.
    centred = before - before.mean(axis=0)
    terms = np.column_stack([np.ones(len(centred)), centred, centred[:, 0] ** 2])
    coefficients, *_ = np.linalg.lstsq(terms, after[:, 0], rcond=None)
    return Relief(
        residual=float(np.sqrt(np.mean(np.sum((flat - after) ** 2, axis=1)))),
        turn=-float(coefficients[3]),
        bend=float(np.sqrt(np.mean(np.sum((rigid - after) ** 2, axis=1)))),
        growth=float(np.sqrt(abs(np.linalg.det(similarity[:, :2])))),
        points=len(before),
    )
