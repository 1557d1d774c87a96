"""Finds the face in a photo of any size: fast methods first, then slower ones, so that no plain face is missed.

1. HOG with the long side at 640 pixels, then doubled for small faces, with a margin for faces that fill the picture.
2. HOG with the contrast evened out, and with the picture tilted by 25 degrees either way.
3. HOG with the picture turned by quarters, for photos that lie on their side and do not say so.
4. dlib's convolutional detector, which sees faces from the side and half covered; it takes a second or two.
"""

from functools import cache
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import Box, by_prominence, find_faces
from terminal.face.engines.model_files import dlib_model

Picture = NDArray[Any]

HOG_PX = 640
NETWORK_PX = 560
MARGIN = 0.12
"""Share of the long side added on each edge: both detectors need some room around a face."""
TILT_DEGREES = 25.0
LEAST_SCORE = 0.0
"""In a photo that is said to show a face, dlib's own limit; the most prominent find is taken."""

DOUBTFUL_SCORE = 0.15
"""Below this HOG may have found a pattern on clothes; the network is asked as well."""
PLAIN_SCORE = 0.4
"""Below this the photo may lie on its side, so its quarter turns are looked at as well."""


def search_still(picture: Picture) -> tuple[Picture, list[Box]]:
    """The photo, upright, and its faces with the most prominent first (large, sure and in the middle)."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    boxes = _hog(grey) or _hog_tilted(grey)
    if not boxes or max(box.score for box in boxes) < PLAIN_SCORE:
        quarters, turned_boxes = _quarter_turns(grey)
        if turned_boxes:
            picture, boxes = np.ascontiguousarray(np.rot90(picture, quarters)), turned_boxes
        elif not boxes or max(box.score for box in boxes) < DOUBTFUL_SCORE:
            boxes = _network(picture) or boxes
    return picture, by_prominence(boxes, picture)


def _quarter_turns(grey: Picture) -> tuple[int, list[Box]]:
    for quarters in (1, 3, 2):
        found = _hog(np.rot90(grey, quarters), (1.0,))
        if found and max(box.score for box in found) >= PLAIN_SCORE:
            return quarters, found
    return 0, []


def _brought_to(picture: Picture, long_side_px: int) -> tuple[Picture, float, int]:
    """The picture with a margin at the wanted size, the scale and the margin in pixels of the result."""
    scale = long_side_px / max(picture.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    seen = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way)
    margin = round(MARGIN * long_side_px)
    framed = cv2.copyMakeBorder(seen, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return framed, scale, margin


def _back(boxes: list[Box], scale: float, margin: float) -> list[Box]:
    return [
        Box((b.left - margin) / scale, (b.top - margin) / scale, b.width / scale, b.height / scale, b.score)
        for b in boxes
    ]


def _hog(grey: Picture, scales: tuple[float, ...] = (1.0, 2.0)) -> list[Box]:
    framed, scale, margin = _brought_to(np.ascontiguousarray(grey), HOG_PX)
    return _back(find_faces(framed, scales, LEAST_SCORE), scale, margin)


def _hog_tilted(grey: Picture) -> list[Box]:
    framed, scale, margin = _brought_to(cv2.createCLAHE(3.0, (8, 8)).apply(grey), HOG_PX)
    if found := find_faces(framed, (1.0,), LEAST_SCORE):
        return _back(found, scale, margin)
    rows, columns = framed.shape
    for tilt in (TILT_DEGREES, -TILT_DEGREES):
        turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), tilt, 1.0)
        tilted = cv2.warpAffine(framed, turn, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
        if found := find_faces(tilted, (1.0,), LEAST_SCORE):
            undo = cv2.invertAffineTransform(turn)
            return _back([_turned(box, undo) for box in found], scale, margin)
    return []


def _turned(box: Box, matrix: Picture) -> Box:
    """The upright box of the same size around the turned middle."""
    x, y = matrix @ np.array([*box.middle, 1.0])
    return Box(float(x) - box.width / 2, float(y) - box.height / 2, box.width, box.height, box.score)


@cache
def _network_detector() -> Any:
    return dlib.cnn_face_detection_model_v1(str(dlib_model("mmod_human_face_detector.dat")))


def _network(picture: Picture) -> list[Box]:
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB)
    framed, scale, margin = _brought_to(colour, NETWORK_PX)
    found = _network_detector()(np.ascontiguousarray(framed), 0)
    boxes = [Box(f.rect.left(), f.rect.top(), f.rect.width(), f.rect.height(), float(f.confidence)) for f in found]
    return _back(boxes, scale, margin)
