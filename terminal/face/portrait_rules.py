"""The rules for a photo that a worker is enrolled with, beyond those for any photo: background and eyes.

The electronic health book asks for JPEG or PNG up to 500 KB, a light even background, the whole face, open eyes.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import Box
from terminal.face.engine import Landmarks

Picture = NDArray[Any]

LEAST_BACKGROUND = 110.0
"""Median grey of the wall behind; a wall in ordinary light has 130 to 200."""
MOST_UNEVEN = 38.0
"""Spread (standard deviation) of the smoothed wall; flags, shelves and windows exceed it."""
MOST_SIDES_APART = 45.0
"""Grey by which the wall may differ left and right of the head; a lamp from the side makes 20 to 30."""
LEAST_EYE_CONTRAST = 0.35
"""How much darker than the skin around it the darkest part of an open eye is, as a share."""


def background_problems(picture: Picture, box: Box) -> list[str]:
    """Looks at what is to the left and right of the head and above it. Empty when too little of it is seen to judge."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    rows, columns = grey.shape
    mask = np.ones(grey.shape, bool)
    # The head with hair is about 1.9 times as wide and reaches 0.6 of the box above it; below the chin are shoulders.
    left, right = int(box.left - 0.45 * box.width), int(box.left + 1.45 * box.width)
    top, bottom = int(box.top - 0.6 * box.height), int(box.top + 0.95 * box.height)
    mask[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False
    mask[max(0, min(rows, bottom)) :] = False
    if mask.sum() < 0.03 * rows * columns:
        return []
    smooth = cv2.GaussianBlur(grey, (0, 0), max(2.0, box.width / 30))
    wall = smooth[mask]
    problems: list[str] = []
    if float(np.median(wall)) < LEAST_BACKGROUND:
        problems.append("background_dark")
    if float(np.std(wall)) > MOST_UNEVEN:
        problems.append("background_uneven")
    return problems


def dark_picture(picture: Picture) -> bool:
    """Whether a picture without a face is dark all over."""
    return float(np.median(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))) < LEAST_BACKGROUND


def shadow_problems(picture: Picture, box: Box) -> list[str]:
    """A hard shadow makes the wall darker on one side of the head than on the other. Empty where a side is not seen."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    top, bottom = int(max(0, box.top)), int(max(0, box.top + 0.8 * box.height))
    left = grey[top:bottom, : int(max(0, box.left - 0.45 * box.width))]
    right = grey[top:bottom, int(min(grey.shape[1], box.left + 1.45 * box.width)) :]
    least = int(0.08 * box.width)
    if min(left.shape[1], right.shape[1]) < max(4, least) or min(left.shape[0], right.shape[0]) < 4:
        return []
    apart = abs(float(np.median(left)) - float(np.median(right)))
    return ["background_shadow"] if apart > MOST_SIDES_APART else []


def eye_contrast(picture: Picture, landmarks: Landmarks) -> float:
    """How dark the darker eye's iris or lashes are against the skin between eye and cheek, 0 to 1; the worse eye counts.

    A closed lid is nearly as light as the cheek. Dark glasses make all of it dark, cheek side excluded, and pass here:
    they are caught by the medic who confirms an enrolment.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    distance = landmarks.eye_distance_px
    shares: list[float] = []
    for x, y in (landmarks.left_eye, landmarks.right_eye):
        eye = _patch(grey, x, y, 0.16 * distance, 0.09 * distance)
        skin = _patch(grey, x, y + 0.33 * distance, 0.14 * distance, 0.07 * distance)
        if eye.size == 0 or skin.size == 0:
            return 0.0
        light = float(np.median(skin)) + 1.0
        # The iris is dark over its whole height, a line of lashes is not: take the mean of the darkest column band.
        columns = eye.mean(axis=0)
        shares.append(1.0 - float(np.percentile(columns, 15)) / light)
    return max(0.0, min(shares))


def eyes_problems(picture: Picture, landmarks: Landmarks) -> list[str]:
    return ["eyes"] if eye_contrast(picture, landmarks) < LEAST_EYE_CONTRAST else []


def _patch(grey: Picture, x: float, y: float, half_width: float, half_height: float) -> Picture:
    rows, columns = grey.shape
    top, bottom = int(max(0, y - half_height)), int(min(rows, y + half_height + 1))
    left, right = int(max(0, x - half_width)), int(min(columns, x + half_width + 1))
    return grey[top:bottom, left:right]
