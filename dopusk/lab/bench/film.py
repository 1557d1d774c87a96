"""Measures the cost of filming: share of one core beside a running camera, size per minute, memory over an hour.

`standing`: a worker who holds still before a wall. `moving`: the whole picture moves, which no fixed camera sees.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dopusk.lab.bench.camera import resident_bytes
from simulators.camera import DEFAULT_PHOTOS
from simulators.camera_scenes import Room, Stage
from terminal.camera import Camera
from terminal.camera.encoder import SegmentWriter
from terminal.camera.film import FilmMessage, FilmSettings, Kept
from terminal.camera.film_take import Surroundings
from terminal.camera.recorder import Recorder
from terminal.camera.scratch import Scratch
from terminal.camera.source import Picture
from terminal.store.media_files import MediaFiles

SWAY_PX = {"standing": 0.3, "moving": 4.0}
CAMERA_FRAMES_PER_S = 20.0
FILMS = {"shipped": FilmSettings(), "vga_12": FilmSettings(width_px=640, frames_per_s=12)}
"""The settings as shipped, and the whole 640×480 picture at 12 frames a second."""


class FramesFromMemory:
    """A camera whose pictures are made beforehand, so that only the film costs anything."""

    def __init__(self, scene: str, seconds: float = 3.0) -> None:
        stage = Stage(DEFAULT_PHOTOS, Room(sway_px=SWAY_PX[scene]))
        count = int(seconds * CAMERA_FRAMES_PER_S)
        forth = [stage.picture("person:eileen", number / CAMERA_FRAMES_PER_S) for number in range(count)]
        self.frames = forth + forth[-2:0:-1]
        self._next = 0
        self._closed = threading.Event()

    def open(self) -> None: ...

    def read(self) -> Picture:
        self._closed.wait(1 / CAMERA_FRAMES_PER_S)
        self._next += 1
        return self.frames[self._next % len(self.frames)].copy()

    def close(self) -> None: ...

    def interrupt(self) -> None:
        self._closed.set()


def film_cost(scene: str, settings: FilmSettings, seconds: float = 20.0) -> dict[str, Any]:
    """Share of one core that filming takes beyond the camera alone, and bytes per minute of film."""
    source = FramesFromMemory(scene)
    camera = Camera(lambda: source)
    while camera.latest() is None:
        camera.newer_than(0, 1.0)
    alone_share = _share(lambda: None, seconds / 2)
    posted: list[FilmMessage] = []
    with tempfile.TemporaryDirectory() as folder:
        media = MediaFiles(Path(folder) / "media", bytes(32))
        recorder = Recorder(
            Surroundings(
                camera,
                Scratch(Path(folder) / "store.db"),
                media.write,
                media.remove,
                posted.append,
                lambda: "",
                settings,
            )
        )
        filmed_share = _share(lambda: recorder.begin("bench", 1, "breath"), seconds)
        recorder.close()
        for message in posted:
            if isinstance(message, Kept):
                recorder.release(message)
        recorder.close()
    camera.close()
    kept = [message for message in posted if isinstance(message, Kept)]
    filmed_s = sum(message.ended_s - message.began_s for message in kept)
    size_bytes = sum(len(message.content) for message in kept)
    return {
        "core_share": round(filmed_share - alone_share, 3),
        "mib_per_minute": round(size_bytes / 2**20 * 60 / max(filmed_s, 1e-9), 2),
        "filmed_s": round(filmed_s, 1),
    }


def film_memory(frames: int) -> dict[str, Any]:
    """Growth of resident memory after the first tenth, over so many frames in segments, as fast as they are encoded."""
    settings = FilmSettings()
    pictures = FramesFromMemory("standing").frames
    per_segment = int(settings.segment_s * settings.frames_per_s)
    base_bytes = 0
    with tempfile.TemporaryDirectory() as folder:
        media = MediaFiles(Path(folder) / "media", bytes(32))
        path = Path(folder) / "segment.webm"
        for first in range(0, frames, per_segment):
            writer = SegmentWriter(path, settings.frames_per_s, settings.width_px)
            for number in range(first, first + per_segment):
                writer.write(pictures[number % len(pictures)], 0.0)
            writer.close()
            media.remove(media.write(path.read_bytes()))
            if not base_bytes and first >= frames // 10:
                base_bytes = resident_bytes()
    end_bytes = resident_bytes()
    return {"frames": frames, "growth_mib": round((end_bytes - base_bytes) / 2**20, 2)}


def _share(begin: Callable[[], None], seconds: float) -> float:
    """Processor time of this process over wall time, from `begin()` on."""
    cpu_s, wall_s = time.process_time(), time.monotonic()
    begin()
    threading.Event().wait(seconds)
    return (time.process_time() - cpu_s) / (time.monotonic() - wall_s)
