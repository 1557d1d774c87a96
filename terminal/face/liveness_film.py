"""Judges a film or a folder of frames without knowing what was asked: did something turn, and was it flat?

This is for looking at recordings and for tests of attacks. A recording of a living person is alive here: only the random
prompts of a live check can tell a replay.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from terminal.face.detection import people_in_front
from terminal.face.liveness import FLAT_SHARE, LivenessLimits, Outcome
from terminal.face.liveness_session import FaceFinder
from terminal.face.picture_file import PictureUnreadable, read_picture
from terminal.face.relief import Relief, ReliefWatch

Picture = NDArray[Any]

STILLS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
WORKING_PX = 960
MOST_OFFSET = 0.15


@dataclass(frozen=True, slots=True)
class FilmVerdict:
    """`residual` and `bend` (in eye distances) belong to the frame in which most had turned; `turn` is the largest."""

    outcome: Outcome
    reason: str
    frames: int
    frames_with_face: int
    residual: float | None
    bend: float | None
    turn: float | None

    def as_json(self) -> dict[str, Any]:
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items()}


def frames_of(path: Path) -> Iterator[Picture]:
    """Frames of a video, or the pictures of a folder in the order of their names. Raises `PictureUnreadable`."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in STILLS)
        if not files:
            raise PictureUnreadable("format", f"the folder {path} holds no pictures")
        for file in files:
            yield _reduced(read_picture(file))
        return
    if not path.is_file():
        raise PictureUnreadable("missing", f"{path} is neither a film nor a folder")
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        if not video.isOpened():
            raise PictureUnreadable("format", f"{path} is no film that can be read")
        while (taken := video.read())[0]:
            yield _reduced(taken[1])
    finally:
        video.release()


def judge_film(finder: FaceFinder, frames: Iterator[Picture], limits: LivenessLimits | None = None) -> FilmVerdict:
    """Follow the face from each frontal frame on, as long as its points are seen."""
    limits = limits or LivenessLimits()
    watch: ReliefWatch | None = None
    seen, with_face = 0, 0
    most: Relief | None = None
    best_turn = 0.0
    solid = False
    for picture in frames:
        seen += 1
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        if watch is None:
            watch = _begun(finder, picture, grey)
            with_face += watch is not None
            continue
        relief = watch.follow(grey)
        if relief is None:
            # Lost, or a picture of another size: anew from here, if a face is seen.
            watch = _begun(finder, picture, grey)
            with_face += watch is not None
            continue
        with_face += 1
        if most is None or relief.bend > most.bend:
            most = relief
        best_turn = max(best_turn, relief.turn, key=abs)
        out_of_plane = relief.residual >= max(limits.least_residual, limits.least_share * relief.bend)
        solid = solid or (out_of_plane and abs(relief.turn) >= limits.least_turn)
    outcome, reason = _verdict(with_face, most, solid, limits)
    residual, bend = (most.residual, most.bend) if most is not None else (None, None)
    return FilmVerdict(outcome, reason, seen, with_face, residual, bend, best_turn if most is not None else None)


def _verdict(with_face: int, most: Relief | None, solid: bool, limits: LivenessLimits) -> tuple[Outcome, str]:
    if not with_face or most is None:
        return "unclear", "no_face"
    if solid:
        return "live", "a solid head turned"
    if most.bend >= limits.least_bend and most.residual < FLAT_SHARE * most.bend:
        return "not_live", "flat"
    return "unclear", "no_turn" if most.bend < limits.least_bend else "not_solid_enough"


def _begun(finder: FaceFinder, picture: Picture, grey: Picture) -> ReliefWatch | None:
    boxes = finder.find(picture)
    if not boxes or len(people_in_front(boxes)) != 1:
        return None
    landmarks = finder.landmarks(picture, boxes[0])
    if abs(landmarks.nose_offset) > MOST_OFFSET:
        return None
    return ReliefWatch(grey, boxes[0], landmarks.eye_distance_px)


def _reduced(picture: Picture) -> Picture:
    scale = WORKING_PX / max(picture.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(picture)
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
