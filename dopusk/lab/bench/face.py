"""Measures speed and accuracy of the face engine against the `face_recognition` package with the same weights.

That package calls dlib's HOG detector on the full picture (doubled once by default), the 5-point landmarks and dlib's own
run time of the ResNet, and compares distances with 0.6. Both ways see the same simulated 640×480 frames on one thread.
"""

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from dopusk.lab.bench.camera import camera_memory, camera_preview
from dopusk.lab.bench.film import FILMS, SWAY_PX, film_cost, film_memory
from dopusk.lab.bench.liveness import liveness_rates
from simulators.camera import DEFAULT_PHOTOS
from simulators.camera_scenes import Room, Stage
from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.engines.model_files import dlib_model

Picture = NDArray[Any]
Embedding = NDArray[Any]

TARGET_MS = 20.0
TARGET_RATIO = 5.0
STOCK_DISTANCE = 0.6


class StockWay:
    """The same steps as `face_recognition.face_locations` and `face_encodings(model="small")`."""

    def __init__(self, doublings: int) -> None:
        self._doublings = doublings
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(dlib_model("shape_predictor_5_face_landmarks.dat")))
        self._resnet = dlib.face_recognition_model_v1(str(dlib_model("dlib_face_recognition_resnet_model_v1.dat")))

    def embed(self, picture: Picture) -> Embedding | None:
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        boxes = self._detector(rgb, self._doublings)
        if not boxes:
            return None
        return np.array(self._resnet.compute_face_descriptor(rgb, self._predictor(rgb, boxes[0]), 1))


class OurWay:
    """What the kiosk does with one frame."""

    def __init__(self) -> None:
        self._engine = DlibEngine(threads=1)

    def embed(self, picture: Picture) -> Embedding | None:
        boxes = self._engine.find(picture)
        if not boxes:
            return None
        embedding: Embedding = self._engine.embed(picture, [self._engine.landmarks(picture, boxes[0])])[0]
        return embedding


def run(report: Callable[[str, float, str], None], *, long: bool = False) -> None:
    """All figures of faces and camera; `long` takes an hour's frames and 200 liveness trials of each kind."""
    speed = face_speed()
    for name, value in speed["ms_per_frame"].items():
        report(f"face.frame_ms.{name}", value, "ms")
    report("face.ratio", speed["ratio"], "x")
    report("face.ratio_to_default", speed["ratio_to_default"], "x")
    for way, errors in speed["errors"].items():
        for name, value in errors.items():
            report(f"face.errors.{way}.{name}", value, "")
    preview = camera_preview(10.0)
    report("camera.frames_per_s", preview["frames_per_s"], "1/s")
    report("camera.dropped", preview["dropped"], "")
    report("camera.core_share", preview["core_share"], "")
    memory = camera_memory(108_000 if long else 6_000)
    report("camera.memory_growth", memory["growth_mib"], "MiB")
    report("camera.threads_more", memory["threads_more"], "")
    for scene in SWAY_PX:
        for name, settings in FILMS.items():
            cost = film_cost(scene, settings)
            report(f"film.{name}.{scene}.core_share", cost["core_share"], "")
            report(f"film.{name}.{scene}.mib_per_minute", cost["mib_per_minute"], "MiB")
    report("film.memory_growth", film_memory(28_800 if long else 1_200)["growth_mib"], "MiB")
    for rates in liveness_rates(200 if long else 8):
        passed = 1 - rates.passed if rates.kind == "genuine" else rates.passed
        report(f"liveness.{'bpcer' if rates.kind == 'genuine' else f'apcer.{rates.kind}'}", passed, "")


def face_speed(rounds: int = 30) -> dict[str, Any]:
    """Detect, align, embed, match one frame: median milliseconds of each way, and ratios; errors of both on one set.

    `ratio` is against the package's way without doubling, which is the faster of the two and so the harder to beat.
    """
    cv2.setNumThreads(1)
    frames = _frames(rounds)
    ways: dict[str, OurWay | StockWay] = {
        "ours": OurWay(),
        "stock_not_doubled": StockWay(0),
        "stock_default": StockWay(1),
    }
    times_ms = {name: _times_ms(way.embed, [picture for _, picture in frames]) for name, way in ways.items()}
    medians = {name: statistics.median(times) for name, times in times_ms.items()}
    return {
        "rounds": rounds,
        "ms_per_frame": {name: round(value, 2) for name, value in medians.items()},
        "ratio": round(medians["stock_not_doubled"] / medians["ours"], 2),
        "ratio_to_default": round(medians["stock_default"] / medians["ours"], 2),
        "target_ms": TARGET_MS,
        "target_ratio": TARGET_RATIO,
        "met": medians["ours"] <= TARGET_MS and medians["stock_not_doubled"] >= TARGET_RATIO * medians["ours"],
        "errors": {name: _errors(way.embed, frames[:24]) for name, way in ways.items() if name != "stock_default"},
    }


def _frames(count: int) -> list[tuple[str, Picture]]:
    """Both people in turn, each frame with light, noise and place of its own."""
    rng = np.random.default_rng(11)
    stage = Stage(DEFAULT_PHOTOS)
    frames: list[tuple[str, Picture]] = []
    for number in range(count):
        stage.room = Room(rng.uniform(0.4, 1.15), rng.uniform(1, 7), rng.uniform(0, 1.5), rng.uniform(0, 8), rng)
        name = ("eileen", "grace")[number % 2]
        frames.append((name, stage.picture(f"person:{name}", float(rng.uniform(0, 60)))))
    return frames


def _times_ms(embed: Callable[[Picture], Embedding | None], pictures: list[Picture]) -> list[float]:
    reference = next(found for picture in pictures if (found := embed(picture)) is not None)
    times: list[float] = []
    for picture in pictures:
        began_s = time.perf_counter()
        found = embed(picture)
        if found is not None:
            np.linalg.norm(found - reference)
        times.append(1000 * (time.perf_counter() - began_s))
    return times


def _errors(embed: Callable[[Picture], Embedding | None], frames: list[tuple[str, Picture]]) -> dict[str, int]:
    """Missed faces, false matches and false non-matches among all pairs at the publisher's distance."""
    found = [(name, embed(picture)) for name, picture in frames]
    pairs = [
        (one == other, float(np.linalg.norm(a - b)))
        for (one, a), (other, b) in itertools.combinations(found, 2)
        if a is not None and b is not None
    ]
    return {
        "frames": len(frames),
        "missed_faces": sum(embedding is None for _, embedding in found),
        "pairs": len(pairs),
        "false_matches": sum(not same and distance < STOCK_DISTANCE for same, distance in pairs),
        "false_non_matches": sum(same and distance >= STOCK_DISTANCE for same, distance in pairs),
    }
