"""Turns the recorder's answers into events of the diary: monotonic moments become moments of the day. Pure."""

from datetime import datetime, timedelta

from sync.contract.exam import MediaReference
from sync.contract.film import FilmGap
from terminal.camera.film import Kept, Lost
from terminal.exam.model import Stamp


def moment_of(monotonic_s: float, now: Stamp) -> datetime:
    """The time of day of a moment of this boot's monotonic clock, by the wall clock as it goes now."""
    return now.at - timedelta(seconds=now.monotonic_s - monotonic_s)


def media_of(kept: Kept, now: Stamp) -> MediaReference:
    """How the record names a segment or a still."""
    is_film = kept.kind == "video"
    return MediaReference(
        sha256=kept.sha256,
        kind=kept.kind,
        content_type=kept.content_type,
        size_bytes=len(kept.content),
        step=kept.step,
        at=moment_of(kept.began_s, now),
        ended_at=moment_of(kept.ended_s, now) if is_film else None,
        attempt=kept.attempt,
        moment=kept.moment,
        codec=kept.codec,
        film=kept.film,
        marks=kept.marks,
    )


def gap_of(lost: Lost, now: Stamp) -> FilmGap:
    """How the record names what there is not."""
    return FilmGap(
        reason=lost.reason,
        kind=lost.kind,
        step=lost.step,
        attempt=lost.attempt,
        began_at=moment_of(lost.began_s, now),
        ended_at=None if lost.ended_s is None else moment_of(lost.ended_s, now),
    )


def film_gap(reason: str, step: str, began_at: datetime, ended_at: datetime | None) -> FilmGap:
    """A gap whose ends are known as times of day."""
    return FilmGap(reason=reason, step=step, began_at=began_at, ended_at=ended_at)
