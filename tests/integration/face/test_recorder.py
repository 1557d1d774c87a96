"""The film of an exam: segments that play, with hashes, marks and stills."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from simulators.camera import CameraSimulator
from terminal.camera import Camera
from terminal.camera.recorder import Recorder, RecorderSettings, Segment
from tests.integration.face.conftest import wait_until


@pytest.fixture
def segments() -> list[Segment]:
    return []


@pytest.fixture
def recorder(simulator: CameraSimulator, segments: list[Segment]) -> Iterator[Recorder]:
    camera = Camera(simulator.url)
    wait_until(lambda: camera.latest() is not None, "a picture")
    recorder = Recorder(camera, segments.append, RecorderSettings(segment_s=1.5, frames_per_s=5, width_px=320))
    yield recorder
    recorder.close()
    camera.close()


def frames_of(content: bytes, folder: Path) -> list[tuple[int, ...]]:
    path = folder / "played.webm"
    path.write_bytes(content)
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    shapes = []
    while (taken := video.read())[0]:
        shapes.append(taken[1].shape)
    video.release()
    return shapes


def test_an_exam_is_filmed_in_segments_that_play(recorder: Recorder, segments: list[Segment], tmp_path: Path) -> None:
    recorder.begin("exam-1")
    recorder.mark("temperature")
    wait_until(lambda: len(segments) >= 2, "two segments")
    recorder.mark("breath")
    recorder.still("blow")
    wait_until(lambda: any(segment.kind == "photo" for segment in segments), "the still")
    recorder.end()
    assert recorder.idle(20)
    films = [segment for segment in segments if segment.kind == "video"]
    assert len(films) >= 2
    for film in films:
        assert film.exam_id == "exam-1"
        assert film.content_type == "video/webm"
        assert film.content.startswith(b"\x1a\x45\xdf\xa3")
        assert film.sha256 == hashlib.sha256(film.content).hexdigest()
        assert frames_of(film.content, tmp_path) == [(240, 320, 3)] * film.frames
    (still,) = [segment for segment in segments if segment.kind == "photo"]
    assert (still.label, still.content_type) == ("blow", "image/jpeg")
    marked = [label for film in films for _, label in film.marks]
    assert "breath" in marked
    assert [film.started_monotonic_s for film in films] == sorted(film.started_monotonic_s for film in films)


def test_no_camera_is_no_film_and_no_trouble(
    recorder: Recorder, segments: list[Segment], simulator: CameraSimulator
) -> None:
    simulator.scene("gone")
    wait_until(lambda: recorder._camera.latest() is None, "the camera to be gone")
    recorder.begin("exam-2")
    recorder.still("result")
    recorder.end()
    assert recorder.idle(20)
    assert segments == []
    simulator.scene("person:grace")
    wait_until(lambda: recorder._camera.latest() is not None, "the camera to be back")
    recorder.begin("exam-3")
    wait_until(lambda: bool(segments), "a segment")
    assert segments[0].exam_id == "exam-3"
