"""When an exam is filmed and watched, what its record says of it: pure order."""

from datetime import timedelta

import pytest

from sync.contract.exam import DiaryRange, MediaReference
from sync.contract.film import FilmGap, PersonChange, StepLooks
from terminal.exam import events
from terminal.exam.decide import fold
from terminal.exam.effects import CancelMeasurement
from terminal.exam.filming import Moment, Sight, is_filmed, is_watched, moments, open_films, report_of
from terminal.exam.model import Activity, ExamState
from terminal.exam.moves import ImpossibleEvent
from terminal.exam.record import record_of
from tests.unit.terminal.exams import BEGAN, Script

FILMED = {"face", "complaints", "temperature", "pressure", "breath"}
PHASES = (
    "identify",
    "confirm",
    "consent",
    "face",
    "complaints",
    "temperature",
    "pressure",
    "breath",
    "review",
    "waiting",
)


def segment(script: Script, film: int = 1, seconds: float = 10.0) -> MediaReference:
    at = script.stamp().at
    return MediaReference(
        sha256=f"{len(script.events):064x}",
        kind="video",
        content_type="video/webm",
        size_bytes=5,
        step="face",
        at=at,
        ended_at=at + timedelta(seconds=seconds),
        film=film,
    )


@pytest.mark.parametrize("phase", PHASES)
def test_a_film_runs_from_consent_to_the_last_measurement(phase: str) -> None:
    script = Script().up_to(phase)
    assert is_filmed(script.now) == (phase in FILMED)
    assert is_watched(script.now) == (phase in FILMED - {"face", "complaints"})


def test_whoever_does_not_agree_is_not_filmed() -> None:
    script = Script().up_to("consent")
    script.consent(given=False)
    assert not is_filmed(script.now)
    with pytest.raises(ImpossibleEvent):
        script.do(events.FilmBegan, film=1)


def test_nobody_is_filmed_while_resting() -> None:
    script = Script().up_to("pressure")
    script.measure("pressure", systolic_mmhg=180, diastolic_mmhg=110, pulse_bpm=80)
    assert script.now.activity is Activity.RESTING
    assert not is_filmed(script.now)
    assert not is_watched(script.now)
    script.do(events.RestEnded)
    assert is_filmed(script.now)


def test_a_whole_film_is_complete_and_the_record_names_every_segment() -> None:
    script = Script().up_to("face")
    assert report_of(script.now) is None
    script.do(events.FilmBegan, film=1)
    script.photo()
    named = [segment(script)]
    script.do(events.MediaKept, media=named[0])
    script.up_to("review")
    report = report_of(script.now)
    assert report is not None
    assert report.state == "incomplete", "its last segment is still to come"
    named.append(segment(script))
    script.do(events.MediaKept, media=named[1])
    script.do(events.FilmEnded, film=1)
    assert open_films(script.now) == ()
    script.do(events.SummaryConfirmed)
    diary = DiaryRange(first_seq=1, last_seq=9, head_hash="0" * 64)
    record = record_of(script.now, org="zarya", finished_at=BEGAN, diary=diary, software_s=None)
    assert record.film is not None
    assert (record.film.state, record.film.seconds, record.film.gaps) == ("complete", 20.0, ())
    assert list(record.media) == named
    assert fold(script.events) == script.now


def test_what_is_missing_is_named() -> None:
    script = Script().up_to("temperature")
    gap = FilmGap(reason="disk_low", began_at=BEGAN)
    script.do(events.FilmMissed, gap=gap)
    report = report_of(script.now)
    assert report is not None
    assert (report.state, report.gaps) == ("none", (gap,))
    script.do(events.FilmBegan, film=1)
    script.do(events.MediaKept, media=segment(script))
    script.do(events.FilmEnded, film=1)
    report = report_of(script.now)
    assert report is not None
    assert report.state == "incomplete"


def test_films_are_numbered_and_end_once() -> None:
    script = Script().up_to("face")
    with pytest.raises(ImpossibleEvent):
        script.do(events.FilmBegan, film=2)
    script.do(events.FilmBegan, film=1)
    with pytest.raises(ImpossibleEvent):
        script.do(events.FilmEnded, film=2)
    script.do(events.FilmEnded, film=1)
    with pytest.raises(ImpossibleEvent):
        script.do(events.FilmEnded, film=1)


def test_nothing_of_a_film_comes_after_the_exam_has_ended() -> None:
    script = Script().up_to("face")
    script.do(events.FilmBegan, film=1)
    script.do(events.ExamEnded, reason="interrupted")
    with pytest.raises(ImpossibleEvent):
        script.do(events.MediaKept, media=segment(script))


def test_looks_of_the_same_step_are_added_up() -> None:
    script = Script().up_to("pressure")
    for _ in range(2):
        script.do(
            events.PeopleSeen,
            compared=True,
            looks=(StepLooks(step="pressure", same=3, nobody=1), StepLooks(step="breath", same=1)),
        )
    seen = script.now.continuity
    assert seen is not None
    assert seen.compared
    assert {look.step: (look.same, look.nobody) for look in seen.looks} == {"pressure": (6, 2), "breath": (2, 0)}


def test_a_change_of_person_stops_the_measurement_and_sends_to_a_medic() -> None:
    script = Script().up_to("pressure")
    script.start("pressure")
    asked = script.now.request_id
    change = PersonChange(step="pressure", at=BEGAN, score=0.12, threshold=0.41, engine="e")
    script.do(events.PersonChanged, change=change)
    assert script.effects == (CancelMeasurement(asked),)
    assert (script.now.phase, script.now.blocked_code) == ("not_today", "person_changed")
    assert script.now.continuity is not None
    assert script.now.continuity.change == change
    script.do(events.ExamEnded, reason="person_changed")
    assert script.now.end_reason == "person_changed"


def sight(state: ExamState, progress: str = "") -> Sight:
    return Sight.of(state, progress)


def test_moments_are_steps_starts_blows_and_results() -> None:
    script = Script().up_to("breath")
    first = sight(script.now)
    assert moments(None, first, script.now) == (Moment("breath", None, "step"),)
    script.start("breath")
    started = sight(script.now)
    assert moments(first, started, script.now) == (Moment("breath", 1, "start"),)
    blowing = sight(script.now, "blowing")
    assert moments(started, blowing, script.now) == (Moment("breath", 1, "blow"),)
    assert moments(blowing, blowing, script.now) == ()
    script.take("breath", breath_alcohol_mg_per_l=0.3)
    taken = sight(script.now)
    assert moments(blowing, taken, script.now) == (Moment("breath", 1, "result"),)
    assert [moment.is_proof for moment in (Moment("breath", 1, "blow"), Moment("breath", 1, "start"))] == [True, False]


def test_results_of_another_exam_or_of_before_a_restart_are_no_moments() -> None:
    script = Script().up_to("breath")
    other = Script().up_to("pressure")
    assert [moment.moment for moment in moments(sight(other.now), sight(script.now), script.now)] == ["step"]
    assert other.exam_id != script.exam_id
