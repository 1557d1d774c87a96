"""Which tone belongs to which change, and that a missing player costs nothing."""

import wave
from pathlib import Path

import pytest

from kiosk_ui.sounds import SAMPLE_RATE_HZ, TONES, Sounds, write_tone
from kiosk_ui.view import view_of
from kiosk_ui.view.sounds import tone_between
from tests.ui.kiosk import made_up

VIEWS = {name: view_of(snapshot, "ru") for name, _, snapshot in made_up.every()}


@pytest.mark.parametrize(
    ("before", "after", "tone"),
    [
        ("identify", "identify", None),
        ("identify", "identify_unknown", "error"),
        ("identify", "confirm", None),
        ("consent", "face", "start"),
        ("face", "complaints", "end"),
        ("complaints", "temperature", "start"),
        ("temperature", "result_temperature", "end"),
        ("pressure", "pressure_measuring", "start"),
        ("pressure_measuring", "pressure_live", None),
        ("breath_warming", "breath_waiting_for_breath", "start"),
        ("breath_blowing", "breath_analysing", "end"),
        ("breath_waiting_for_breath", "try_again_breath_flow", "error"),
        ("temperature", "trouble_Unavailable_service", "error"),
        ("waiting", "waiting_offline", None),
    ],
)
def test_tones_follow_what_happens(before: str, after: str, tone: str | None) -> None:
    assert tone_between(VIEWS[before], VIEWS[after]) == tone


def test_a_refusal_sounds_like_any_other_end() -> None:
    assert tone_between(VIEWS["waiting"], VIEWS["decision_not_admitted"]) == "end"
    assert tone_between(VIEWS["waiting"], VIEWS["decision_admitted"]) == "end"


def test_the_first_screen_is_silent() -> None:
    assert tone_between(None, VIEWS["idle"]) is None


@pytest.mark.parametrize("name", TONES)
def test_tones_are_short_wav_files_that_neither_clip_nor_click(tmp_path: Path, name: str) -> None:
    path = tmp_path / "tone.wav"
    write_tone(path, TONES[name])
    with wave.open(str(path), "rb") as file:
        frames = file.readframes(file.getnframes())
        assert file.getframerate() == SAMPLE_RATE_HZ
        assert 0.05 < file.getnframes() / SAMPLE_RATE_HZ < 0.6
    samples = memoryview(frames).cast("h")
    assert 5000 < max(samples) < 20000
    assert samples[0] == 0
    assert abs(samples[-1]) < 500


def test_without_a_player_there_is_silence() -> None:
    sounds = Sounds(enabled=True, players=(("no-such-player-anywhere",),))
    assert sounds._player is None
    sounds.play("end")
    sounds.close()


def test_switched_off_nothing_is_looked_for() -> None:
    assert Sounds(enabled=False, players=(("true",),))._player is None


def test_a_player_is_given_the_file_of_the_tone(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    player = tmp_path / "player"
    player.write_text(f'#!/bin/sh\ncp "$1" {heard}.part && mv {heard}.part {heard}\n')
    player.chmod(0o755)
    sounds = Sounds(enabled=True, players=((str(player),),))
    assert sounds._player is not None
    sounds.play("error")
    sounds.wait()
    with wave.open(str(heard), "rb") as file:
        assert file.getnframes() > 0
    sounds.play("start")
    sounds.close()
    sounds.play("start")
    assert sounds._player is None


def test_a_player_that_cannot_be_started_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    player = tmp_path / "player"
    player.write_text("not a program")
    player.chmod(0o755)
    sounds = Sounds(enabled=True, players=((str(player),),))
    sounds.play("end")
    assert sounds._player is None
    assert "no sound" in caplog.text
    sounds.close()
