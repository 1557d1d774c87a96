"""The default engine: dlib's HOG detector, its 5-point landmarks, and its ResNet run through ONNX Runtime.

All files come with the packages dlib-bin and face_recognition_models. The landmarks' and the ResNet's weights are in the
public domain (CC0). The 68-point landmarks of the same package are not used: their training pictures forbid commercial use.
"""

from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import Box, find_faces
from terminal.face.engine import Embedding, EngineUnavailable, Landmarks
from terminal.face.engines.model_files import ModelMissing, dlib_model, resnet_onnx
from terminal.face.engines.names import TEMPLATE_NAMES
from terminal.face.engines.resnet_onnx import CHIP_PX
from terminal.face.still_search import search_still

Picture = NDArray[Any]

CHIP_PADDING = 0.25


class DlibFinder:
    """Faces and five points only: loads in 70 ms, and computes nothing that could tell one person from another."""

    def __init__(self) -> None:
        """Raises `EngineUnavailable` when the landmarks' file is not installed."""
        try:
            self._predictor = dlib.shape_predictor(str(dlib_model("shape_predictor_5_face_landmarks.dat")))
        except ModelMissing as error:
            raise EngineUnavailable(str(error)) from error

    def find(self, picture: Picture) -> list[Box]:
        return find_faces(picture)

    def find_still(self, picture: Picture) -> tuple[Picture, list[Box]]:
        return search_still(picture)

    def landmarks(self, picture: Picture, box: Box) -> Landmarks:
        x, y = round(box.left), round(box.top)
        shape = self._predictor(_rgb(picture), dlib.rectangle(x, y, x + round(box.width), y + round(box.height)))
        outer_r, inner_r, outer_l, inner_l, nose = ((shape.part(i).x, shape.part(i).y) for i in range(5))
        return Landmarks(_middle(outer_l, inner_l), _middle(outer_r, inner_r), nose, (), shape)


class DlibEngine(DlibFinder):
    """Scores are 1 minus the Euclidean distance of two embeddings.

    The publisher's threshold is a distance of 0.6. The mean with the mirror image brings all distances down by about a
    fiftieth, so that 0.59, a score of 0.41, is the same point. `docs/face.md` tells what is known about error rates.
    """

    name = TEMPLATE_NAMES["dlib"]
    threshold = 0.41
    unclear_from = 0.41
    sure_from = 0.45

    def __init__(self, threads: int = 1) -> None:
        """Loads and, on the first start, builds the model. Raises `EngineUnavailable`."""
        import onnxruntime

        super().__init__()
        try:
            model = resnet_onnx()
        except ModelMissing as error:
            raise EngineUnavailable(str(error)) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._resnet = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def embed(self, picture: Picture, faces: list[Landmarks], *, mirrored: bool = False) -> Embedding:
        if not faces:
            return np.zeros((0, 128), np.float32)
        rgb = _rgb(picture)
        chips = [dlib.get_face_chip(rgb, face.raw, size=CHIP_PX, padding=CHIP_PADDING) for face in faces]
        straight = self.embed_chips(chips)
        if not mirrored:
            return straight
        return (straight + self.embed_chips([chip[:, ::-1] for chip in chips])) / 2

    def embed_chips(self, chips: list[Picture]) -> Embedding:
        """Embeddings of aligned faces, each 150 × 150 × 3, red-green-blue."""
        stacked = np.stack(chips).astype(np.float32).transpose(0, 3, 1, 2)
        embeddings: Embedding = self._resnet.run(None, {"chip": np.ascontiguousarray(stacked)})[0]
        return embeddings

    def score(self, one: Embedding, other: Embedding) -> float:
        return 1.0 - float(np.linalg.norm(one - other))


def _rgb(picture: Picture) -> Picture:
    if picture.ndim == 2:
        return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _middle(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
