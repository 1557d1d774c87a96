"""Makes the kiosk's pictures of `docs/images` again: `python -m tests.ui.kiosk.pictures [FOLDER]`."""

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from kiosk_ui.app import build_window, make_application
from kiosk_ui.settings import KioskSettings
from tests.ui.kiosk import made_up
from tests.ui.kiosk.fake_camera import PortraitCamera

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
PICTURES = {
    "idle": ("idle", ()),
    "identify": ("identify", ("key_4", "key_7", "key_1", "key_1")),
    "search": ("search", ()),
    "employer": ("employer", ()),
    "confirm": ("confirm", ()),
    "not-today": ("not_today_suspended_words", ()),
    "face": ("face_hold", ()),
    "complaints": ("complaints", ()),
    "temperature": ("temperature", ()),
    "pressure": ("pressure", ()),
    "mouthpiece": ("breath_starting", ()),
    "breath": ("breath_blowing", ()),
    "result": ("result_pressure", ()),
    "rest": ("rest", ()),
    "summary": ("summary", ()),
    "decision": ("decision_admitted", ()),
    "trouble": ("trouble_gone", ()),
    "service": ("idle_not_ready", ("service", "key_1", "service_enter")),
}
"""Name of the picture: the made-up case, and what is pressed on it."""
SIZE = (960, 540)
COLOURS = 96
SETTLE_MS = 300
"""The camera's picture and the answer to a PIN need some frames."""


def draw(folder: Path) -> list[Path]:
    """Draw every picture in Russian; returns the files, each of some dozens of kilobytes."""
    application = make_application()
    settings = KioskSettings(sounds=False, check_pin=lambda _: True, touch_guard_s=0.0)
    kiosk = build_window(lambda _: None, PortraitCamera(), settings)
    cases = {name: snapshot for name, _, snapshot in made_up.every()}
    files = []
    for name, (case, presses) in PICTURES.items():
        kiosk.bridge.publish(made_up.snapshot())
        kiosk.bridge.publish(cases[case])
        application.processEvents()
        for press in presses:
            kiosk.bridge.press(press)
        QTest.qWait(SETTLE_MS)
        files.append(folder / f"kiosk-{name}.png")
        _save(kiosk.window.grabWindow(), files[-1])
        kiosk.bridge.press("service_close")
    kiosk.close()
    return files


def _save(image: QImage, file: Path) -> None:
    """In the colours of this very picture, for a screen has few."""
    rgb = image.convertToFormat(QImage.Format.Format_RGBX8888)
    whole = Image.frombuffer("RGBX", (rgb.width(), rgb.height()), bytes(rgb.constBits()), "raw", "RGBX", 0, 1)
    small = whole.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
