"""Decides when an exam is filmed and watched, and what its record says about it. Pure.

Nothing is filmed before the worker has agreed (152-FZ art. 9), nothing after the last measurement, nothing during a rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sync.contract.exam import MediaReference
from sync.contract.film import Continuity, FilmReport, StepLooks
from terminal.exam.effects import CancelMeasurement, Effect
from terminal.exam.events import FilmBegan, FilmEnded, FilmMissed, MediaKept, PeopleSeen, PersonChanged
from terminal.exam.model import MEASURING, Activity, ExamState, Film, Phase
from terminal.exam.moves import ImpossibleEvent, Step, enter

_FILMED = MEASURING | {Phase.FACE, Phase.COMPLAINTS}


def is_filmed(state: ExamState) -> bool:
    """Whether the camera is to film now: agreed to, a step before the review, not resting."""
    return _has_agreed(state) and state.phase in _FILMED and state.activity is not Activity.RESTING


def is_watched(state: ExamState) -> bool:
    """Whether somebody is to look who stands before the camera: while devices measure."""
    return _has_agreed(state) and state.phase in MEASURING and state.activity is not Activity.RESTING


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that a viewer of the film wants to find. Of a `blow` and of a `result` a still is kept as well."""

    step: str
    attempt: int | None
    moment: Literal["step", "start", "blow", "result"]

    @property
    def is_proof(self) -> bool:
        return self.moment in ("blow", "result")


@dataclass(frozen=True, slots=True)
class Sight:
    """What of an exam moments are made of. `blowing`: the breathalyzer says that somebody blows."""

    exam_id: str
    phase: Phase
    measuring_attempt: int
    results: int
    blowing: bool

    @classmethod
    def of(cls, state: ExamState, progress: str) -> "Sight":
        is_measuring = state.activity is Activity.MEASURING
        return cls(
            exam_id=state.exam_id,
            phase=state.phase,
            measuring_attempt=state.attempt if is_measuring else 0,
            results=len(state.measurements),
            blowing=is_measuring and state.phase is Phase.BREATH and progress == "blowing",
        )


def moments(before: Sight | None, now: Sight, state: ExamState) -> tuple[Moment, ...]:
    """What has happened between two looks at one exam; between two exams, only that a step begins."""
    step = str(now.phase)
    if before is None or before.exam_id != now.exam_id:
        return (Moment(step, None, "step"),)
    found = []
    if now.results > before.results:
        taken = state.measurements[-1]
        found.append(Moment(taken.step, taken.attempt, "result"))
    if now.phase is not before.phase:
        found.append(Moment(step, None, "step"))
    if now.measuring_attempt and (now.measuring_attempt, now.phase) != (before.measuring_attempt, before.phase):
        found.append(Moment(step, now.measuring_attempt, "start"))
    if now.blowing and not before.blowing:
        found.append(Moment(step, now.measuring_attempt, "blow"))
    return tuple(found)


def open_films(state: ExamState) -> tuple[Film, ...]:
    """Films that have begun and of which not every segment is known of."""
    return tuple(film for film in state.films if film.ended_at is None)


def filmed_until(state: ExamState, film: Film) -> datetime:
    """The end of the last segment of a film that is kept, or the film's beginning."""
    ends = [media.ended_at for media in segments(state) if media.film == film.number and media.ended_at is not None]
    return max(ends, default=film.began_at)


def segments(state: ExamState) -> tuple[MediaReference, ...]:
    """The film's segments that are kept, in the order in which they were named."""
    return tuple(media for media in state.media if media.kind == "video")


def report_of(state: ExamState) -> FilmReport | None:
    """What the record says of the film; None where nothing was ever to be filmed."""
    if not state.films and not state.film_gaps:
        return None
    kept = segments(state)
    whole = bool(kept) and not state.film_gaps and not open_films(state)
    seconds = sum((media.ended_at - media.at).total_seconds() for media in kept if media.ended_at is not None)
    return FilmReport(
        state="complete" if whole else "incomplete" if kept else "none",
        seconds=round(max(0.0, seconds), 3),
        gaps=state.film_gaps,
    )


def film_began(state: ExamState, event: FilmBegan) -> Step:
    if not _has_agreed(state) or event.film != len(state.films) + 1:
        raise ImpossibleEvent(f"film {event.film} after {len(state.films)} films, consent: {_has_agreed(state)}")
    return replace(state, films=(*state.films, Film(event.film, event.stamp.at))), ()


def media_kept(state: ExamState, event: MediaKept) -> Step:
    return replace(state, media=(*state.media, event.media)), ()


def film_missed(state: ExamState, event: FilmMissed) -> Step:
    return replace(state, film_gaps=(*state.film_gaps, event.gap)), ()


def film_ended(state: ExamState, event: FilmEnded) -> Step:
    if event.film not in {film.number for film in open_films(state)}:
        raise ImpossibleEvent(f"film {event.film} is not open")
    films = tuple(replace(film, ended_at=event.stamp.at) if film.number == event.film else film for film in state.films)
    return replace(state, films=films), ()


def people_seen(state: ExamState, event: PeopleSeen) -> Step:
    before = state.continuity or Continuity(compared=event.compared)
    seen = before.model_copy(
        update={"compared": before.compared or event.compared, "looks": _added(before.looks, event.looks)}
    )
    return replace(state, continuity=seen), ()


def person_changed(state: ExamState, event: PersonChanged) -> Step:
    """Stop measuring and send the worker to a medic: who is measured must be who was identified. Not a refusal."""
    effects: tuple[Effect, ...] = ()
    if state.activity is Activity.MEASURING:
        effects = (CancelMeasurement(state.request_id),)
    before = state.continuity or Continuity(compared=True)
    seen = before.model_copy(update={"change": event.change})
    state, _ = enter(replace(state, continuity=seen, blocked_code="person_changed"), Phase.NOT_TODAY, event.stamp)
    return state, effects


def _has_agreed(state: ExamState) -> bool:
    return state.consent is not None and state.consent.given


def _added(before: Iterable[StepLooks], more: Iterable[StepLooks]) -> tuple[StepLooks, ...]:
    """Both counts step by step; a step that was gone through twice (a rest, a repeat) stands once."""
    total = {looks.step: looks for looks in before}
    for looks in more:
        first = total.get(looks.step, StepLooks(step=looks.step))
        counts = {
            name: getattr(first, name) + getattr(looks, name) for name in StepLooks.model_fields if name != "step"
        }
        total[looks.step] = StepLooks(step=looks.step, **counts)
    return tuple(total.values())
