"""A screen that stands still is noticed; one that is drawn, or that nobody can see, is left in peace."""

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickWindow
from pytestqt.qtbot import QtBot

from kiosk_ui.drawing_watch import DrawingWatch
from tests.waiting import LONGEST_S

WAIT_MS = round(1000 * LONGEST_S)


class FrozenWindow(QQuickWindow):
    """Says that it is seen and never draws anything."""

    def isExposed(self) -> bool:
        return True


def test_a_frozen_screen_is_given_up_once(
    qapp: QGuiApplication, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    window = FrozenWindow()
    given_up: list[str] = []
    watch = DrawingWatch(window, 0.02, lambda: given_up.append("given up"))
    watch.expect("identify")
    watch.expect("confirm")
    qtbot.waitUntil(lambda: given_up == ["given up"], timeout=WAIT_MS)
    assert "not being drawn" in caplog.text


def test_a_hidden_window_is_no_frozen_one(qapp: QGuiApplication, qtbot: QtBot) -> None:
    window = QQuickWindow()
    given_up: list[str] = []
    watch = DrawingWatch(window, 0.0, lambda: given_up.append("given up"))
    watch.expect()
    after: list[None] = []
    QTimer.singleShot(30, lambda: after.append(None))  # fires after the watch's own timer
    qtbot.waitUntil(lambda: bool(after), timeout=WAIT_MS)
    assert given_up == []


def test_a_drawn_screen_is_left_in_peace(qapp: QGuiApplication, qtbot: QtBot) -> None:
    window = QQuickWindow()
    given_up: list[str] = []
    watch = DrawingWatch(window, 60.0, lambda: given_up.append("given up"))
    window.show()
    with qtbot.waitSignal(window.frameSwapped, timeout=WAIT_MS):
        watch.expect()
    assert not watch.findChild(QTimer).isActive()
    assert given_up == []
    window.close()
