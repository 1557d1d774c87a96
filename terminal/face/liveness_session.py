"""Runs a liveness check over camera frames: waits for a steady frontal face, shows a prompt, watches, and so on.

Frames come from anywhere, with their times; prompts go out as the return value. Nothing identifying is computed: faces are
found, eyes located, points followed.

Before each prompt there is a pause of random length in which nothing is asked. A living person waits; a recording goes on
with the turns of another occasion and gives itself away.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
from numpy.typing import NDArray

from terminal.face.detection import Box, people_in_front
from terminal.face.engine import Landmarks
from terminal.face.liveness import LivenessCheck, LivenessLimits, LivenessResult, Prompt
from terminal.face.relief import ReliefWatch

Picture = NDArray[Any]


class FaceFinder(Protocol):
    """The part of a `FaceEngine` that this needs."""

    def find(self, picture: Picture) -> list[Box]: ...

    def landmarks(self, picture: Picture, box: Box) -> Landmarks: ...


@dataclass(slots=True)
class LivenessSession:
    """`feed` every frame; `showing` is the prompt on the screen, if any; `over` tells when `result` is final."""

    finder: FaceFinder
    prompts: tuple[Prompt, ...]
    limits: LivenessLimits = field(default_factory=LivenessLimits)
    random: Any = field(default_factory=secrets.SystemRandom)
    """Draws the pauses; only trials that must be repeatable hand in another one."""
    give_up_s: float = 25.0
    most_offset: float = 0.15
    """Offset of the nose up to which a face counts as looking straight on."""
    steady: float = 0.06
    """Motion of the face between two looks, in its widths, up to which it counts as standing still."""
    _check: LivenessCheck | None = None
    _showing: Prompt | None = None
    _before: Box | None = None
    _pause: "_Pause | None" = None
    _unasked: int = 0
    _began_s: float | None = None
    _gave_up: bool = False

    @property
    def showing(self) -> Prompt | None:
        return self._showing

    @property
    def over(self) -> bool:
        return self._gave_up or (self._check is not None and self._check.prompt is None)

    def result(self) -> LivenessResult:
        return self._running().result()

    def feed(self, at_s: float, picture: Picture) -> None:
        """`picture` is blue-green-red; times grow."""
        check = self._running()
        if self.over:
            return
        if self._began_s is None:
            self._began_s = at_s
        if at_s - self._began_s > self.give_up_s:
            self._gave_up = True
            return
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        if self._showing is not None:
            if check.see(at_s, grey) is not None:
                self._showing = self._before = None
            return
        if self._pause is not None:
            self._wait(check, self._pause, at_s, picture, grey)
        elif check.has_returned(grey):
            self._try_to_pause(at_s, picture, grey)

    def _running(self) -> LivenessCheck:
        if self._check is None:
            self._check = LivenessCheck(self.prompts, self.limits)
        return self._check

    def _try_to_pause(self, at_s: float, picture: Picture, grey: Picture) -> None:
        if (straight := self._straight(picture)) is not None:
            self._pause = _Pause(at_s + self.random.uniform(*self.limits.pause_s), ReliefWatch(grey, *straight))

    def _wait(self, check: LivenessCheck, pause: "_Pause", at_s: float, picture: Picture, grey: Picture) -> None:
        relief = pause.watch.follow(grey)
        if relief is None:
            self._pause = self._before = None
        elif self.limits.has_moved(relief):
            self._unasked += 1
            self._pause = self._before = None
            if self._unasked > self.limits.most_unasked:
                check.moved_unasked()
        elif at_s >= pause.until_s and (straight := self._straight(picture)) is not None:
            self._pause = None
            check.begin(at_s, grey, *straight)
            self._showing = check.prompt

    def _straight(self, picture: Picture) -> tuple[Box, float] | None:
        """Box and distance between the eyes in pixels of the only face, if it stands still and looks straight on."""
        found = people_in_front(self.finder.find(picture))
        before, self._before = self._before, found[0] if len(found) == 1 else None
        if before is None or self._before is None:
            return None
        box = self._before
        moved = abs(box.middle[0] - before.middle[0]) + abs(box.middle[1] - before.middle[1])
        landmarks = self.finder.landmarks(picture, box)
        if moved > self.steady * box.width or abs(landmarks.nose_offset) > self.most_offset:
            return None
        return box, landmarks.eye_distance_px


@dataclass(frozen=True, slots=True)
class _Pause:
    until_s: float
    watch: ReliefWatch
