"""Draws every screen to pictures, for people who want to look: `python -m tests.ui.kiosk.gallery FOLDER [LANGUAGE] [PART]`."""

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

from PySide6.QtTest import QTest

from kiosk_ui.app import build_window, make_application
from kiosk_ui.settings import KioskSettings
from tests.ui.kiosk import made_up
from tests.ui.kiosk.fake_camera import PortraitCamera

SHEETS = {
    "identify": ("help", "exit", "call_medic", "key_4", "key_7", "key_1", "key_1"),
    "consent": ("consent_full",),
    "consent_of_the_centre": ("consent_full",),
    "complaints_of_the_centre": ("complaints_some", "complaint_eyes"),
    "complaints": ("complaints_some", "complaint_headache", "complaints_other"),
    "idle": ("service", "key_1", "service_enter", "service_terminal"),
}


def draw(folder: Path, language: str, part: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    application = make_application()
    kiosk = build_window(
        lambda _: None,
        PortraitCamera(),
        KioskSettings(language=language, sounds=False, check_pin=lambda _: True, touch_guard_s=0.0),
    )
    for name, _, snapshot in made_up.every():
        if part not in name:
            continue
        kiosk.bridge.publish(made_up.snapshot())
        kiosk.bridge.publish(snapshot)
        application.processEvents()
        QTest.qWait(80)
        kiosk.window.grabWindow().save(str(folder / f"{name}.png"))
        for press in SHEETS.get(name, ()):
            kiosk.bridge.press(press)
            QTest.qWait(90)
            kiosk.window.grabWindow().save(str(folder / f"{name}+{press}.png"))
            if press in ("help", "exit", "call_medic"):
                kiosk.bridge.press("close")
        kiosk.bridge.press("service_close")
    kiosk.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("gallery: name the folder for the pictures, then a language (ru, en) and a part of a case's name")
    language, part = (*sys.argv[2:4], *("ru", "")[len(sys.argv[2:4]) :])
    draw(Path(sys.argv[1]), language, part)
