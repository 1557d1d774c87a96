"""The second engine: YuNet finds faces, SFace embeds them, both through OpenCV, when their files are there.

Scores are cosines. The threshold 0.363 is the publisher's, who states 99.60 % accuracy on LFW at it.
Files: opencv_zoo, `face_detection_yunet_2023mar.onnx` (MIT), `face_recognition_sface_2021dec.onnx` (Apache 2.0).
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import Box, by_prominence
from terminal.face.engine import Embedding, EngineUnavailable, Landmarks
from terminal.face.engines.names import TEMPLATE_NAMES

Picture = NDArray[Any]

YUNET, SFACE = "face_detection_yunet_2023mar.onnx", "face_recognition_sface_2021dec.onnx"
LEAST_SCORE = 0.7
FRAME_PX, STILL_PX = 320, 640


class YunetSfaceEngine:
    """`folder` holds the two files (`dopusk face models` puts them there)."""

    name = TEMPLATE_NAMES["sface"]
    threshold = 0.363
    unclear_from = 0.363
    sure_from = 0.42

    def __init__(self, folder: Path) -> None:
        """Raises `EngineUnavailable` when a file is missing or OpenCV cannot read it."""
        for name in (YUNET, SFACE):
            if not (folder / name).is_file():
                raise EngineUnavailable(f"{folder / name} is not there: run `dopusk face models`")
        try:
            self._yunet = cv2.FaceDetectorYN.create(str(folder / YUNET), "", (FRAME_PX, FRAME_PX), LEAST_SCORE)
            self._sface = cv2.FaceRecognizerSF.create(str(folder / SFACE), "")
        except cv2.error as error:
            raise EngineUnavailable(f"OpenCV cannot load the networks in {folder}: {error.err}") from error
        self._rows: dict[Box, Any] = {}

    def find(self, picture: Picture) -> list[Box]:
        return self._find(picture, FRAME_PX)

    def find_still(self, picture: Picture) -> tuple[Picture, list[Box]]:
        if found := self._find(picture, STILL_PX):
            return picture, found
        for quarters in (1, 3, 2):
            turned = np.ascontiguousarray(np.rot90(picture, quarters))
            if found := self._find(turned, STILL_PX):
                return turned, found
        return picture, []

    def landmarks(self, picture: Picture, box: Box) -> Landmarks:
        row = self._rows[box]
        points = [(float(row[4 + 2 * i]), float(row[5 + 2 * i])) for i in range(5)]
        return Landmarks(points[0], points[1], points[2], (points[3], points[4]), row)

    def embed(self, picture: Picture, faces: list[Landmarks], *, mirrored: bool = False) -> Embedding:
        if not faces:
            return np.zeros((0, 128), np.float32)
        return np.stack([self._embed_one(picture, face, mirrored) for face in faces])

    def score(self, one: Embedding, other: Embedding) -> float:
        return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))

    def _embed_one(self, picture: Picture, face: Landmarks, mirrored: bool) -> Embedding:
        chip = self._sface.alignCrop(picture, face.raw)
        embedding = np.array(self._sface.feature(chip)[0], np.float32)
        embedding /= np.linalg.norm(embedding)
        if mirrored:
            other = np.array(self._sface.feature(np.ascontiguousarray(chip[:, ::-1]))[0], np.float32)
            embedding = embedding + other / np.linalg.norm(other)
        return embedding

    def _find(self, picture: Picture, long_side_px: int) -> list[Box]:
        scale = long_side_px / max(picture.shape[:2])
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way)
        self._yunet.setInputSize((seen.shape[1], seen.shape[0]))
        _, rows = self._yunet.detect(seen)
        self._rows = {}
        for row in rows if rows is not None else []:
            full = np.concatenate([row[:14] / scale, row[14:]])
            box = Box(float(full[0]), float(full[1]), float(full[2]), float(full[3]), float(full[14]))
            self._rows[box] = full
        return by_prominence(self._rows, picture)
