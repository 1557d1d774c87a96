"""Puts the kiosk together: window, bridge, preview and tones.

`build_window` makes everything inside a running `QGuiApplication`; `run_kiosk` is the whole program's Qt side.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine, QQmlError, qmlRegisterType
from PySide6.QtQuick import QQuickWindow

from kiosk_ui.bridge import Bridge
from kiosk_ui.drawing_watch import EXIT_NOT_DRAWN, DrawingWatch
from kiosk_ui.keystrokes import Keystrokes
from kiosk_ui.preview import CameraPreview, FrameSource, LatestFrame
from kiosk_ui.settings import KioskSettings
from kiosk_ui.sounds import Sounds
from terminal.intents import Intent
from terminal.snapshot import TerminalSnapshot
from terminal.touched import Touched

log = logging.getLogger(__name__)

MAIN_QML = Path(__file__).parent / "qml" / "Main.qml"
FONT_FAMILY = "DejaVu Sans"
"""Debian's fonts-dejavu-core; the layout is measured with it."""


class KioskError(Exception):
    """The screens cannot be shown: our own fault or a broken installation. The message says what is missing."""


class Kiosk:
    """The open window with everything that belongs to it. Keep it as long as the window is open; then `close()`."""

    def __init__(self, engine: QQmlApplicationEngine, window: QQuickWindow, bridge: Bridge, sounds: Sounds) -> None:
        self.engine, self.window, self.bridge, self._sounds = engine, window, bridge, sounds
        self._is_closed = False

    def publish(self, snapshot: TerminalSnapshot) -> None:
        """Show this state. Safe from any thread, returns at once: hand it to the service as its `publish`."""
        self.bridge.publish(snapshot)

    def close(self) -> None:
        """Take the window down; the engine goes first, so that nothing is drawn from a bridge that is gone."""
        if self._is_closed:
            return
        self._is_closed = True
        self.bridge.let_close()
        self.window.close()
        self.engine.deleteLater()
        self._sounds.close()


def build_window(
    post: Callable[[Intent | Touched], None], camera: LatestFrame | None, settings: KioskSettings
) -> Kiosk:
    """Make and show the kiosk's window. `post` takes intents and must return at once. Raises `KioskError`."""
    qmlRegisterType(CameraPreview, "Dopusk.Kiosk", 1, 0, "CameraPreview")  # type: ignore[call-overload]
    faults: list[QQmlError] = []
    engine = QQmlApplicationEngine()
    engine.warnings.connect(faults.extend)
    bridge = Bridge(post, settings, engine)
    frames = FrameSource(camera, engine)
    engine.rootContext().setContextProperty("kiosk", bridge)
    engine.rootContext().setContextProperty("frames", frames)
    engine.load(QUrl.fromLocalFile(str(MAIN_QML)))
    roots: list[QObject] = engine.rootObjects()
    if not roots or not isinstance(roots[0], QQuickWindow):
        raise KioskError("the screens cannot be loaded: " + "; ".join(fault.toString() for fault in faults))
    window = roots[0]
    keys = Keystrokes(bridge.key_typed, bridge.card_read, time.monotonic, settings.card_gap_s, engine)
    window.installEventFilter(keys)
    window.frameSwapped.connect(bridge.drawn)
    sounds = Sounds(enabled=settings.sounds)
    bridge.tone.connect(sounds.play)
    if settings.fullscreen:
        window.showFullScreen()
    else:
        window.show()
    return Kiosk(engine, window, bridge, sounds)


def make_application(arguments: Sequence[str] = ()) -> QGuiApplication:
    """The one `QGuiApplication` of this process, with the kiosk's font."""
    running = QGuiApplication.instance()
    application = running if isinstance(running, QGuiApplication) else QGuiApplication([sys.argv[0], *arguments])
    application.setApplicationName("dopusk")
    application.setFont(QFont(FONT_FAMILY))
    return application


def run_kiosk(
    post: Callable[[Intent | Touched], None],
    camera: LatestFrame | None,
    settings: KioskSettings,
    *,
    on_ready: Callable[[Kiosk], None],
) -> int:
    """Show the kiosk until its window is closed or the process is told to end; returns the exit code.

    The code is 0, or `EXIT_NOT_DRAWN` when the screen stands still although it should change.

    `on_ready` is called in the Qt thread when the window is there: start the service with `kiosk.publish` then. What it
    raises is raised here, with the window closed.
    """
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = make_application()
    kiosk = build_window(post, camera, settings)

    told_to_end: list[int] = []

    def leave(number: int, _frame: FrameType | None) -> None:
        told_to_end.append(number)
        application.exit(0)  # quit() asks the window, which stays

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    watch = DrawingWatch(kiosk.window, settings.drawn_within_s, lambda: application.exit(EXIT_NOT_DRAWN))
    kiosk.bridge.screen_shown.connect(watch.expect)
    breathing = QTimer(interval=200)  # lets Python see its signals while Qt sleeps
    breathing.timeout.connect(_nothing)
    breathing.start()
    try:
        application.processEvents()  # the window is drawn before anything that takes time
        on_ready(kiosk)  # not from a timer: what it raises has to reach the caller
        return 0 if told_to_end else application.exec()
    finally:
        kiosk.close()


def _nothing() -> None:
    """Enough for the interpreter to look at pending signals."""
