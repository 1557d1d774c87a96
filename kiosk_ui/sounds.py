"""Plays tones for start, end and error of a step by the first player of the system; no sound if there is none.

PySide6-Essentials brings no QtMultimedia, so a small WAV file is written once and handed to `aplay`, `pw-play` or
`paplay`. A player that fails is a note in the log, never an error of the exam.
"""

import logging
import math
import shutil
import subprocess
import tempfile
import wave
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 22050
TONES: Mapping[str, Sequence[tuple[float, float]]] = {
    "start": ((660.0, 0.12),),
    "end": ((660.0, 0.10), (880.0, 0.16)),
    "error": ((440.0, 0.16), (330.0, 0.24)),
}
"""Name of a tone: its notes, each as frequency in hertz and length in seconds."""
PLAYERS = (("aplay", "-q"), ("pw-play",), ("paplay",))
_LOUDNESS = 0.35
_FADE_S = 0.012


def samples_of(notes: Sequence[tuple[float, float]]) -> "array[int]":
    """The notes one after the other as 16-bit samples, faded so that nothing clicks."""
    samples = array("h")
    for frequency_hz, length_s in notes:
        count = int(SAMPLE_RATE_HZ * length_s)
        for index in range(count):
            fade = min(1.0, index / (SAMPLE_RATE_HZ * _FADE_S), (count - index) / (SAMPLE_RATE_HZ * _FADE_S))
            value = math.sin(2 * math.pi * frequency_hz * index / SAMPLE_RATE_HZ)
            samples.append(int(32767 * _LOUDNESS * fade * value))
    return samples


def write_tone(path: Path, notes: Sequence[tuple[float, float]]) -> None:
    """Write the notes as a mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples_of(notes).tobytes())


class Sounds:
    """Plays tones without waiting. Close it to end a player that still runs and to remove the files."""

    def __init__(self, *, enabled: bool, players: Sequence[Sequence[str]] = PLAYERS) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._playing: subprocess.Popen[bytes] | None = None
        self._player = next((list(player) for player in players if shutil.which(player[0])), None) if enabled else None
        if enabled and self._player is None:
            log.warning("no sound: none of %s is installed", ", ".join(player[0] for player in players))
        if self._player is not None:
            self._folder = tempfile.TemporaryDirectory(prefix="dopusk-tones-")
            for name, notes in TONES.items():
                write_tone(self._file(name), notes)

    def play(self, name: str) -> None:
        """Start the tone of that name; a tone that still sounds is cut off."""
        if self._player is None:
            return
        self._stop()
        try:
            self._playing = subprocess.Popen(
                [*self._player, str(self._file(name))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            log.warning("no sound: %s", error)
            self._player = None

    def wait(self) -> None:
        """Until the tone that sounds now has ended, two seconds at most."""
        if self._playing is not None:
            self._playing.wait(2.0)

    def close(self) -> None:
        self._stop()
        self._player = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _file(self, name: str) -> Path:
        if self._folder is None:
            raise RuntimeError("the tones are closed")
        return Path(self._folder.name) / f"{name}.wav"

    def _stop(self) -> None:
        if self._playing is None:
            return
        if self._playing.poll() is None:
            self._playing.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._playing.wait(0.5)
        self._playing = None
