"""Measures one durable exam event against bare writes with fdatasync on the same disk, in turn with them."""

import os
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dopusk.lab.torture.load import Player
from dopusk.lab.torture.stage import ORG
from terminal.clock import SystemClock
from terminal.config import TerminalConfig
from terminal.store.store import TerminalStore

EXAMS = 25
WARM_UP_EXAMS = 60
"""After so many the write-ahead log has been checkpointed and is written over from then on, as on any running kiosk."""
BARE_BYTES = 8192
_BARE_PLACES = 64

Report = Callable[[str, float, str], None]


class _Bare:
    """Two bare writers: one appends, as the simplest durable log does, one writes over what is there, as ours does."""

    def __init__(self, folder: Path) -> None:
        self._appended = os.open(folder / "bare.append", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._overwritten = os.open(folder / "bare.overwrite", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(self._overwritten, bytes(BARE_BYTES * _BARE_PLACES))
        os.fsync(self._overwritten)
        self.append_s: list[float] = []
        self.overwrite_s: list[float] = []

    def write(self) -> None:
        """One bare write of each kind, timed."""
        began_s = time.perf_counter()
        os.write(self._appended, bytes(BARE_BYTES))
        os.fdatasync(self._appended)
        appended_s = time.perf_counter()
        os.pwrite(self._overwritten, bytes(BARE_BYTES), BARE_BYTES * (len(self.overwrite_s) % _BARE_PLACES))
        os.fdatasync(self._overwritten)
        self.append_s.append(appended_s - began_s)
        self.overwrite_s.append(time.perf_counter() - appended_s)

    def close(self) -> None:
        os.close(self._appended)
        os.close(self._overwritten)


class _Stopwatch:
    """Times each event, from the fact to the commit that a screen waits for; then come the bare writes."""

    def __init__(self, bare: _Bare) -> None:
        self._bare = bare
        self._wall_s = self._processor_s = 0.0
        self.wall_s: list[float] = []
        self.processor_s: list[float] = []

    def happened(self) -> None:
        self._wall_s, self._processor_s = time.perf_counter(), time.thread_time()

    def committed(self) -> None:
        self.wall_s.append(time.perf_counter() - self._wall_s)
        self.processor_s.append(time.thread_time() - self._processor_s)
        self._bare.write()


def report_commits(report: Report, store: TerminalStore, config: TerminalConfig) -> None:
    """Every event of whole exams, on a log that still grows and on one that is written over."""
    player = Player(store, ORG, SystemClock(), config.limits, lambda _exam_id, _seq: None)
    with closing(_Bare(config.files.store.parent)) as bare:
        young = _timed(player, bare)
        report("store.event_on_a_growing_log_p50_ms", 1000 * statistics.median(young.wall_s), "ms")
        player.each_event = player.each_commit = lambda: None
        _play(player, WARM_UP_EXAMS)
        events = _timed(player, bare)
        event_s = statistics.median(events.wall_s)
        report("store.event_p50_ms", 1000 * event_s, "ms")
        report("store.event_p95_ms", 1000 * statistics.quantiles(events.wall_s, n=20)[18], "ms")
        report("store.event_processor_p50_ms", 1000 * statistics.median(events.processor_s), "ms")
        for name, spent_s in (("append", bare.append_s), ("overwrite", bare.overwrite_s)):
            bare_s = statistics.median(spent_s[-len(events.wall_s) :])
            report(f"store.bare_{name}_fdatasync_p50_ms", 1000 * bare_s, "ms")
            report(f"store.event_to_bare_{name}_ratio", event_s / bare_s, "x")


def _timed(player: Player, bare: _Bare) -> _Stopwatch:
    watch = _Stopwatch(bare)
    player.each_event, player.each_commit = watch.happened, watch.committed
    _play(player, EXAMS)
    return watch


def _play(player: Player, exams: int) -> None:
    for number in range(1, exams + 1):
        player.play(number if number % 5 else number + 1)  # none with a photo: its file is written beside the store
