"""Measures from the medic's click to the kiosk's screen, through every part that production has.

Real processes: broker with TLS, `central serve`, `central ingest`, the kiosk (offscreen, software rendering) and its sync
process. The clock starts right before the form is sent and stops with the first frame of the decision's screen.
"""

import contextlib
import io
import statistics
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import tomli_w

from dopusk.lab.demo.hand import Hand
from dopusk.lab.demo.medic import ScriptedMedic
from dopusk.lab.demo.processes import Child, start_centre, start_kiosk
from dopusk.lab.demo.result import TerminalDisk
from dopusk.lab.demo.worker import ScriptedWorker
from dopusk.lab.demo.world import build_world
from terminal.config import load_config

Report = Callable[[str, float, str], None]

DECISIONS = 20
LONG_DECISIONS = 200
SPEED = 40.0
STEPS = ("consent", "complaints", "temperature")
"""A short exam: the way of the decision is the same for all."""
NUMBER = "1001"
SHOWN_WITHIN_S = 30.0


def run(report: Report, *, long: bool) -> None:
    """Decide one exam after another; milliseconds from the click to the answer of the console and to the kiosk's frame."""
    answered_ms, shown_ms = clicks(LONG_DECISIONS if long else DECISIONS)
    _report(report, "click.to_console_answer", answered_ms)
    _report(report, "click.to_kiosk_screen", shown_ms)
    report("click.decisions", len(shown_ms), "decisions")


def clicks(count: int) -> tuple[list[float], list[float]]:
    """So many decisions; in milliseconds, until the console has answered and until the kiosk shows it."""
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-") as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        with closing(build_world(folder, SPEED)) as world, contextlib.ExitStack() as stack:
            _shorten(world.terminal_config)
            for child in start_centre(world.folder / "centre" / "central.toml", world.folder):
                stack.callback(child.stop)
            arguments = ["dopusk", "terminal", "sync", "--config", str(world.terminal_config)]
            kiosk = start_kiosk(world.terminal_config, folder / "robot.sock", folder, headless=True)
            stack.callback(kiosk.stop)
            hand = Hand(folder / "robot.sock", folder)
            hand.connect(lambda: kiosk.is_alive)
            stack.callback(hand.disconnect)
            sync = Child("sync", arguments, folder / "sync.log")
            stack.callback(sync.stop)
            sync.wait_ready()
            medic = stack.enter_context(closing(ScriptedMedic(world.config.http.public_url)))
            medic.log_in(world.login.username, world.login.password, world.login.passphrase)
            disk = stack.enter_context(closing(TerminalDisk(load_config(world.terminal_config))))
            times = [_decide(hand, medic, disk) for _ in range(count)]
    return [answered for answered, _ in times], [shown for _, shown in times]


def _decide(hand: Hand, medic: ScriptedMedic, disk: TerminalDisk) -> tuple[float, float]:
    worker = ScriptedWorker(hand, NUMBER, lambda line: None)
    worker.go_on_until("waiting")
    exam = disk.last_exam()
    if exam is None:
        raise LookupError("no exam is on the disk")
    medic.wait_for(exam.exam_id, exam.sent_revision)
    press = medic.fill_in(exam.exam_id, "admitted")
    began_s = time.monotonic()
    press()
    answered_s = time.monotonic()
    hand.wait("screen_decision")
    while (shown_s := hand.shown_s().get("decision", 0.0)) < began_s:
        if time.monotonic() - began_s > SHOWN_WITHIN_S:
            raise TimeoutError("the kiosk did not draw the decision")
    hand.click("decision_ok")
    hand.wait("screen_idle")
    return 1000 * (answered_s - began_s), 1000 * (shown_s - began_s)


def _shorten(config_file: Path) -> None:
    """The terminal as in production, with its sync in a process of its own, and with a short exam."""
    fields = tomllib.loads(config_file.read_text(encoding="utf-8"))
    fields["broker"]["in_process"] = False
    fields["exam"]["steps"] = list(STEPS)
    config_file.write_text(tomli_w.dumps(fields), encoding="utf-8")


def _report(report: Report, name: str, times_ms: Sequence[float]) -> None:
    cuts = statistics.quantiles(times_ms, n=100, method="inclusive")
    for percentile in (50, 95, 99):
        report(f"{name}_p{percentile}", cuts[percentile - 1], "ms")
