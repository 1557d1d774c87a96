"""Measures the cost of the camera: frames received and dropped, processor share, and memory over an hour's frames."""

import itertools
import os
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from simulators.camera_scenes import PORTRAITS
from terminal.camera import Camera, CameraFault
from terminal.camera.mjpeg_parts import MjpegParts
from terminal.camera.source import Picture

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class StreamFromMemory:
    """A Motion JPEG stream without a network: framing and decoding are the real ones; paced, or as fast as it goes."""

    def __init__(self, frames: int, frames_per_s: float | None) -> None:
        portrait = cv2.imread(str(PORTRAITS / "grace_hopper.jpg"))
        if portrait is None:
            raise FileNotFoundError(PORTRAITS)
        rng = np.random.default_rng(1)
        stills = [
            cv2.add(cv2.resize(portrait, (640, 480)), rng.integers(0, 9, (480, 640, 3), np.uint8)) for _ in range(8)
        ]
        jpegs = [cv2.imencode(".jpg", still)[1].tobytes() for still in stills]
        self._parts = itertools.cycle([b"--x\r\nContent-Length: %d\r\n\r\n" % len(j) + j + b"\r\n" for j in jpegs])
        self._stream = MjpegParts(b"x")
        self._left = frames
        self._interval_s = 1 / frames_per_s if frames_per_s else 0.0
        self._due_s = time.monotonic()
        self.ended = threading.Event()

    def open(self) -> None: ...

    def read(self) -> Picture:
        if self._left == 0:
            self.ended.set()
            raise CameraFault("silent", "the stream is over")
        self._left -= 1
        self._due_s += self._interval_s
        self.ended.wait(max(0.0, self._due_s - time.monotonic()))
        (jpeg,) = self._stream.feed(next(self._parts))
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise CameraFault("format", "a picture that cannot be decoded")
        return picture

    def close(self) -> None: ...

    def interrupt(self) -> None:
        self.ended.set()


def camera_preview(seconds: float = 10.0, frames_per_s: float = 30.0) -> dict[str, Any]:
    """A consumer that takes every new frame, as the preview does: how many it misses and what share of a core it costs."""
    total = int(seconds * frames_per_s)
    source = StreamFromMemory(total, frames_per_s)
    cpu_s, wall_s = time.process_time(), time.monotonic()
    camera = Camera(lambda: source)
    taken, seq = 0, 0
    while not source.ended.is_set():
        frame = camera.newer_than(seq, 0.5)
        if frame is not None:
            taken, seq = taken + 1, frame.seq
    camera.close()
    spent_s = time.monotonic() - wall_s
    return {
        "seconds": round(spent_s, 1),
        "frames_offered": total,
        "frames_per_s": round(taken / spent_s, 1),
        "dropped": seq - taken,
        "core_share": round((time.process_time() - cpu_s) / spent_s, 3),
    }


def camera_memory(frames: int = 108_000) -> dict[str, Any]:
    """An hour's frames at 30 a second, as fast as they decode: growth of resident memory after the first tenth."""
    source = StreamFromMemory(frames, None)
    threads = threading.active_count()
    camera = Camera(lambda: source)
    seq, base_bytes = 0, 0
    while not source.ended.is_set():
        frame = camera.newer_than(seq, 0.5)
        if frame is not None:
            seq = frame.seq
        if not base_bytes and seq >= frames // 10:
            base_bytes = resident_bytes()
    end_bytes = resident_bytes()
    camera.close()
    return {
        "frames": frames,
        "resident_mib": round(end_bytes / 2**20, 1),
        "growth_mib": round((end_bytes - base_bytes) / 2**20, 2),
        "threads_more": threading.active_count() - threads,
    }


def resident_bytes() -> int:
    """Resident memory of this process (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
