"""The film of an exam: segments that play, with hashes, marks and stills; a camera that hangs, a disk that is full."""

import errno
import hashlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import pytest

from simulators.camera import CameraSimulator
from terminal.camera import Camera
from terminal.camera.encoder import SegmentWriter, save_cut_off
from terminal.camera.film import FilmFinished, FilmMessage, FilmSettings, Kept, Lost, SegmentNote
from terminal.camera.film_take import Surroundings
from terminal.camera.recorder import Recorder
from terminal.camera.scratch import Scratch, ScratchError
from tests.integration.face.conftest import wait_until
from tests.waiting import LONGEST_S

EXAM = "019c0000-0000-7000-8000-000000000001"
SETTINGS = FilmSettings(segment_s=1.5, frames_per_s=5, width_px=320)


@dataclass
class Studio:
    """A recorder before a simulated camera, and what it posted."""

    camera: Camera
    recorder: Recorder
    scratch: Scratch
    memory: Path
    stored: dict[str, bytes] = field(default_factory=dict)
    posted: list[FilmMessage] = field(default_factory=list)
    refusal: str = ""
    disk_is_full: bool = False

    def keep(self, content: bytes) -> str:
        if self.disk_is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        sha256 = hashlib.sha256(content).hexdigest()
        self.stored[sha256] = content
        return sha256

    def forget(self, sha256: str) -> None:
        del self.stored[sha256]

    @property
    def films(self) -> list[Kept]:
        return [message for message in self.posted if isinstance(message, Kept) and message.kind == "video"]

    @property
    def stills(self) -> list[Kept]:
        return [message for message in self.posted if isinstance(message, Kept) and message.kind == "photo"]

    @property
    def losses(self) -> list[Lost]:
        return [message for message in self.posted if isinstance(message, Lost)]

    def wait_for_end(self, film: int = 1) -> None:
        wait_until(lambda: FilmFinished(EXAM, film) in self.posted, "the end of the film")

    def is_writing(self) -> bool:
        return any(path.name.endswith(".part.webm") for path in self.left_in_memory())

    def left_in_memory(self) -> list[Path]:
        return [path for path in self.memory.rglob("*") if path.is_file()]


@pytest.fixture
def make_studio(simulator: CameraSimulator, tmp_path: Path) -> Iterator[Callable[[], Studio]]:
    stack = ExitStack()

    def make() -> Studio:
        camera = Camera(simulator.url, stale_after_s=2.0)
        memory = tmp_path / "memory"
        memory.mkdir(exist_ok=True)
        scratch = Scratch(tmp_path / "terminal.db", memory)
        studio: Studio
        surroundings = Surroundings(
            camera,
            scratch,
            lambda content: studio.keep(content),
            lambda sha256: studio.forget(sha256),
            lambda message: studio.posted.append(message),
            lambda: studio.refusal,
            SETTINGS,
        )
        studio = Studio(camera, Recorder(surroundings), scratch, memory)
        stack.callback(camera.close)
        stack.callback(studio.recorder.close)
        return studio

    yield make
    stack.close()


@pytest.fixture
def studio(make_studio: Callable[[], Studio]) -> Studio:
    studio = make_studio()
    wait_until(lambda: studio.camera.latest() is not None, "a picture")
    return studio


def frames_of(content: bytes, folder: Path) -> list[tuple[int, ...]]:
    path = folder / "played.webm"
    path.write_bytes(content)
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    shapes = []
    while (taken := video.read())[0]:
        shapes.append(taken[1].shape)
    video.release()
    return shapes


def test_an_exam_is_filmed_in_segments_that_play(studio: Studio, tmp_path: Path) -> None:
    studio.recorder.begin(EXAM, 1, "temperature")
    wait_until(lambda: len(studio.films) >= 2, "two segments")
    studio.recorder.mark("breath", 1, "blow")
    studio.recorder.still(EXAM, "breath", 1, "blow")
    wait_until(lambda: bool(studio.stills), "the still")
    studio.recorder.end()
    studio.wait_for_end()
    assert studio.posted[-1] == FilmFinished(EXAM, 1)
    assert len(studio.films) >= 3
    for film in studio.films:
        assert (film.exam_id, film.film, film.content_type, film.codec) == (EXAM, 1, "video/webm", "vp8")
        assert film.content.startswith(b"\x1a\x45\xdf\xa3")
        assert studio.stored[film.sha256] == film.content
        shapes = frames_of(film.content, tmp_path)
        assert shapes == [(240, 320, 3)] * len(shapes)
        assert len(shapes) / SETTINGS.frames_per_s == pytest.approx(film.ended_s - film.began_s)
    marks = [(mark.step, mark.attempt, mark.moment) for film in studio.films for mark in film.marks]
    assert marks == [("temperature", None, "step"), ("breath", 1, "blow")]
    began = [film.began_s for film in studio.films]
    assert began == sorted(began)
    (still,) = studio.stills
    assert (still.step, still.attempt, still.moment, still.content_type) == ("breath", 1, "blow", "image/jpeg")
    assert {loss.reason for loss in studio.losses} <= {"no_camera"}, "of a machine that has much else to do"
    assert len(studio.left_in_memory()) == 2 * len(studio.films), "plain segments wait for the diary"
    studio.recorder.drop(studio.films[0])
    assert studio.films[0].sha256 not in studio.stored
    for film in studio.films[1:]:
        studio.recorder.release(film)
        assert film.sha256 in studio.stored
    assert studio.left_in_memory() == []


def test_the_folder_in_memory_is_nobody_elses(studio: Studio) -> None:
    studio.recorder.begin(EXAM, 1, "face")
    wait_until(lambda: bool(studio.left_in_memory()), "a segment")
    (folder,) = studio.memory.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    note = SegmentNote(exam_id=EXAM, film=2, began_s=1, step="face", frames_per_s=5)
    with pytest.raises(ScratchError, match="private"):
        studio.scratch.new(note)


@pytest.mark.parametrize("scene", ["gone", "hang"])
def test_a_camera_that_goes_away_leaves_a_named_gap(studio: Studio, simulator: CameraSimulator, scene: str) -> None:
    studio.recorder.begin(EXAM, 1, "pressure")
    wait_until(lambda: bool(studio.films), "a segment")
    simulator.scene(scene)
    wait_until(lambda: studio.camera.latest() is None and not studio.is_writing(), "the camera to be missed")
    simulator.scene("person:eileen")
    wait_until(lambda: bool(studio.losses), "the gap")
    filmed_before = len(studio.films)
    wait_until(lambda: len(studio.films) > filmed_before, "a segment after the gap")
    studio.recorder.end()
    studio.wait_for_end()
    gap = studio.losses[0]
    assert (gap.kind, gap.reason, gap.step) == ("video", "no_camera", "pressure")
    assert gap.ended_s is not None
    assert gap.ended_s > gap.began_s


def test_no_camera_is_no_film_and_no_trouble(studio: Studio, simulator: CameraSimulator) -> None:
    simulator.scene("gone")
    wait_until(lambda: studio.camera.latest() is None, "the camera to be gone")
    studio.recorder.begin(EXAM, 1, "face")
    studio.recorder.still(EXAM, "temperature", 1, "result")
    studio.recorder.end()
    studio.wait_for_end()
    assert studio.films == studio.stills == []
    assert {(loss.kind, loss.reason) for loss in studio.losses} == {("photo", "no_camera"), ("video", "no_camera")}


def test_a_black_picture_is_filmed_as_it_is(studio: Studio, simulator: CameraSimulator, tmp_path: Path) -> None:
    simulator.scene("black")
    studio.recorder.begin(EXAM, 1, "face")
    wait_until(lambda: bool(studio.films), "a segment")
    assert frames_of(studio.films[0].content, tmp_path)


def test_a_full_disk_loses_the_film_and_says_so(studio: Studio) -> None:
    studio.disk_is_full = True
    studio.recorder.begin(EXAM, 1, "face")
    studio.recorder.still(EXAM, "breath", 2, "result")
    wait_until(lambda: len(studio.losses) >= 2, "the losses")
    studio.recorder.end()
    studio.wait_for_end()
    assert {(loss.kind, loss.reason) for loss in studio.losses} == {("video", "not_stored"), ("photo", "not_stored")}
    assert studio.left_in_memory() == []


def test_film_gives_way_when_the_disk_gets_low_in_between(studio: Studio) -> None:
    studio.recorder.begin(EXAM, 1, "face")
    wait_until(lambda: bool(studio.films), "a segment")
    studio.refusal = "disk_low"
    assert studio.recorder.refusal() == "disk_low"
    filmed_before = len(studio.films)
    wait_until(lambda: len(studio.films) > filmed_before, "the segment that was running")
    studio.recorder.end()
    studio.wait_for_end()
    assert [loss.reason for loss in studio.losses].count("disk_low") == 1


def test_without_the_encoder_the_record_says_so(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.VideoWriter, "fourcc", staticmethod(lambda *_: 0x21212121))
    studio.recorder.begin(EXAM, 1, "face")
    wait_until(lambda: studio.camera.latest() is not None, "a picture")
    pause = threading.Event()
    wait_until(lambda: not studio.left_in_memory() or pause.is_set(), "the attempt to be over")
    studio.recorder.end()
    studio.wait_for_end()
    assert "encoder" in {loss.reason for loss in studio.losses} <= {"encoder", "no_camera"}
    assert studio.left_in_memory() == []


def _has(hung: list[int], count: int) -> bool:
    return len(hung) == count


def test_an_encoder_that_hangs_is_left_behind_and_the_next_film_gets_another(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    write = SegmentWriter.write
    hung: list[int] = []

    def hang(self: SegmentWriter, picture: object, until_s: float) -> None:
        if len(hung) < 3:
            hung.append(1)
            let_go.wait(LONGEST_S)
        write(self, picture, until_s)  # type: ignore[arg-type]

    monkeypatch.setattr(SegmentWriter, "write", hang)
    for film in (1, 2, 3):
        assert studio.recorder.refusal() == ""
        studio.recorder.begin(EXAM, film, "face")
        hanging = partial(_has, hung, film)
        wait_until(hanging, "the encoder to hang")
        studio.recorder.end()
    assert studio.recorder.refusal() == "no_recorder"
    let_go.set()
    wait_until(lambda: studio.recorder.refusal() == "", "the threads to end")
    studio.recorder.begin(EXAM, 4, "face")
    wait_until(lambda: any(film.film == 4 for film in studio.films), "a segment of the fourth film")


def test_after_a_crash_what_was_half_written_is_saved(make_studio: Callable[[], Studio], tmp_path: Path) -> None:
    first = make_studio()
    wait_until(lambda: first.camera.latest() is not None, "a picture")
    first.recorder.begin(EXAM, 1, "temperature")
    wait_until(lambda: len(first.films) >= 2, "two segments")
    first.recorder.end()
    first.wait_for_end()
    known, unknown = first.films[0], first.films[1]
    cut = SegmentNote(
        exam_id=EXAM, film=1, began_s=unknown.ended_s, step="pressure", attempt=1, frames_per_s=SETTINGS.frames_per_s
    )
    half = first.scratch.new(cut)
    half.write_bytes(unknown.content[: len(unknown.content) * 3 // 4])
    rubbish = first.scratch.new(cut.model_copy(update={"began_s": cut.began_s + 5}))
    rubbish.write_bytes(b"nothing that plays")
    foreign = first.scratch.new(cut.model_copy(update={"exam_id": EXAM[:-1] + "2"}))
    foreign.write_bytes(b"of an exam that has ended")

    second = make_studio()
    second.recorder.sweep(frozenset({EXAM}))
    assert not foreign.exists()
    second.recorder.salvage(EXAM, 1, frozenset({known.sha256}))
    second.wait_for_end()
    handed = {film.sha256 for film in second.films}
    assert known.sha256 not in handed
    assert unknown.sha256 in handed
    (saved,) = [film for film in second.films if film.step == "pressure"]
    frames = frames_of(saved.content, tmp_path)
    assert frames
    assert saved.ended_s - saved.began_s == pytest.approx(len(frames) / SETTINGS.frames_per_s)
    for film in second.films:
        second.recorder.release(film)
    assert second.left_in_memory() == []


_KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from terminal.camera.encoder import SegmentWriter, save_cut_off
dice = np.random.default_rng(1)
writer = SegmentWriter(Path(sys.argv[1]), 8, 480)
for _ in range(78):
    writer.write(dice.integers(60, 190, (480, 640, 3), np.uint8), 0.0)
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_had_written_out_can_be_read(tmp_path: Path) -> None:
    cut_off = tmp_path / "cut.part.webm"
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(cut_off)], timeout=LONGEST_S, check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL
    seconds = save_cut_off(cut_off, tmp_path / "whole.webm", 8.0)
    assert 0 < seconds < 78 / 8
    assert len(frames_of((tmp_path / "whole.webm").read_bytes(), tmp_path)) == seconds * 8


def test_time_in_the_film_is_time_in_the_room(tmp_path: Path) -> None:
    """A slow camera or a slow machine repeats pictures rather than let the film run ahead."""
    import numpy as np

    picture = np.zeros((240, 320, 3), np.uint8)
    writer = SegmentWriter(tmp_path / "slow.webm", 10, 320)
    writer.write(picture, 0.0)
    writer.write(picture, 2.0)
    assert writer.frames == 20
    assert writer.seconds == 2.0
    assert writer.fits(picture)
    assert not writer.fits(np.zeros((100, 100, 3), np.uint8))
    writer.close()
