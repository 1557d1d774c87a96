"""The default engine: the same numbers as dlib's own run time, a cache that heals, faces however the photo comes."""

from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from terminal.face.compare import compare, examine
from terminal.face.engine import FaceEngine, verdict
from terminal.face.engines.choose import open_engine
from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.engines.dlib_weights import WeightsGarbled, read_layers
from terminal.face.engines.model_files import dlib_model, resnet_onnx
from terminal.face.engines.resnet_onnx import build_onnx

WEIGHTS = "dlib_face_recognition_resnet_model_v1.dat"


def chips(engine: DlibEngine, picture: np.ndarray) -> list[np.ndarray]:
    """Aligned faces, straight and worn: mirrored, dark, blurred, noisy, another tilt."""
    rgb = np.ascontiguousarray(picture[:, :, ::-1])
    shape = engine.landmarks(picture, engine.find(picture)[0]).raw
    chip = dlib.get_face_chip(rgb, shape, size=150, padding=0.25)
    noise = np.random.default_rng(5).normal(0, 12, chip.shape)
    turn = cv2.getRotationMatrix2D((75, 75), 7, 1.05)
    return [
        chip,
        np.ascontiguousarray(chip[:, ::-1]),
        (chip * 0.4).astype(np.uint8),
        cv2.GaussianBlur(chip, (0, 0), 2),
        np.clip(chip + noise, 0, 255).astype(np.uint8),
        cv2.warpAffine(chip, turn, (150, 150), borderMode=cv2.BORDER_REPLICATE),
    ]


def test_embeddings_equal_dlibs_own(engine: DlibEngine, eileen: np.ndarray, grace: np.ndarray) -> None:
    original = dlib.face_recognition_model_v1(str(dlib_model(WEIGHTS)))
    faces = chips(engine, eileen) + chips(engine, grace)
    ours = engine.embed_chips(faces)
    theirs = np.array([original.compute_face_descriptor(face) for face in faces])
    assert np.abs(ours - theirs).max() < 1e-5
    assert np.linalg.norm(ours[0] - ours[6]) > 0.5


def test_a_damaged_model_is_built_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = resnet_onnx(tmp_path)
    good = path.read_bytes()
    path.write_bytes(good[:1000] + b"\0" + good[1001:])
    assert resnet_onnx(tmp_path) == path
    assert path.read_bytes() == good
    assert "damaged" in caplog.text


def test_weights_that_are_none_are_refused() -> None:
    weights = dlib_model(WEIGHTS).read_bytes()
    for garbled in (b"", b"con_4", weights[:100_000], weights.replace(b"affine_", b"affine-")):
        with pytest.raises(WeightsGarbled):
            build_onnx(read_layers(garbled))


def variants(picture: np.ndarray, engine: FaceEngine) -> dict[str, np.ndarray]:
    x, y = (int(v) for v in engine.find(picture)[0].middle)
    width = int(engine.find(picture)[0].width)
    half = cv2.resize(picture, None, fx=250 / picture.shape[0], fy=250 / picture.shape[0], interpolation=cv2.INTER_AREA)
    crop = picture[max(0, y - width) : y + width, max(0, x - width) : x + width]
    tight = picture[y - int(0.56 * width) : y + int(0.56 * width), x - int(0.56 * width) : x + int(0.56 * width)]
    return {
        "as given": picture,
        "small": half,
        "tiny crop": cv2.resize(crop, (112, 112), interpolation=cv2.INTER_AREA),
        "huge": cv2.resize(picture, None, fx=5, fy=5),
        "tight": tight,
        "grey": cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
        "dark": (picture * 0.2).astype(np.uint8),
        "tilted": cv2.warpAffine(picture, cv2.getRotationMatrix2D((x, y), 30, 1), picture.shape[1::-1]),
        "on its side": np.ascontiguousarray(np.rot90(picture)),
        "upside down": np.ascontiguousarray(np.rot90(picture, 2)),
        "chin covered": np.vstack([picture[: y + width // 8], np.full_like(picture[: width // 2], 90)]),
    }


def test_a_plain_face_is_acquired_and_known_however_the_photo_comes(
    engine: DlibEngine, eileen: np.ndarray, grace: np.ndarray
) -> None:
    for own, other in ((eileen, grace), (grace, eileen)):
        reference, stranger = examine(engine, own), examine(engine, other)
        for name, picture in variants(own, engine).items():
            examined = examine(engine, picture)
            assert compare(engine, reference, examined).same is True, name
            assert compare(engine, stranger, examined).same is False, name


def test_no_face_is_no_answer(engine: DlibEngine, eileen: np.ndarray) -> None:
    wall = examine(engine, np.full((300, 400, 3), 160, np.uint8))
    result = compare(engine, examine(engine, eileen), wall)
    assert (result.same, result.score) == (None, None)
    assert result.reason == "photo 2: no_face"
    assert result.as_json().keys() == {"same", "score", "threshold", "engine", "quality", "reason"}


def test_the_band_of_doubt_lies_around_the_threshold(engine: DlibEngine) -> None:
    for one in (engine, open_engine("dlib")):
        assert one.unclear_from <= one.threshold <= one.sure_from
    assert verdict(engine, engine.sure_from) == "same"
    assert verdict(engine, engine.sure_from - 0.001) == "unclear"
    assert verdict(engine, engine.unclear_from - 0.001) == "not_same"
