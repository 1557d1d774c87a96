"""A camera that shows a painted face."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PaintedFrame:
    bgr: NDArray[np.uint8]
    seq: int
    monotonic_s: float = 0.0


def painted_face(rows: int = 480, columns: int = 640) -> NDArray[np.uint8]:
    picture = np.full((rows, columns, 3), (150, 130, 110), np.uint8)
    y, x = np.mgrid[:rows, :columns]
    face = ((x - columns / 2) / (columns * 0.16)) ** 2 + ((y - rows / 2) / (rows * 0.30)) ** 2 < 1
    picture[face] = (150, 185, 225)
    for side in (-1, 1):
        eye = (x - columns / 2 - side * columns * 0.06) ** 2 + (y - rows * 0.44) ** 2 < 90
        picture[eye] = (40, 30, 20)
    picture[int(rows * 0.63) : int(rows * 0.645), int(columns * 0.45) : int(columns * 0.55)] = (60, 60, 150)
    return picture


class PortraitCamera:
    """Gives the same picture with a growing number."""

    def __init__(self) -> None:
        self._picture = painted_face()
        self._seq = 0

    def latest(self) -> PaintedFrame | None:
        self._seq += 1
        return PaintedFrame(self._picture, self._seq)
