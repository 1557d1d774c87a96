"""What the kiosk costs while it stands there, and that it ends cleanly."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from kiosk_ui.app import KioskError, build_window
from kiosk_ui.settings import KioskSettings
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import names_on
from tests.waiting import LONGEST_S

CASES = {name: (screen, snapshot) for name, screen, snapshot in made_up.every()}
ROOT = Path(__file__).resolve().parents[3]

FIRST_SCREEN = """
import sys
from tests.ui.kiosk import made_up
from kiosk_ui.app import run_kiosk
from kiosk_ui.settings import KioskSettings

def ready(kiosk):
    kiosk.bridge.screen_shown.connect(lambda name: (print(name), kiosk.window.close()))
    kiosk.publish(made_up.snapshot())

sys.exit(run_kiosk(lambda intent: None, None, KioskSettings(sounds=False, closable=True), on_ready=ready))
"""


def test_nothing_is_drawn_while_nothing_changes(stand: Stand) -> None:
    stand.show(CASES["idle"][1], "idle")
    stand.window.grabWindow()
    frames: list[None] = []
    at_ticks: list[int] = []
    stand.window.frameSwapped.connect(lambda: frames.append(None))
    stand.kiosk.bridge.refreshed.connect(lambda: at_ticks.append(len(frames)))
    # What was still to be drawn of the screen before, and a new minute, may come first.
    stand.until(lambda: len(at_ticks) >= 3 and at_ticks[-3] == at_ticks[-1])


def test_a_snapshot_may_come_from_any_thread(stand: Stand) -> None:
    threads = [
        threading.Thread(target=stand.kiosk.publish, args=(CASES[name][1],)) for name in ("idle", "identify", "idle")
    ]
    for thread in threads:
        thread.start()
        thread.join()
    stand.until(lambda: "screen_idle" in names_on(stand.window))


def test_hundreds_of_exams_in_a_row(stand: Stand) -> None:
    """As many signals as make PySide6 6.12.0 abort under Python 3.11: it loses references of None, True and False."""
    for name in ("idle", "identify", "confirm", "consent") * 100:
        stand.kiosk.bridge.press("help")
        stand.show(CASES[name][1], CASES[name][0])
    assert "screen_consent" in names_on(stand.window)


def test_the_program_shows_the_idle_screen_and_ends_with_its_window() -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_SCREEN],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    assert (ended.returncode, ended.stdout.split(), ended.stderr) == (0, ["idle"], "")


NO_STORE = """
import sys
from kiosk_ui.app import run_kiosk
from kiosk_ui.settings import KioskSettings

def ready(kiosk):
    raise OSError("no store")

try:
    run_kiosk(lambda intent: None, None, KioskSettings(sounds=False), on_ready=ready)
except OSError as error:
    print(error)
"""


def test_what_goes_wrong_behind_the_window_reaches_the_caller() -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}
    ended = subprocess.run(
        [sys.executable, "-c", NO_STORE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST_S
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "no store\n", "")


TOLD_TO_END = """
import os, signal, sys
from kiosk_ui.app import run_kiosk
from kiosk_ui.settings import KioskSettings

def ready(kiosk):
    if sys.argv[1] == "before":
        os.kill(os.getpid(), signal.SIGTERM)
    else:
        kiosk.bridge.screen_shown.connect(lambda name: os.kill(os.getpid(), signal.SIGTERM))
        from tests.ui.kiosk import made_up
        kiosk.publish(made_up.snapshot())

sys.exit(run_kiosk(lambda intent: None, None, KioskSettings(sounds=False), on_ready=ready))
"""


@pytest.mark.parametrize("when", ["before", "later"])
def test_a_signal_ends_it_at_any_time(when: str) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}
    ended = subprocess.run(
        [sys.executable, "-c", TOLD_TO_END, when],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.qt_log_ignore("NoSuchThing", "failed to load component")
def test_screens_that_cannot_be_loaded_are_named(
    qapp: QGuiApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "Main.qml"
    broken.write_text("import QtQuick\nNoSuchThing {}\n")
    monkeypatch.setattr("kiosk_ui.app.MAIN_QML", broken)
    with pytest.raises(KioskError, match="NoSuchThing"):
        build_window(lambda _: None, None, KioskSettings(sounds=False))
