"""Checks that a living head is before the camera: random prompts, judged by geometry and by time.

A prompt asks for a turn to the left or right (the worker's own) or to come closer. A turn counts when the face turned far
enough to the right side, stood out from the plane of its points, and began neither before the prompt could be read nor too
late. What turned without standing out is a picture: `not_live`. What did not do as it was told is `unclear`: the medic looks.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from terminal.face.detection import Box
from terminal.face.relief import Relief, ReliefWatch

Picture = NDArray[Any]
Prompt = Literal["turn_left", "turn_right", "closer"]
Outcome = Literal["live", "not_live", "unclear"]


FLAT_SHARE = 0.3
"""Residual over bend below which a turn is proof of a picture; what lies between is left to the medic's eye."""


class LivenessLimits(BaseModel):
    """Set on the simulated camera (`docs/face.md` has the rates); lengths are in distances between the eyes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompts: int = Field(default=3, ge=1, le=6)
    least_turn: float = Field(default=0.085, gt=0)
    least_residual: float = Field(default=0.015, gt=0)
    least_share: float = Field(default=0.52, gt=0, lt=1)
    """Residual over bend. A head keeps it above 0.6 at 14 degrees; paper bent to one width of the face stays below 0.5."""
    least_bend: float = Field(default=0.02, gt=0)
    """From this on something has turned; where the residual stays low with it, it was flat."""
    least_growth: float = Field(default=1.18, gt=1)
    soonest_s: float = Field(default=0.2, ge=0)
    """Nobody reads and moves sooner than this after a prompt."""
    latest_s: float = Field(default=4.0, gt=0)
    pause_s: tuple[float, float] = (0.3, 1.5)
    """Between these the pause before each prompt is drawn, in seconds, while which nothing is asked."""
    most_unasked: int = Field(default=1, ge=0)
    """So often somebody may turn or come closer in such a pause; once more, and the medic looks."""
    most_repeated: float = Field(default=0.6, gt=0, le=1)
    """Share of frames that equal the one before, bit for bit: a live sensor's noise never repeats."""

    def has_moved(self, relief: Relief) -> bool:
        """A turn or an approach has begun: well above what somebody who stands and waits does."""
        return abs(relief.turn) > 0.4 * self.least_turn or relief.growth > 1 + 0.4 * (self.least_growth - 1)


def draw_prompts(count: int, random: Any = None) -> tuple[Prompt, ...]:
    """Unpredictable prompts, never the same twice running, at least one of them a turn."""
    source = random or secrets.SystemRandom()
    choices: tuple[Prompt, ...] = ("turn_left", "turn_right", "closer")
    drawn: list[Prompt] = [source.choice(choices[:2])]
    while len(drawn) < count:
        drawn.append(source.choice([prompt for prompt in choices if prompt != drawn[-1]]))
    return tuple(drawn)


@dataclass(frozen=True, slots=True)
class PromptResult:
    """`code`: `done`, `flat`, `too_soon`, `wrong_way`, `no_answer`, `lost`, `repeated`, `unasked`; the rest was measured."""

    prompt: Prompt
    code: str
    seconds: float
    turn: float
    residual: float
    growth: float


@dataclass(frozen=True, slots=True)
class LivenessResult:
    outcome: Outcome
    reason: str
    prompts: tuple[PromptResult, ...]


@dataclass(slots=True)
class PromptWatch:
    """Watches the answer to one prompt. `begin` with the frame in which it was shown, then `see` each further one."""

    prompt: Prompt
    limits: LivenessLimits
    result: PromptResult | None = None
    _watch: ReliefWatch | None = None
    _began_s: float = 0.0
    _moved_s: float | None = None
    _last: Relief | None = None
    _grey: Picture | None = None
    _frames: int = 0
    _repeated: int = 0
    _most_bend: float = 0.0
    _residual_at_bend: float = 0.0

    def begin(self, at_s: float, grey: Picture, box: Box, eye_distance_px: float) -> None:
        """`grey` is the whole frame; the face looks straight on in it."""
        self._began_s, self._grey = at_s, grey
        self._watch = ReliefWatch(grey, box, eye_distance_px)

    def see(self, at_s: float, grey: Picture) -> PromptResult | None:
        """The result as soon as there is one."""
        if self._watch is None or self._grey is None:
            raise ValueError("see was called before begin")
        if self.result is not None:
            return self.result
        self._frames += 1
        self._repeated += int(np.array_equal(grey, self._grey))
        self._grey = grey
        relief = self._watch.follow(grey)
        if relief is None:
            return self._end("lost", at_s)
        self._last = relief
        if relief.bend > self._most_bend:
            self._most_bend, self._residual_at_bend = relief.bend, relief.residual
        if self._moved_s is None and self.limits.has_moved(relief):
            self._moved_s = at_s
        code = self._code(relief)
        if code:
            return self._end(code, at_s)
        if at_s - self._began_s > self.limits.latest_s:
            flat = self._most_bend >= self.limits.least_bend and self._residual_at_bend < FLAT_SHARE * self._most_bend
            return self._end("flat" if flat else "no_answer", at_s)
        return None

    def has_returned(self, grey: Picture) -> bool:
        """After the result: is the face back where it was? True as well when the points to tell it by are lost."""
        relief = self._watch.follow(grey) if self._watch is not None else None
        if relief is None:
            return True
        back = 1 + 0.4 * (self.limits.least_growth - 1)
        return abs(relief.turn) < 0.3 * self.limits.least_turn and 1 / back < relief.growth < back

    def _code(self, relief: Relief) -> str:
        soon = self._moved_s is not None and self._moved_s - self._began_s < self.limits.soonest_s
        repeated = self._frames >= 8 and self._repeated > self.limits.most_repeated * self._frames
        if self.prompt == "closer":
            reached = relief.growth >= self.limits.least_growth
        else:
            towards = relief.turn if self.prompt == "turn_left" else -relief.turn
            solid = self._is_solid(relief)
            reached = solid and towards >= self.limits.least_turn
            if solid and -towards >= self.limits.least_turn:
                return "wrong_way"
        if not reached:
            return ""
        if repeated:
            return "repeated"
        return "too_soon" if soon else "done"

    def _is_solid(self, relief: Relief) -> bool:
        limits = self.limits
        return relief.residual >= max(limits.least_residual, limits.least_share * relief.bend)

    def _end(self, code: str, at_s: float) -> PromptResult:
        last = self._last or Relief(0.0, 0.0, 0.0, 1.0, 0)
        seconds = (self._moved_s or at_s) - self._began_s
        self.result = PromptResult(self.prompt, code, seconds, last.turn, last.residual, last.growth)
        return self.result


@dataclass(slots=True)
class LivenessCheck:
    """Leads through all prompts: show `prompt`, call `begin` with a frontal frame and `see` with every frame after it.

    Between two prompts the face comes back to the front: ask `has_returned` with every frame.
    """

    prompts: tuple[Prompt, ...]
    limits: LivenessLimits = field(default_factory=LivenessLimits)
    results: list[PromptResult] = field(default_factory=list)
    _watch: PromptWatch | None = None
    _answered: PromptWatch | None = None

    @property
    def prompt(self) -> Prompt | None:
        """What to show next; None when the check is over."""
        over = len(self.results) == len(self.prompts) or any(result.code != "done" for result in self.results)
        return None if over else self.prompts[len(self.results)]

    def begin(self, at_s: float, grey: Picture, box: Box, eye_distance_px: float) -> None:
        prompt = self.prompt
        if prompt is None:
            raise ValueError("the check is over")
        self._watch = PromptWatch(prompt, self.limits)
        self._watch.begin(at_s, grey, box, eye_distance_px)

    def see(self, at_s: float, grey: Picture) -> PromptResult | None:
        """The result of the prompt that is shown, once there is one; then `begin` the next."""
        if self._watch is None:
            raise ValueError("see was called before begin")
        result = self._watch.see(at_s, grey)
        if result is not None:
            self.results.append(result)
            self._watch, self._answered = None, self._watch
        return result

    def moved_unasked(self) -> None:
        """Somebody turned or came closer again while nothing was asked: the check ends."""
        if (prompt := self.prompt) is not None:
            self.results.append(PromptResult(prompt, "unasked", 0.0, 0.0, 0.0, 1.0))

    def has_returned(self, grey: Picture) -> bool:
        """Between two prompts: has the face come back to the front?"""
        return self._answered is None or self._answered.has_returned(grey)

    def result(self) -> LivenessResult:
        """Also valid before the end: what is missing makes it `unclear`."""
        return judge_prompts(self.prompts, self.results)


def judge_prompts(asked: tuple[Prompt, ...], results: list[PromptResult]) -> LivenessResult:
    """`live` only if every prompt was done; `not_live` on proof of a picture or a replay; `unclear` otherwise."""
    for result in results:
        if result.code in ("flat", "too_soon", "repeated"):
            return LivenessResult("not_live", result.code, tuple(results))
    for result in results:
        if result.code != "done":
            return LivenessResult("unclear", result.code, tuple(results))
    if len(results) < len(asked):
        return LivenessResult("unclear", "not_finished", tuple(results))
    return LivenessResult("live", "", tuple(results))
