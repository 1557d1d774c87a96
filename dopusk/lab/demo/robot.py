"""A hand inside the kiosk process: presses the real QML buttons with real mouse events and takes pictures.

Commands come as JSON lines over a Unix socket, one answer line each:
`{"do": "wait", "for": ["screen_consent", ...], "not": "screen_face", "gone": ""}` → `{"ok": true, "found": "..."}`,
`{"do": "read", "name": "full_name"}` → `{"ok": true, "found": "..."}`, `{"do": "click", "name": "begin", "on": ""}`,
`{"do": "shot", "path": "..."}`, `{"do": "latencies"}`, `{"do": "quit"}`.
Waiting is done by looking again with each new frame or after 10 ms, never by blocking the Qt thread.
"""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QTest

from kiosk_ui.app import Kiosk

log = logging.getLogger(__name__)

_LOOK_MS = 10


class Robot(QObject):
    """Lives in the Qt thread; a daemon thread reads the socket."""

    _commanded = Signal(object)

    def __init__(self, kiosk: Kiosk, socket_path: Path) -> None:
        super().__init__()
        window = kiosk.window
        self._window, self._bridge = window, kiosk.bridge
        self._touched_s: float | None = None
        self._screen_changed = False
        self._answers_ms: list[float] = []
        self._screen = ""
        self._shown_s: dict[str, float] = {}
        kiosk.bridge.screen_shown.connect(self._note_screen)
        window.frameSwapped.connect(self._note_frame)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(socket_path))
        self._listener.listen(1)
        self._connection: socket.socket | None = None
        self._commanded.connect(self._obey)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._pending: dict[str, Any] | None = None
        self._until_s = 0.0
        self._aimed_at: tuple[str, QPoint] | None = None
        threading.Thread(target=self._listen, name="robot", daemon=True).start()

    def _listen(self) -> None:
        self._connection, _ = self._listener.accept()
        with self._connection.makefile("rb") as lines:
            for line in lines:
                self._commanded.emit(json.loads(line))

    def _obey(self, command: dict[str, Any]) -> None:
        self._pending = command
        self._aimed_at = None
        self._until_s = time.monotonic() + float(command.get("timeout_s", 30.0))
        self._look()
        if self._pending is not None:
            self._timer.start()

    def _look(self) -> None:
        """Try the pending command; answer when it is done or its time is over."""
        if self._pending is None:
            return
        answer = _ACTIONS[self._pending["do"]](self, self._pending)
        if answer is None and time.monotonic() > self._until_s:
            answer = {"ok": False, "reason": f"{self._pending} was not possible in time", "seen": sorted(self._names())}
        if answer is not None:
            self._timer.stop()
            self._pending = None
            self._answer(answer)

    def _answer(self, answer: dict[str, Any]) -> None:
        if self._connection is not None:
            self._connection.sendall(json.dumps(answer, ensure_ascii=False).encode() + b"\n")

    def _wait(self, command: dict[str, Any]) -> dict[str, Any] | None:
        seen = self._names()
        found = next((name for name in command["for"] if name in seen and name != command.get("not")), None)
        return None if found is None or command.get("gone") in seen else {"ok": True, "found": found}

    def _click(self, command: dict[str, Any]) -> dict[str, Any] | None:
        if command.get("on") and command["on"] not in self._names():
            return {"ok": True}  # the kiosk went on by itself
        item = next((item for item in self._items() if item.objectName() == command["name"] and item.isEnabled()), None)
        if item is None or not self._bridge.takes_answers:
            return None  # no press counts yet
        centre = item.mapToScene(QPointF(item.width() / 2, item.height() / 2))
        position = QPoint(round(centre.x()), round(centre.y()))
        if self._aimed_at != (command["name"], position):
            self._aimed_at = (command["name"], position)  # the layout may still be moving it: look once more
            return None
        self._touched_s, self._screen_changed = time.perf_counter(), False
        QTest.mouseClick(self._window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, position)
        return {"ok": True}

    def _read(self, command: dict[str, Any]) -> dict[str, Any] | None:
        """The words of an item, and of those in it."""
        item = next((item for item in self._items() if item.objectName() == command["name"]), None)
        if item is None:
            return None
        return {"ok": True, "found": " ".join(_words(item))}

    def _shot(self, command: dict[str, Any]) -> dict[str, Any] | None:
        saved = self._window.grabWindow().save(command["path"])
        return {"ok": saved, "reason": "" if saved else f"{command['path']} could not be written"}

    def _latencies(self, command: dict[str, Any]) -> dict[str, Any] | None:
        """How long the kiosk took from a touch to the first frame of the next screen, in milliseconds; and by screen the
        moment of its last first frame, in seconds of the machine's monotonic clock."""
        return {"ok": True, "touch_to_screen_ms": self._answers_ms, "shown_s": self._shown_s}

    def _note_screen(self, name: str) -> None:
        self._screen_changed = True
        self._screen = name

    def _note_frame(self) -> None:
        """The first frame after a new screen was set is the kiosk's answer to the touch."""
        if self._screen:
            self._shown_s[self._screen], self._screen = time.monotonic(), ""
        if self._touched_s is not None and self._screen_changed:
            self._answers_ms.append((time.perf_counter() - self._touched_s) * 1000)
            self._touched_s = None

    def _quit(self, command: dict[str, Any]) -> dict[str, Any] | None:
        QTimer.singleShot(0, QGuiApplication.quit)
        return {"ok": True, "pid": os.getpid()}

    def _names(self) -> set[str]:
        return {item.objectName() for item in self._items() if item.objectName()}

    def _items(self) -> Iterator[QQuickItem]:
        """All items that a person could see."""
        stack = [self._window.contentItem()]
        while stack:
            item = stack.pop()
            if not item.isVisible() or item.opacity() == 0:
                continue
            yield item
            stack.extend(item.childItems())


def _words(item: QQuickItem) -> Iterator[str]:
    if item.property("text"):
        yield str(item.property("text"))
    for part in item.childItems():
        yield from _words(part)


_ACTIONS: dict[str, Callable[[Robot, dict[str, Any]], dict[str, Any] | None]] = {
    "wait": Robot._wait,  # noqa: SLF001
    "click": Robot._click,  # noqa: SLF001
    "shot": Robot._shot,  # noqa: SLF001
    "read": Robot._read,  # noqa: SLF001
    "latencies": Robot._latencies,  # noqa: SLF001
    "quit": Robot._quit,  # noqa: SLF001
}
