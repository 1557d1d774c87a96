"""The view of the film of an exam: one player over all segments, places to jump to, stills, what is missing. Pure.

And who was seen before the camera while devices measured: a note for the medic, never a finding of the rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from central.words import wording
from central.words.texts import text, text_or
from sync.contract.exam import ExamRecord, MediaReference
from sync.contract.film import FilmGap, FilmMark

_BEFORE_S = 1.0
"""A jump lands so long before the moment, so that it is seen to come."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the film. `number` is its place in the player's list; None until it has arrived."""

    sha256: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Jump:
    """A moment of the film. `number` names the segment, None while it travels; `at_s` is the place in it."""

    label: str
    at: str
    number: int | None
    at_s: float
    is_proof: bool


@dataclass(frozen=True, slots=True)
class Still:
    """The picture of a blow, a result or another person."""

    label: str
    at: str
    sha256: str
    arrived: bool


@dataclass(frozen=True, slots=True)
class FilmView:
    """Everything about the film. `state` is that of the record, empty where nothing was to be filmed."""

    state: str
    length: str
    segments: tuple[Segment, ...]
    jumps: tuple[Jump, ...]
    stills: tuple[Still, ...]
    gaps: tuple[str, ...]

    @property
    def is_there(self) -> bool:
        return bool(self.state or self.segments or self.stills)

    @property
    def playable(self) -> list[str]:
        """Hashes of the segments that have arrived, in order."""
        return [segment.sha256 for segment in self.segments if segment.number is not None]

    @property
    def has_arrived(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.playable) or any(still.arrived for still in self.stills)


def film_view(record: ExamRecord, has_arrived: Callable[[str], bool], language: str, zone: tzinfo) -> FilmView:
    """The film of an exam in words and places; `has_arrived` says whether a file is there."""
    kept = sorted((item for item in record.media if item.kind == "video"), key=lambda item: item.at)
    segments: list[Segment] = []
    jumps: list[Jump] = []
    playable = 0
    for item in kept:
        number = playable if has_arrived(item.sha256) else None
        playable += number is not None
        segments.append(Segment(item.sha256, number))
        jumps += [_jump(item, mark, number, language, zone) for mark in item.marks if _is_shown(mark)]
    seconds = record.film.seconds if record.film else sum(_seconds(item) for item in kept)
    return FilmView(
        state=record.film.state if record.film else "",
        length=f"{int(seconds) // 60}:{int(seconds) % 60:02d}",
        segments=tuple(segments),
        jumps=tuple(jumps),
        stills=tuple(_still(item, has_arrived, language, zone) for item in stills_of(record)),
        gaps=tuple(_gap(gap, language, zone) for gap in (record.film.gaps if record.film else ())),
    )


def stills_of(record: ExamRecord) -> list[MediaReference]:
    """Photos of moments, in order; the photo of the exam itself is none of them."""
    return sorted((item for item in record.media if item.kind == "photo" and item.moment), key=lambda item: item.at)


def people_lines(record: ExamRecord, language: str) -> list[tuple[str, bool]]:
    """The people before the camera, one line each, and whether the medic should look twice."""
    seen = record.continuity
    if seen is None:
        return []
    lines: list[tuple[str, bool]] = []
    if seen.change is not None:
        step = wording.words_of(language, seen.change.step, "step")
        score, threshold = f"{seen.change.score:.2f}", f"{seen.change.threshold:.2f}"
        lines.append((text(language, "people.changed", step=step, score=score, threshold=threshold), True))
    looks = sum(look.same + look.other + look.present + look.nobody + look.several for look in seen.looks)
    alike = sum(look.same if seen.compared else look.present for look in seen.looks)
    if looks:
        lines.append(
            (text(language, "people.same" if seen.compared else "people.present", seen=alike, looks=looks), False)
        )
    for look in seen.looks:
        step = wording.words_of(language, look.step, "step")
        for count, key in (
            (look.nobody, "people.nobody"),
            (look.several, "people.several"),
            (look.other, "people.other"),
        ):
            if count:
                lines.append((text(language, key, step=step, count=count), True))
    return lines


def _is_shown(mark: FilmMark) -> bool:
    """A first start follows its step at once and would only stand beside it."""
    return mark.moment != "start" or (mark.attempt or 1) > 1


def _jump(item: MediaReference, mark: FilmMark, number: int | None, language: str, zone: tzinfo) -> Jump:
    at = item.at.timestamp() + mark.at_s
    return Jump(
        label=_label(mark.step, mark.attempt, mark.moment, language),
        at=wording.clock_time(datetime.fromtimestamp(at, zone), zone),
        number=number,
        at_s=round(max(0.0, mark.at_s - _BEFORE_S), 2),
        is_proof=mark.moment in ("blow", "result"),
    )


def _still(item: MediaReference, has_arrived: Callable[[str], bool], language: str, zone: tzinfo) -> Still:
    label = _label(item.step, item.attempt, item.moment, language)
    return Still(label, wording.clock_time(item.at, zone), item.sha256, has_arrived(item.sha256))


def _label(step: str, attempt: int | None, moment: str, language: str) -> str:
    name = wording.words_of(language, step, "step")
    if moment != "step":
        name = wording.words_of(language, moment, "moment").format(step=name)
    return name if not attempt or attempt == 1 else f"{name}, {text(language, 'exam.attempt', number=attempt)}"


def _gap(gap: FilmGap, language: str, zone: tzinfo) -> str:
    """When, what and why, in one line."""
    times = wording.clock_time(gap.began_at, zone)
    if gap.ended_at is not None:
        times += f"–{wording.clock_time(gap.ended_at, zone)}"
    what = [text(language, f"film.gap_{gap.kind}")]
    if gap.step:
        what.append(wording.words_of(language, gap.step, "step"))
    return f"{times}, {', '.join(what)}: {text_or(language, f'film_reason.{gap.reason}', gap.reason)}"


def _seconds(item: MediaReference) -> float:
    return 0.0 if item.ended_at is None else max(0.0, (item.ended_at - item.at).total_seconds())


def photos_of(media: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Photos of the exam, the newest last; stills of moments stand with the film."""
    photos = [item for item in media if item["kind"] == "photo" and not item.get("moment")]
    return sorted(photos, key=lambda item: str(item["at"]))
