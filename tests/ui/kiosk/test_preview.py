"""The live picture: whose memory it is, what happens without a camera, and when it stands still."""

import gc
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiosk_ui.preview import image_of
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.fake_camera import PaintedFrame, PortraitCamera, painted_face
from tests.ui.kiosk.looking import find

CASES = {name: (screen, snapshot) for name, screen, snapshot in made_up.every()}


class CountingCamera(PortraitCamera):
    """Counts how often somebody looks, and can be unplugged."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.unplugged = False

    def latest(self) -> PaintedFrame | None:
        self.looks += 1
        return None if self.unplugged else super().latest()


def pixels(columns: int = 5) -> Any:
    picture = np.zeros((2, columns, 3), np.uint8)
    picture[0, 0] = (10, 20, 30)
    return picture


def test_the_image_is_mirrored_and_keeps_its_colours() -> None:
    image = image_of(PaintedFrame(pixels(), 1))
    assert (image.width(), image.height()) == (5, 2)
    assert image.pixelColor(4, 0).getRgb()[:3] == (30, 20, 10)
    assert image.pixelColor(0, 0).getRgb()[:3] == (0, 0, 0)


def test_the_image_outlives_the_frame_and_does_not_hold_it() -> None:
    picture = pixels()
    gone = weakref.ref(picture)
    image = image_of(PaintedFrame(picture, 1))
    del picture
    gc.collect()
    assert gone() is None
    assert image.pixelColor(4, 0).getRgb()[:3] == (30, 20, 10)


def test_a_read_only_or_cut_out_frame_is_drawn_too() -> None:
    wide = np.repeat(pixels(), 2, axis=1)
    cut = wide[:, ::2]
    cut.flags.writeable = False
    assert image_of(PaintedFrame(cut, 1)).pixelColor(4, 0).getRgb()[:3] == (30, 20, 10)
    whole = pixels()
    whole.flags.writeable = False
    assert image_of(PaintedFrame(whole, 1)).pixelColor(4, 0).getRgb()[:3] == (30, 20, 10)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (4, 4, 1)])
def test_another_shape_is_refused_by_name(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rows × columns × 3"):
        image_of(PaintedFrame(np.zeros(shape, np.uint8), 1))


def test_the_picture_is_on_the_face_screen(stand: Stand) -> None:
    stand.show(CASES["face"][1], "face")
    stand.until(lambda: find(stand.window, "preview").property("has_picture"))
    stand.window.grabWindow()
    preview = find(stand.window, "preview")
    middle = preview.mapToScene(preview.boundingRect().center()).toPoint()
    drawn = stand.window.grabWindow().pixelColor(middle).getRgb()[:3]
    assert drawn == tuple(int(part) for part in painted_face()[240, 320][::-1])


def test_nobody_looks_at_the_camera_on_other_screens(make_stand: Callable[..., Stand]) -> None:
    camera = CountingCamera()
    stand = make_stand(camera=camera)
    stand.show(CASES["face"][1], "face")
    stand.until(lambda: camera.looks > 3)
    stand.show(CASES["complaints"][1], "complaints")
    seen = camera.looks
    ticks: list[int] = []
    stand.kiosk.bridge.view.live_changed.connect(lambda: ticks.append(camera.looks))
    stand.until(lambda: len(ticks) >= 1)  # the clock's own tick: thirty frames later
    assert ticks == [seen] * len(ticks)


def test_a_camera_that_goes_and_comes_back(make_stand: Callable[..., Stand]) -> None:
    camera = CountingCamera()
    camera.unplugged = True
    stand = make_stand(camera=camera)
    stand.show(CASES["face"][1], "face")
    assert not find(stand.window, "preview").property("has_picture")
    assert find(stand.window, "hint").property("text") == "Камера не показывает. Осмотр продолжится без неё."
    camera.unplugged = False
    stand.until(lambda: find(stand.window, "preview").property("has_picture"))
    assert find(stand.window, "hint").property("text").startswith("Снимите очки")
    camera.unplugged = True
    stand.until(lambda: not find(stand.window, "preview").property("has_picture"))


def test_a_terminal_without_a_camera(make_stand: Callable[..., Stand]) -> None:
    stand = make_stand(camera=None)
    stand.show(CASES["face"][1], "face")
    assert not find(stand.window, "preview").property("has_picture")


def test_a_thousand_frames_leave_no_memory_behind(stand: Stand) -> None:
    """A leaked copy of each would be 900 MiB."""
    stand.show(CASES["face"][1], "face")
    stand.window.grabWindow()
    preview = find(stand.window, "preview")

    def resident_mib() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    for _ in range(50):
        preview._look()
    before_mib = resident_mib()
    for _ in range(1000):
        preview._look()
    assert resident_mib() - before_mib < 30
