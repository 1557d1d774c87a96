"""What the exam page says of the film and of who was seen: places, words, what has not arrived."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from central.console.film_view import film_view, people_lines, photos_of
from central.words.texts import catalogue
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from sync.contract.exam import ExamRecord

BEGAN = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
REASONS = ("no_camera", "encoder", "disk_low", "not_stored", "restart", "not_finished", "no_recorder", "no_consent")


def record(**changes: Any) -> ExamRecord:
    payload = exam_payload(
        random.Random(1), org="zarya", worker_id=new_id(), employer_id=new_id(), generation="test", started_at=BEGAN
    )
    return ExamRecord.model_validate({**payload, **changes})


def medium(number: int, **more: Any) -> dict[str, Any]:
    at = BEGAN + timedelta(seconds=10 * number)
    return {
        "sha256": f"{number:064x}",
        "kind": "video",
        "content_type": "video/webm",
        "size_bytes": 5,
        "step": "face",
        "at": at.isoformat(),
        "ended_at": (at + timedelta(seconds=10)).isoformat(),
        **more,
    }


def test_an_exam_without_film_shows_nothing_of_it() -> None:
    shown = film_view(record(media=(), film=None, continuity=None), lambda _: True, "ru", UTC)
    assert not shown.is_there
    assert people_lines(record(continuity=None), "ru") == []


def test_jumps_lead_into_the_segments_that_are_there() -> None:
    media = [
        medium(1, marks=[{"at_s": 4.0, "step": "pressure", "attempt": 2, "moment": "start"}]),
        medium(
            0, marks=[{"at_s": 0.0, "step": "face"}, {"at_s": 1, "step": "pressure", "attempt": 1, "moment": "start"}]
        ),
        medium(2, marks=[{"at_s": 2.5, "step": "breath", "attempt": 1, "moment": "blow"}]),
    ]
    shown = film_view(record(media=media), lambda sha256: sha256 != f"{1:064x}", "ru", UTC)
    assert shown.playable == [f"{0:064x}", f"{2:064x}"]
    assert [(jump.number, jump.at_s, jump.at) for jump in shown.jumps] == [
        (0, 0.0, "02:14:00"),
        (None, 3.0, "02:14:14"),
        (1, 1.5, "02:14:22"),
    ]
    assert [jump.is_proof for jump in shown.jumps] == [False, False, True]
    assert shown.jumps[1].label == "Измерение: Давление и пульс, попытка 2"
    assert shown.length == "0:30"


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_words(language: str, reason: str) -> None:
    gap = {"reason": reason, "step": "pressure", "began_at": BEGAN.isoformat(), "ended_at": BEGAN.isoformat()}
    shown = film_view(record(film={"state": "none", "seconds": 0, "gaps": [gap]}), lambda _: True, language, UTC)
    assert shown.is_there
    assert f"film_reason.{reason}" in catalogue(language)
    assert shown.gaps[0].endswith(catalogue(language)[f"film_reason.{reason}"])
    assert shown.gaps[0].startswith("02:14:00–02:14:00")


def test_a_reason_of_a_newer_terminal_is_shown_as_it_is() -> None:
    gap = {"reason": "eclipse", "began_at": BEGAN.isoformat()}
    shown = film_view(record(film={"state": "none", "seconds": 0, "gaps": [gap]}), lambda _: True, "en", UTC)
    assert shown.gaps == ("02:14:00, no film: eclipse",)


def test_stills_stand_with_the_film_and_not_among_the_photos() -> None:
    media = [
        medium(0, kind="photo", content_type="image/jpeg", ended_at=None),
        medium(1, kind="photo", content_type="image/jpeg", ended_at=None, step="breath", attempt=2, moment="result"),
    ]
    made = record(media=media)
    shown = film_view(made, lambda _: False, "en", UTC)
    (still,) = shown.stills
    assert (still.arrived, still.at) == (False, "02:14:10")
    assert photos_of(made.model_dump(mode="json")["media"])[0]["sha256"] == f"{0:064x}"
    assert len(photos_of(made.model_dump(mode="json")["media"])) == 1


def test_who_was_seen_is_told_with_scores_and_absence_is_a_note() -> None:
    looks = [{"step": "pressure", "same": 20, "nobody": 3}, {"step": "breath", "same": 5, "other": 2}]
    change = {"step": "breath", "at": BEGAN.isoformat(), "score": 0.123, "threshold": 0.41}
    lines = people_lines(record(continuity={"compared": True, "looks": looks, "change": change}), "en")
    assert lines[0] == ("The person changed, Breath alcohol: likeness 0.12, threshold 0.41", True)
    assert ("the same person in 25 of 30 looks", False) in lines
    assert any("no face in sight, looks: 3" in line for line, _ in lines)
    alone = people_lines(record(continuity={"compared": False, "looks": [{"step": "breath", "present": 4}]}), "en")
    assert alone == [("somebody in sight in 4 of 4 looks, faces were not compared", False)]
