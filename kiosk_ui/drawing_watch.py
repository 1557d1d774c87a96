"""Notices that the screen is no longer drawn although the program runs, and then ends the program.

Seen in the field with EGLFS: the page flip never comes back, the picture freezes and touches still count. A worker would
press blindly; systemd starts the kiosk again, and the exam goes on from the disk.
"""

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtQuick import QQuickWindow

log = logging.getLogger(__name__)

EXIT_NOT_DRAWN = 70
"""The program's exit code (sysexits EX_SOFTWARE) when its screen stands still."""


class DrawingWatch(QObject):
    """After `expect()`, a frame has to be on the screen within `within_s`, or `give_up` is called, once."""

    def __init__(self, window: QQuickWindow, within_s: float, give_up: Callable[[], None]) -> None:
        super().__init__(window)
        self._window, self._give_up = window, give_up
        self._timer = QTimer(self, interval=int(within_s * 1000), singleShot=True)
        self._timer.timeout.connect(self._missed)
        window.frameSwapped.connect(self._timer.stop)

    def expect(self, _screen: str = "") -> None:
        """Another screen has to be drawn now. A frame that is already waited for keeps its time."""
        if not self._timer.isActive():
            self._timer.start()
        self._window.update()

    def _missed(self) -> None:
        if not self._window.isExposed():
            return  # minimised or switched off: nobody looks at it
        log.critical("the screen is not being drawn any more; the kiosk ends so that it is started again")
        self._give_up()
