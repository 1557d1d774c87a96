"""Two portraits and one engine for all tests of faces; the model's cache goes to a folder of its own."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from simulators.camera_scenes import PORTRAITS
from terminal.face.engines.dlib_engine import DlibEngine

EILEEN, GRACE = PORTRAITS / "eileen_collins.jpg", PORTRAITS / "grace_hopper.jpg"


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DlibEngine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOPUSK_CACHE", str(tmp_path_factory.mktemp("models")))
        return DlibEngine()


def photo(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


@pytest.fixture(scope="session")
def eileen() -> np.ndarray:
    return photo(EILEEN)


@pytest.fixture(scope="session")
def grace() -> np.ndarray:
    return photo(GRACE)
