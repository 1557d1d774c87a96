"""Orders to the recorder and its answers. Moments are on `time.monotonic`, in seconds."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sync.contract.film import FilmMark
from sync.contract.model import WireModel

VIDEO_TYPE = "video/webm"
PHOTO_TYPE = "image/jpeg"


class FilmSettings(BaseModel):
    """How the exam is filmed. A picture that is narrower than `width_px` is not made wider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames_per_s: float = Field(default=8.0, gt=0, le=30)
    segment_s: float = Field(default=10.0, gt=0.5, le=300)
    """A power cut costs at most one segment; each is one file, hashed and encrypted on its own."""
    width_px: int = Field(default=480, ge=160, le=1920)
    codec: Literal["vp8"] = "vp8"
    """The one that OpenCV's wheels write at a bearable cost and browsers play."""


class SegmentNote(WireModel):
    """What is known of a segment beside its pictures; lies beside it, so that it can be saved after a crash."""

    exam_id: str
    film: int
    began_s: float
    step: str
    attempt: int | None = None
    frames_per_s: float
    seconds: float = 0.0
    """Zero until the segment is whole."""
    marks: tuple[FilmMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A film segment or a still that is encrypted on the disk under its hash. `scratch` names the plain one in memory."""

    exam_id: str
    film: int | None
    kind: Literal["video", "photo"]
    content_type: str
    content: bytes
    sha256: str
    step: str
    attempt: int | None
    moment: str
    began_s: float
    ended_s: float
    codec: str = ""
    marks: tuple[FilmMark, ...] = ()
    scratch: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """A part of a film, or a still, that there is not. `reason` as in `FilmGap`; `ended_s` None where nobody knows."""

    exam_id: str
    film: int | None
    kind: Literal["video", "photo"]
    reason: str
    step: str
    attempt: int | None
    began_s: float
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class FilmFinished:
    """Every segment of this film has been handed over as `Kept` or `Lost`."""

    exam_id: str
    film: int


FilmMessage = Kept | Lost | FilmFinished
