"""Removes the sensor's noise from a film: unchanged parts stay exactly as they were and cost the encoder nothing.

OpenCV's writer gives no say over the bit rate: VP8 keeps every grain. A wall that flickers by two grey levels then
costs five times what the worker before it does. Stills are not treated: they are proof, the film shows what happened.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from terminal.camera.source import Picture

CHANGED_LEVELS = 6
"""Grey levels of 256, over 5 × 5 pixels: a sensor's noise stays below, anything that a person can see move is above."""
SOFTENED_PX = 0.8
"""Standard deviation of the blur against the grain of what does move."""
AROUND_PX = 9
"""Whatever lies so near to something that moves is taken anew with it."""


def steadied(before: "Picture | None", picture: "Picture") -> "Picture":
    """`picture` with every part that looks as in `before` taken from `before`. Both have the same size."""
    softened = cv2.GaussianBlur(picture, (0, 0), SOFTENED_PX)
    if before is None:
        return softened
    change = cv2.blur(cv2.cvtColor(cv2.absdiff(softened, before), cv2.COLOR_BGR2GRAY), (5, 5))
    moved = cv2.dilate((change > CHANGED_LEVELS).astype(np.uint8), np.ones((AROUND_PX, AROUND_PX), np.uint8))
    return np.where(moved[..., None] > 0, softened, before)
