"""What a simulated camera sees: scenes made from still portraits, as a function of time and a seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from simulators.camera_optics import Face, Pose, bent, flat, head, lay_over

Picture = NDArray[Any]

WIDTH, HEIGHT = 640, 480
SIZE = (WIDTH, HEIGHT)
PORTRAITS = Path(__file__).parent / "portraits"
TURN_DEGREES = 22.0
TURN_S = 3.0
"""A full swing of the head to one side and back takes this long, as does that of a photo."""
CLEAR_FACE = 0.5
"""Score from which dlib's detector is taken at its word; patches on clothes stay far below."""
STEP_IN_S = 2.0
"""When, after the scene begins, the other person steps in."""


@cache
def _detector() -> Any:
    """Made once: it takes a quarter of a second of a processor."""
    return dlib.get_frontal_face_detector()


@dataclass(frozen=True, slots=True)
class Portrait:
    """A still photo and where its face is, found once with dlib's detector when the simulator starts."""

    photo: Picture
    face: Face

    @classmethod
    def load(cls, path: Path) -> "Portrait":
        """Raises `ValueError` when the file is no picture or has not exactly one face."""
        photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if photo is None:
            raise ValueError(f"{path} is not a picture")
        shrink = min(1.0, 640 / max(photo.shape[:2]))
        photo = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        boxes, _, _ = _detector().run(np.ascontiguousarray(photo[:, :, ::-1]), 0, CLEAR_FACE)
        if len(boxes) != 1:
            raise ValueError(f"{path}: a portrait needs exactly one face, {len(boxes)} were found")
        box = boxes[0]
        face = Face((box.left() + box.right()) / 2, (box.top() + box.bottom()) / 2, box.width())
        return cls(photo, face)


@dataclass(slots=True)
class Room:
    """The camera and the light in front of it. All fields are the back door of a test."""

    light: float = 1.0
    noise: float = 3.0
    blur_px: float = 0.0
    sway_px: float = 4.0
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def wall(self) -> Picture:
        """An evenly painted wall, a little darker at the edges."""
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        fall = 1 - 0.25 * (((x / WIDTH - 0.5) ** 2) + ((y / HEIGHT - 0.5) ** 2))
        wall: Picture = (fall[..., None] * np.array([182, 190, 188], np.float32)).astype(np.uint8)
        return wall

    def shoot(self, picture: Picture) -> Picture:
        """What the sensor makes of it: blur, light, noise."""
        if self.blur_px > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur_px)
        grain = self.rng.normal(0, self.noise, (HEIGHT // 2, WIDTH // 2, 3)).astype(np.float32)
        noise = cv2.resize(grain, SIZE, interpolation=cv2.INTER_NEAREST)
        shot: Picture = np.clip(picture * np.float32(self.light) + noise, 0, 255).astype(np.uint8)
        return shot

    def swaying(self, pose: Pose, t_s: float) -> Pose:
        """Nobody stands quite still: some pixels and a degree, slowly."""
        return replace(
            pose,
            x=pose.x + self.sway_px * np.sin(2.1 * t_s),
            y=pose.y + 0.6 * self.sway_px * np.sin(1.3 * t_s + 1),
            roll_degrees=pose.roll_degrees + 0.3 * self.sway_px * np.sin(0.9 * t_s),
            width_px=pose.width_px * (1 + 0.004 * self.sway_px * np.sin(0.7 * t_s)),
        )


def standing(portrait: Portrait, pose: Pose) -> Picture:
    """The portrait fills the picture as if the person stood before a wall of its own."""
    grow = pose.width_px / portrait.face.width
    angle = np.radians(pose.roll_degrees)
    turn = grow * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = np.array([pose.x, pose.y]) - turn @ np.array([portrait.face.x, portrait.face.y])
    matrix = np.column_stack([turn, shift])
    seen: Picture = cv2.warpAffine(
        portrait.photo, matrix, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return seen


def head_turned(portrait: Portrait, pose: Pose) -> Picture:
    """The head turned on a body that looks straight on."""
    below = standing(portrait, replace(pose, yaw_degrees=0, pitch_degrees=0))
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    axes = (int(0.75 * pose.width_px), int(1.05 * pose.width_px))
    cv2.ellipse(mask, (int(pose.x), int(pose.y)), axes, pose.roll_degrees, 0, 360, 1.0, -1)
    small = cv2.GaussianBlur(cv2.resize(below, None, fx=1 / 8, fy=1 / 8), (0, 0), pose.width_px / 32)
    below = lay_over(below, cv2.resize(small, SIZE), cv2.GaussianBlur(mask, (0, 0), 5))
    above, cover = head(portrait.photo, portrait.face, pose, SIZE)
    return lay_over(below, above, cover)


def photo_held(portrait: Portrait, pose: Pose, wall: Picture, bent_radius: float | None = None) -> Picture:
    """A print held before the camera; `bent_radius` in widths of the face, None for a stiff one."""
    if bent_radius is None:
        above, cover = flat(portrait.photo, portrait.face, pose, SIZE)
    else:
        above, cover = bent(portrait.photo, portrait.face, pose, SIZE, bent_radius)
    return lay_over(wall, above, cover)


def swing(t_s: float) -> float:
    """Yaw of somebody who looks at the camera, to one side, back, to the other, again and again; degrees."""
    return float(TURN_DEGREES * np.sin(2 * np.pi * t_s / (2 * TURN_S)))


def there_and_back(t_s: float, turn_s: float = 0.9, hold_s: float = 0.6) -> float:
    """0 at rest, 1 while the turn is held: half a cosine there, a pause, and 0.6 seconds back."""
    if t_s <= 0:
        return 0.0
    if t_s < turn_s:
        return float(0.5 - 0.5 * np.cos(np.pi * t_s / turn_s))
    t_s -= turn_s + hold_s
    return 1.0 if t_s < 0 else max(0.0, float(0.5 + 0.5 * np.cos(np.pi * min(t_s / 0.6, 1.0))))


@cache
def _portrait(path: Path) -> Portrait:
    """The same photo is looked through once, however many cameras show it."""
    return Portrait.load(path)


class Stage:
    """Knows the portraits and plays scenes. A scene is `KIND` or `KIND:NAME` or `KIND:NAME,NAME`.

    Somebody who is to follow prompts starts as `head:NAME` and goes on with `turn_left:NAME` and its like, which begin and
    end in that very pose.
    """

    def __init__(self, photos: Mapping[str, Path], room: Room | None = None) -> None:
        self.portraits = {name: _portrait(path) for name, path in photos.items()}
        self.room = room or Room()
        self._kinds: dict[str, tuple[int, Callable[[list[Portrait], float], Picture]]] = {
            "person": (1, lambda who, t: standing(who[0], self._pose(t))),
            "far": (1, lambda who, t: standing(who[0], self._pose(t, width_px=62))),
            "side": (1, lambda who, t: standing(who[0], self._pose(t, x=35))),
            "dark": (1, lambda who, t: (standing(who[0], self._pose(t)) * 0.12).astype(np.uint8)),
            "blurred": (1, lambda who, t: cv2.GaussianBlur(standing(who[0], self._pose(t)), (0, 0), 5)),
            "nobody": (0, lambda _, _t: self.room.wall()),
            "black": (0, lambda _, _t: np.zeros((HEIGHT, WIDTH, 3), np.uint8)),
            "two_people": (2, self._two_people),
            "steps_in": (2, lambda who, t: standing(who[0 if t < STEP_IN_S else 1], self._pose(t))),
            "head_swing": (1, lambda who, t: head_turned(who[0], self._pose(t, yaw_degrees=swing(t)))),
            "photo_swing": (
                1,
                lambda who, t: photo_held(who[0], self._pose(t, yaw_degrees=swing(t)), self.room.wall()),
            ),
            "head": (1, lambda who, t: head_turned(who[0], self._pose(t))),
            "turn_left": (1, lambda who, t: self._turned(who[0], t, -TURN_DEGREES)),
            "turn_right": (1, lambda who, t: self._turned(who[0], t, TURN_DEGREES)),
            "closer": (1, lambda who, t: head_turned(who[0], self._pose(t, width_px=170 * (1 + 0.4 * _answer(t))))),
            "photo_turn_left": (1, lambda who, t: self._photo_turned(who[0], t, -TURN_DEGREES)),
            "photo_turn_right": (1, lambda who, t: self._photo_turned(who[0], t, TURN_DEGREES)),
        }

    def check(self, scene: str) -> None:
        """Raises `ValueError` when this stage cannot play the scene."""
        kind, names = _split(scene)
        if kind in ("hang", "gone"):
            return
        if kind not in self._kinds:
            raise ValueError(f"no scene {kind!r}; there are: {', '.join(sorted([*self._kinds, 'hang', 'gone']))}")
        needed = self._kinds[kind][0]
        if len(names) != needed:
            raise ValueError(f"scene {kind!r} takes {needed} name(s), got {len(names)}")
        if unknown := [name for name in names if name not in self.portraits]:
            raise ValueError(f"no portrait of {', '.join(unknown)}; there are: {', '.join(sorted(self.portraits))}")

    def picture(self, scene: str, t_s: float) -> Picture:
        """The picture `t_s` seconds after the scene began, 640×480, blue-green-red."""
        kind, names = _split(scene)
        return self.room.shoot(self._kinds[kind][1]([self.portraits[name] for name in names], t_s))

    def _pose(self, t_s: float, **changes: float) -> Pose:
        return self.room.swaying(replace(Pose(), **changes), t_s)

    def _turned(self, who: Portrait, t_s: float, degrees: float) -> Picture:
        return head_turned(who, self._pose(t_s, yaw_degrees=degrees * _answer(t_s)))

    def _photo_turned(self, who: Portrait, t_s: float, degrees: float) -> Picture:
        return photo_held(who, self._pose(t_s, yaw_degrees=degrees * _answer(t_s)), self.room.wall())

    def _two_people(self, who: list[Portrait], t_s: float) -> Picture:
        left = standing(who[0], self._pose(t_s, x=170, width_px=130))
        right = standing(who[1], self._pose(t_s + 1, x=470, width_px=130))
        return np.hstack([left[:, : WIDTH // 2], right[:, WIDTH // 2 :]])


def _answer(t_s: float) -> float:
    """Half a second to read the prompt, then there and back."""
    return there_and_back(t_s - 0.5)


def _split(scene: str) -> tuple[str, list[str]]:
    kind, _, names = scene.partition(":")
    return kind, [name for name in names.split(",") if name]
