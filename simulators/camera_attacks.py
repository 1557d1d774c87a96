"""People and impostors before a simulated camera, who are told what the screen asks for: one genuine, five kinds of attack.

An impostor knows the kiosk's prompts and does the best possible with the object at hand. All numbers are drawn anew for each
trial from the seed: size, place, light, noise, blur, reaction, angle, bend of the paper. These are simulations made from
two portraits; they are no laboratory's test (ISO/IEC 30107-3 wants presentation with real instruments to a real camera).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera_optics import Pose, flat, lay_over
from simulators.camera_scenes import HEIGHT, SIZE, WIDTH, Portrait, Room, head_turned, photo_held, there_and_back

Picture = NDArray[Any]

DIRECTIONS = {"turn_left": -1.0, "turn_right": 1.0}
"""Prompt -> sign of the yaw: the worker's left is the right of the picture."""


@dataclass(slots=True)
class Motion:
    """How somebody follows prompts: rests, reacts, turns or comes closer, holds, comes back."""

    rng: np.random.Generator
    degrees: tuple[float, float]
    growth: tuple[float, float] = (1.22, 1.5)
    _moves: list[tuple[float, str, float, float, float]] = field(default_factory=list)

    def prompt(self, at_s: float, what: str) -> None:
        start_s = at_s + self.rng.uniform(0.3, 0.9)
        amount = self.rng.uniform(*(self.growth if what == "closer" else self.degrees))
        self._moves.append((start_s, what, amount, self.rng.uniform(0.5, 1.1), self.rng.uniform(0.3, 0.8)))

    def at(self, t_s: float) -> tuple[float, float]:
        """Yaw in degrees and size as a factor."""
        yaw, size = 0.0, 1.0
        for start_s, what, amount, turn_s, hold_s in self._moves:
            share = there_and_back(t_s - start_s, turn_s, hold_s)
            if what == "closer":
                size *= 1 + (amount - 1) * share
            else:
                yaw += DIRECTIONS[what] * amount * share
        return yaw, size


class Actor:
    """Call `prompt` when the screen asks something, `picture` for what the camera sees at a time (seconds, growing)."""

    def __init__(self, look: Callable[[Pose, float], Picture], room: Room, pose: Pose, motion: Motion) -> None:
        self._look, self._room, self._pose, self._motion = look, room, pose, motion

    def prompt(self, at_s: float, what: str) -> None:
        self._motion.prompt(at_s, what)

    def picture(self, t_s: float) -> Picture:
        yaw, size = self._motion.at(t_s)
        pose = self._room.swaying(self._pose, t_s)
        pose = replace(pose, yaw_degrees=pose.yaw_degrees + yaw, width_px=pose.width_px * size)
        return self._room.shoot(self._look(pose, t_s))


class ReplayActor:
    """A screen that plays a recording of somebody who once followed other prompts; it hears nothing."""

    def __init__(self, recorded: Actor, room: Room, rng: np.random.Generator) -> None:
        self._recorded, self._room = recorded, room
        at_s = rng.uniform(0.0, 1.5)
        for _ in range(6):
            recorded.prompt(at_s, str(rng.choice(["turn_left", "turn_right", "closer"])))
            at_s += rng.uniform(2.0, 3.5)
        corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
        seen = (corners - [WIDTH / 2, HEIGHT / 2]) * 0.85 + [WIDTH / 2, HEIGHT / 2] + rng.uniform(-18, 18, (4, 2))
        self._keystone = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        wave = rng.uniform(0.5, 1.2)
        self._moire = 1 + 0.02 * np.sin(wave * x + 0.3 * y)[..., None]
        self._frame_s = 1 / rng.choice([24.0, 30.0])

    def prompt(self, at_s: float, what: str) -> None:
        """The recording cannot react."""

    def picture(self, t_s: float) -> Picture:
        shown = self._recorded.picture(np.floor(t_s / self._frame_s) * self._frame_s)
        seen = cv2.warpPerspective(shown, self._keystone, SIZE, borderValue=(12, 12, 12))
        return self._room.shoot(np.clip(seen * self._moire, 0, 255).astype(np.uint8))


def _room(rng: np.random.Generator) -> Room:
    return Room(
        light=rng.uniform(0.6, 1.1),
        noise=rng.uniform(1.5, 5.0),
        blur_px=rng.uniform(0.0, 1.0),
        sway_px=rng.uniform(0.5, 3.5),
        rng=rng,
    )


def _pose(rng: np.random.Generator) -> Pose:
    return Pose(
        pitch_degrees=rng.uniform(-5, 5),
        roll_degrees=rng.uniform(-5, 5),
        x=rng.uniform(270, 370),
        y=rng.uniform(215, 250),
        width_px=rng.uniform(125, 185),
    )


def _with_eye_holes(own: Portrait, behind: Portrait, wall: Picture) -> Callable[[Pose, float], Picture]:
    """A stiff print with its eyes cut out; the impostor's own head is behind it, turns with it and moves by itself."""
    holes: Picture = np.zeros(own.photo.shape[:2], np.uint8)
    for side in (-1, 1):
        centre = (int(own.face.x + side * 0.20 * own.face.width), int(own.face.y - 0.14 * own.face.width))
        cv2.ellipse(holes, centre, (int(0.10 * own.face.width), int(0.055 * own.face.width)), 0, 0, 360, 255, -1)
    holes = cv2.merge([holes] * 3)

    def look(pose: Pose, t_s: float) -> Picture:
        own_pose = replace(
            pose, yaw_degrees=0.8 * pose.yaw_degrees + 2 * np.sin(1.7 * t_s), width_px=0.95 * pose.width_px
        )
        head = head_turned(behind, own_pose)
        print_seen, cover = flat(own.photo, own.face, pose, SIZE)
        hole_seen, _ = flat(holes, own.face, pose, SIZE)
        with_head = lay_over(print_seen, head, hole_seen[..., 0].astype(np.float32) / 255)
        return lay_over(wall, with_head, cover)

    return look


def genuine(who: Sequence[Portrait], rng: np.random.Generator) -> Actor:
    """A living person who does as told, turning by 14 to 30 degrees."""
    pose, portrait = _pose(rng), who[int(rng.integers(len(who)))]
    return Actor(lambda p, _t: head_turned(portrait, p), _room(rng), pose, Motion(rng, (14, 30)))


def flat_photo(who: Sequence[Portrait], rng: np.random.Generator) -> Actor:
    """A stiff print, turned by 10 to 40 degrees."""
    room, portrait = _room(rng), who[int(rng.integers(len(who)))]
    wall = room.wall()
    return Actor(lambda p, _t: photo_held(portrait, p, wall), room, _pose(rng), Motion(rng, (10, 40)))


def bent_photo(who: Sequence[Portrait], rng: np.random.Generator) -> Actor:
    """A print bent to a radius of 1 to 3 widths of the face, turned by 10 to 40 degrees."""
    room, portrait, radius = _room(rng), who[int(rng.integers(len(who)))], rng.uniform(1.0, 3.0)
    wall = room.wall()
    return Actor(lambda p, _t: photo_held(portrait, p, wall, radius), room, _pose(rng), Motion(rng, (10, 40)))


def eye_holes(who: Sequence[Portrait], rng: np.random.Generator) -> Actor:
    """A print with eye holes, the impostor's eyes behind them."""
    room, own = _room(rng), int(rng.integers(len(who)))
    look = _with_eye_holes(who[own], who[(own + 1) % len(who)], room.wall())
    return Actor(look, room, _pose(rng), Motion(rng, (10, 40)))


def still_screen(who: Sequence[Portrait], rng: np.random.Generator) -> Actor:
    """A still photo that is only moved and brought closer, never turned, as on a phone's screen."""
    room, portrait = _room(rng), who[int(rng.integers(len(who)))]
    wall = room.wall()
    return Actor(lambda p, _t: photo_held(portrait, p, wall), room, _pose(rng), Motion(rng, (0, 4)))


def screen_replay(who: Sequence[Portrait], rng: np.random.Generator) -> ReplayActor:
    """A recording of a genuine person who turned and came closer at other times, played on a screen."""
    return ReplayActor(genuine(who, rng), Room(noise=2.0, rng=rng), rng)


ATTACKS: dict[str, Callable[[Sequence[Portrait], np.random.Generator], Actor | ReplayActor]] = {
    "flat_photo": flat_photo,
    "bent_photo": bent_photo,
    "eye_holes": eye_holes,
    "still_screen": still_screen,
    "screen_replay": screen_replay,
}
