"""Measures how quickly the kiosk answers a touch, and the software's share of an exam. The real kiosk, offscreen."""

import contextlib
import io
import statistics
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dopusk.lab.demo.director import Director
from dopusk.lab.demo.result import TerminalDisk
from dopusk.lab.demo.scenarios import SCENARIOS
from dopusk.lab.demo.world import build_world
from sync.contract.envelope import open_sealed
from sync.contract.exam import EXAM_SCHEMA, ExamRecord

Report = Callable[[str, float, str], None]

ROUNDS = 40
SPEED = 20.0


def run(report: Report, *, long: bool) -> None:
    """Play one exam, then begin and leave again and again; report times in milliseconds and seconds."""
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-") as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        with closing(build_world(folder, SPEED)) as world:
            director = Director(world, SCENARIOS["admitted"], folder, lambda line: None, headless=True)
            with closing(director):
                director.open()
                director.play()
                hand = director.hand
                played = len(hand.touch_to_screen_ms())
                for _ in range(ROUNDS * (10 if long else 1)):
                    hand.click("begin")
                    hand.wait("screen_identify", gone="sheet_leave")
                    hand.click("exit")
                    hand.click("leave")
                    hand.wait("screen_idle")
                touches_ms = hand.touch_to_screen_ms()[played:]
            with closing(TerminalDisk(director.config)) as disk:
                record = _record(disk)
    report("kiosk.touch_to_screen_p50", statistics.median(touches_ms), "ms")
    report("kiosk.touch_to_screen_p95", statistics.quantiles(touches_ms, n=20)[-1], "ms")
    report("kiosk.touches", len(touches_ms), "touches")
    report("exam.software_share", record.software_s or 0.0, "s")
    report("exam.devices_at_real_speed", _devices_s(record) * SPEED, "s")


def _record(disk: TerminalDisk) -> ExamRecord:
    for wire in disk.exam_messages():
        fields = open_sealed(wire, disk.public_key)
        if fields.schema_ == EXAM_SCHEMA:
            return ExamRecord.model_validate(fields.payload)
    raise LookupError("no exam was sent")


def _devices_s(record: ExamRecord) -> float:
    """Time in the measuring steps, as the simulated devices took it."""
    return sum(record.timings_s.get(step, 0.0) for step in ("temperature", "pressure", "breath"))
