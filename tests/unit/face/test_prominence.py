"""Whose face a picture is of: not the widest, but the one that is large, sure and in the middle."""

from typing import Any

import numpy as np

from terminal.face.detection import Box
from terminal.face.engines.yunet_sface import YunetSfaceEngine


class PlayedDetector:
    """Finds what the test says, in pixels of the picture that it is given: box, five points, score."""

    def __init__(self, *faces: tuple[float, float, float, float, float]) -> None:
        self._faces = faces

    def setInputSize(self, size: tuple[int, int]) -> None:
        self.size = size

    def detect(self, picture: Any) -> tuple[int, Any]:
        return 1, np.array([[*face[:4], *([0.0] * 10), face[4]] for face in self._faces], np.float32)


def found(*faces: tuple[float, float, float, float, float]) -> list[Box]:
    engine = object.__new__(YunetSfaceEngine)
    engine._yunet = PlayedDetector(*faces)
    upright, boxes = engine.find_still(np.zeros((480, 640, 3), np.uint8))
    assert upright.shape == (480, 640, 3)
    assert engine.find(np.zeros((480, 640, 3), np.uint8))
    return boxes


def test_somebody_wide_at_the_edge_is_not_the_one() -> None:
    in_the_middle, at_the_edge = (250.0, 170.0, 140.0, 140.0, 0.93), (0.0, 330.0, 160.0, 150.0, 0.72)
    assert [round(box.width) for box in found(at_the_edge, in_the_middle)] == [140, 160]


def test_of_two_alike_the_larger_is_the_one() -> None:
    assert [round(box.width) for box in found((200.0, 180.0, 80.0, 80.0, 0.9), (300.0, 150.0, 160.0, 160.0, 0.9))] == [
        160,
        80,
    ]
