"""The kiosk in a window that nobody sees, with what it posted."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")
os.environ.setdefault("QML_DISABLE_DISK_CACHE", "1")  # each run tests what is in the tree

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtGui import QFont, QGuiApplication
from pytestqt.qtbot import QtBot

from kiosk_ui.app import FONT_FAMILY, Kiosk, build_window
from kiosk_ui.settings import KioskSettings
from terminal.intents import Intent, Touch
from terminal.snapshot import TerminalSnapshot
from terminal.touched import Touched
from tests.ui.kiosk.fake_camera import PortraitCamera
from tests.waiting import LONGEST_S


@dataclass
class Stand:
    """A kiosk on the bench: show it a snapshot, read what it posted."""

    kiosk: Kiosk
    qtbot: QtBot
    posted: list[Intent] = field(default_factory=list)
    """Of touches what they say; what they were made on stands in `touches`."""
    touches: list[Touched] = field(default_factory=list)

    @property
    def window(self) -> Any:
        return self.kiosk.window

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the screens live until the condition holds."""
        self.qtbot.waitUntil(condition, timeout=round(1000 * LONGEST_S))

    def show(self, snapshot: TerminalSnapshot, screen: str) -> None:
        """Publish and wait until that screen is drawn from this very snapshot."""
        self.kiosk.publish(snapshot)
        bridge = self.kiosk.bridge
        self.until(lambda: bridge.shown is snapshot and bridge.screen_view.screen == screen)

    @property
    def wanted(self) -> list[Intent]:
        """What was posted, without the bare touches."""
        return [intent for intent in self.posted if intent != Touch()]


@pytest.fixture
def make_stand(qapp: QGuiApplication, qtbot: QtBot, qtlog: Any) -> Iterator[Callable[..., Stand]]:
    qapp.setFont(QFont(FONT_FAMILY))
    open_kiosks: list[Kiosk] = []

    def make(**settings: Any) -> Stand:
        posted: list[Intent] = []
        touches: list[Touched] = []

        def post(message: Intent | Touched) -> None:
            if isinstance(message, Touched):
                touches.append(message)
            posted.append(message.intent if isinstance(message, Touched) else message)

        camera = settings.pop("camera", PortraitCamera())
        settings.setdefault("touch_guard_s", 0.0)  # what a press does; when one counts is test_double_touch's
        kiosk = build_window(post, camera, KioskSettings(sounds=False, **settings))
        open_kiosks.append(kiosk)
        return Stand(kiosk, qtbot, posted, touches)

    yield make
    for kiosk in open_kiosks:
        kiosk.close()
        qapp.processEvents()
    told = [record.message for record in qtlog.records if record.type_name != "QtDebugMsg"]
    assert not told, "Qt or QML complained: " + "; ".join(told)


@pytest.fixture
def stand(make_stand: Callable[..., Stand]) -> Stand:
    return make_stand()
