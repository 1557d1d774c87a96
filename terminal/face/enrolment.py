"""Checks whether a worker's photo is good enough for a template, by every rule at once."""

from terminal.camera.jpeg import MOST_BYTES
from terminal.face.compare import Examined, examine
from terminal.face.engine import FaceEngine
from terminal.face.picture_file import PictureUnreadable, decode_picture, kind_of
from terminal.face.portrait_rules import background_problems, eyes_problems
from terminal.face.quality import QualityLimits
from terminal.face.words import english

ENROLMENT_LIMITS = QualityLimits(
    least_eye_distance_px=40,
    most_nose_offset=0.15,
    most_roll_degrees=12,
    least_brightness=60,
    least_sharpness=0.009,
)
"""Stricter than for a comparison: a poor enrolment causes errors that no threshold can mend."""


class PortraitRefused(Exception):
    """The photo is no good for enrolment. `problems` are codes of `terminal.face.words`, which says what to change."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(english(code) for code in problems))
        self.problems = problems


def examine_portrait(engine: FaceEngine, photo: bytes) -> Examined:
    """Every rule at once, so that the worker is sent back once and not five times; `quality.problems` lists what failed."""
    file_problems: list[str] = []
    if not kind_of(photo):
        file_problems.append("file_kind")
    if len(photo) > MOST_BYTES:
        file_problems.append("file_size")
    try:
        picture = decode_picture(photo)
    except PictureUnreadable as error:
        raise PortraitRefused((*file_problems, error.code)) from error
    examined = examine(engine, picture, ENROLMENT_LIMITS)
    problems = [*file_problems, *examined.quality.problems]
    if examined.picture is not None and examined.box is not None and examined.landmarks is not None:
        problems += eyes_problems(examined.picture, examined.landmarks)
        problems += background_problems(examined.picture, examined.box)
    return examined.with_problems(tuple(problems))
