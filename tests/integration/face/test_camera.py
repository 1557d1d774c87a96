"""The camera against a simulated one that hangs, goes dark and goes away, and against sources that are worse."""

import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from simulators.camera import DEFAULT_PHOTOS, CameraSimulator
from terminal.camera import Camera, CameraFault
from terminal.camera.source import without_password
from tests.integration.face.conftest import wait_until
from tests.waiting import LONGEST_S


@pytest.fixture
def open_camera() -> object:
    opened: list[Camera] = []

    def open_one(*args: object, **options: object) -> Camera:
        opened.append(Camera(*args, **options))
        return opened[-1]

    yield open_one
    for camera in opened:
        camera.close()


Opener = Callable[..., Camera]


def test_pictures_come_newest_first_and_numbered(simulator: CameraSimulator, open_camera: Opener) -> None:
    camera = open_camera(simulator.url)
    first = camera.newer_than(0, LONGEST_S)
    assert first is not None
    second = camera.newer_than(first.seq, LONGEST_S)
    assert second is not None
    assert first.bgr.shape == (480, 640, 3)
    assert second.seq > first.seq
    assert second.monotonic_s > first.monotonic_s
    wait_until(lambda: camera.state.name == "ready", "the camera to be ready")
    with pytest.raises(ValueError, match="read-only"):
        second.bgr[0, 0] = 0


def test_a_hanging_camera_is_noticed_and_found_again(simulator: CameraSimulator, open_camera: Opener) -> None:
    camera = open_camera(simulator.url, stale_after_s=0.5)
    wait_until(lambda: camera.latest() is not None, "a picture")
    simulator.scene("hang")
    wait_until(lambda: camera.latest() is None, "the frozen picture to be withdrawn")
    wait_until(lambda: camera.state.name == "absent", "the camera to count as absent")
    assert camera.state.code == "silent"
    simulator.scene("person:grace")
    wait_until(lambda: camera.latest() is not None, "pictures again")


def test_a_camera_that_goes_away_comes_back(simulator: CameraSimulator, open_camera: Opener) -> None:
    camera = open_camera(simulator.url)
    wait_until(lambda: camera.latest() is not None, "a picture")
    for _ in range(3):
        simulator.scene("gone")
        wait_until(lambda: camera.state.code == "missing", "the camera to be missed")
        assert camera.latest() is None
        simulator.scene("person:eileen")
        wait_until(lambda: camera.state.name == "ready" and camera.latest() is not None, "the camera to be back")


class DeadDriver:
    """A driver that gives one picture and then never returns, whatever is done: OpenCV at its worst."""

    opened = 0
    never = threading.Event()

    def open(self) -> None:
        DeadDriver.opened += 1

    def read(self) -> object:
        if DeadDriver.opened == 1:
            DeadDriver.opened = 2
            return np.zeros((4, 4, 3), np.uint8)
        DeadDriver.never.wait()
        raise CameraFault("missing", "unplugged")

    def close(self) -> None: ...

    def interrupt(self) -> None: ...


def test_a_dead_driver_freezes_nobody_and_its_threads_stay_few(caplog: pytest.LogCaptureFixture) -> None:
    camera = Camera(DeadDriver, stale_after_s=0.2, opening_s=0.2)
    wait_until(lambda: camera.state.name == "absent", "the driver to count as hanging")
    assert "hangs" in camera.state.reason
    wait_until(lambda: DeadDriver.opened >= 4, "new attempts")
    assert sum(thread.name == "camera-reader" for thread in threading.enumerate()) <= 6
    assert camera.close(timeout_s=0.5) is False
    assert "left behind" in caplog.text
    DeadDriver.never.set()
    wait_until(lambda: all(thread.name != "camera-reader" for thread in threading.enumerate()), "the readers to end")


def test_files_folders_and_videos_stand_in_for_a_camera(tmp_path: Path, open_camera: Opener) -> None:
    still = DEFAULT_PHOTOS["grace"]
    video = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(video), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for grey in (50, 100, 150):
        writer.write(np.full((48, 64, 3), grey, np.uint8))
    writer.release()
    for path, rows in ((still, 600), (still.parent, 512), (video, 48)):
        camera = open_camera(f"file:{path}")
        wait_until(lambda camera=camera: camera.latest() is not None, f"a picture of {path.name}")
        assert camera.newer_than(2, LONGEST_S) is not None
        if path != still.parent:
            frame = camera.newer_than(0, LONGEST_S)
            assert frame is not None
            assert frame.bgr.shape[0] == rows


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("file:/nowhere/at/all.jpg", "missing"),
        ("device:/dev/video98", "missing"),
        (f"file:{__file__}", "format"),
        ("http://127.0.0.1:9/video", "missing"),
    ],
)
def test_a_source_that_is_not_there_says_why(source: str, code: str, open_camera: Opener) -> None:
    camera = open_camera(source)
    wait_until(lambda: camera.state.name == "absent", "an answer")
    assert camera.state.code == code
    assert camera.latest() is None


@pytest.mark.parametrize("source", ["", "webcam", "device:", "http://", "http://host:notaport/", "ftp://x/y"])
def test_a_source_that_nobody_understands_is_refused_at_once(source: str) -> None:
    with pytest.raises(CameraFault, match="not understood") as caught:
        Camera(source)
    assert caught.value.code == "configuration"


def test_a_stream_of_something_else_is_a_wrong_format(simulator: CameraSimulator, open_camera: Opener) -> None:
    camera = open_camera(simulator.url.replace("video.mjpeg", "other"))
    wait_until(lambda: camera.state.name == "absent", "an answer")
    assert "404" in camera.state.reason


def test_passwords_stay_out_of_logs() -> None:
    assert without_password("http://admin:secret@camera.lan:80/x?pw=1") == "http://camera.lan:80/x"
