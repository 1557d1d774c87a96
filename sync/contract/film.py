"""The film of an exam in its record, and the people before the camera while devices measured.

The film itself travels as media, apart; `MediaReference` in `sync.contract.exam` names each piece by its hash.
"""

from typing import Literal

from pydantic import Field

from sync.contract.model import ShortText, Utc, WireModel


class FilmMark(WireModel):
    """A moment inside a film segment that a viewer may jump to, `at_s` seconds after the segment's beginning."""

    at_s: float = Field(ge=0)
    step: ShortText
    attempt: int | None = Field(default=None, ge=1)
    moment: ShortText = "step"
    """`step`: the step begins; `start`: a device starts; `blow`: somebody blows; `result`: a value is there."""


class FilmGap(WireModel):
    """Something of the film or a still that there is not, and why.

    Reasons: `no_camera` (none gave pictures), `encoder`, `disk_low` (below the configured mark film gives way),
    `not_stored` (the disk refused it), `restart` (the kiosk stopped in between), `not_finished` (camera or encoder did
    not end in time), `no_recorder` (earlier films hang), `no_consent` (the register has none to video, and the terminal
    is set up to ask for one).
    """

    reason: ShortText
    kind: Literal["video", "photo"] = "video"
    step: ShortText = ""
    attempt: int | None = Field(default=None, ge=1)
    began_at: Utc
    ended_at: Utc | None = None
    """None for a still, or where nobody knows how long."""


class FilmReport(WireModel):
    """Whether the film of the exam is whole. `none`: it was to be filmed and not one piece is there."""

    state: Literal["complete", "incomplete", "none"]
    seconds: float = Field(ge=0)
    """How long all pieces play together."""
    gaps: tuple[FilmGap, ...] = ()


class StepLooks(WireModel):
    """Looks through the camera during one step, by what was seen. `present`: one person, not compared."""

    step: ShortText
    same: int = Field(default=0, ge=0)
    other: int = Field(default=0, ge=0)
    present: int = Field(default=0, ge=0)
    nobody: int = Field(default=0, ge=0)
    several: int = Field(default=0, ge=0)
    no_picture: int = Field(default=0, ge=0)


class PersonChange(WireModel):
    """Somebody else stood before the terminal: likeness to the person of this exam's photo, and the least that counts."""

    step: ShortText
    at: Utc
    score: float
    threshold: float
    engine: ShortText = ""


class Continuity(WireModel):
    """The people before the camera while devices measured. Nobody in sight is a note for the medic and no refusal."""

    compared: bool
    """False without a legal basis or the worker's consent: then nothing biometric was computed, presence alone counted."""
    looks: tuple[StepLooks, ...] = ()
    change: PersonChange | None = None
