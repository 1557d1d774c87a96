"""One sign says one thing: a tick is "within the limits", a full ring "done", a medic's case "the medic looks"."""

import re
from pathlib import Path

from PySide6.QtQuick import QQuickItem

import kiosk_ui
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import find, kind_of, names_on, visible_items

CASES = {name: (screen, snapshot) for name, screen, snapshot in made_up.every()}
DRAWINGS = Path(kiosk_ui.__file__).parent / "qml" / "drawings"
HEAD_CM = 23.0
"""From the crown to the chin, of a grown-up."""
MAY_BEAR_A_TICK = {"BigButton", "PageButton", "ValueTile", "Lamp"}
"""A button that says yes, a value within its limits, a device that is ready."""


def icons_on(stand: Stand) -> list[QQuickItem]:
    stand.window.grabWindow()
    return [item for item in visible_items(find(stand.window, "stage")) if kind_of(item) == "Icon"]


def lies_in(item: QQuickItem) -> str:
    parent = item.parentItem()
    while parent is not None and kind_of(parent) not in MAY_BEAR_A_TICK:
        parent = parent.parentItem()
    return kind_of(parent) if parent is not None else ""


def test_a_tick_stands_for_the_norm_and_never_for_a_step_that_is_done(stand: Stand) -> None:
    faults = []
    for name, (screen, snapshot) in CASES.items():
        stand.show(snapshot, screen)
        for icon in icons_on(stand):
            bears = lies_in(icon) or icon.objectName() == "mark_good" or name.startswith("decision_admitted")
            if icon.property("name") == "tick" and not bears:
                faults.append(name)
            if lies_in(icon) == "ValueTile":
                state = icon.property("name")
                assert state in ("tick", "medic", "paper", "cross"), name
    assert not faults, faults


def test_a_value_out_of_its_limits_is_done_and_bears_the_medics_sign(stand: Stand) -> None:
    screen, snapshot = CASES["result_pressure"]
    stand.show(snapshot, screen)
    names = [icon.objectName() for icon in icons_on(stand)]
    assert "mark_attention" in names  # 162/98
    assert "mark_good" in names  # 36,6
    assert "step_done" in names_on(stand.window)
    words = {value.word for value in stand.kiosk.bridge.screen_view.page.values}
    assert words == {"посмотрит медработник", "в норме"}


def test_well_and_not_well_are_of_equal_weight(stand: Stand) -> None:
    stand.show(CASES["complaints"][1], "complaints")
    stand.window.grabWindow()
    well, unwell = (find(stand.window, name) for name in ("complaints_none", "complaints_some"))
    for name in ("kind", "bold", "textSize", "iconSize", "width", "height", "ground", "foreground"):
        assert well.property(name) == unwell.property(name), name


def test_the_first_lines_are_those_that_spoil_most_measurements(stand: Stand) -> None:
    for case, words in (
        ("pressure", "Манжета на голое плечо или тонкий рукав."),
        ("pressure_asked_again", "Манжета на голое плечо или тонкий рукав."),
        ("breath_warming", "Возьмите чистый мундштук."),
        ("breath_waiting_for_breath", "Возьмите чистый мундштук."),
    ):
        stand.show(CASES[case][1], CASES[case][0])
        stand.window.grabWindow()
        first = find(stand.window, "first_line")
        assert first.property("text") == words
        assert first.property("font").bold()
    stand.show(CASES["breath_starting"][1], "breath")
    assert find(stand.window, "title").property("text") == "Возьмите чистый мундштук"
    stand.show(CASES["breath_again"][1], "breath")
    assert stand.kiosk.bridge.screen_view.page.note.startswith("Возьмите чистый мундштук.")
    shown = [item.property("name") for item in visible_items(find(stand.window, "stage")) if kind_of(item) == "Drawing"]
    assert shown == ["blow"]


def test_the_distance_that_is_drawn_is_the_one_that_is_told(stand: Stand) -> None:
    svg = (DRAWINGS / "forehead.svg").read_text("utf-8")
    beam_from, beam_to = map(
        float, re.search(r'M([\d.]+) 140 H([\d.]+)" stroke="#C75B00" stroke-width="6"', svg).groups()
    )
    sensor = float(re.search(r'id="sensor" d="M480 116 H([\d.]+)', svg).group(1))
    skin = float(re.search(r"C366 70 402 104 ([\d.]+) 150", svg).group(1))
    crown, chin = 58.0, 284.0
    drawn_cm = (sensor - skin) / (chin - crown) * HEAD_CM
    assert sensor > beam_from > beam_to > skin - 8
    stand.show(CASES["temperature"][1], "temperature")
    told = stand.kiosk.bridge.screen_view.page.text.replace("\u00a0", " ")
    told_cm = float(re.search(r"(\d+) см", told).group(1))
    assert "три пальца" in told
    assert abs(drawn_cm - told_cm) < 1.0, (drawn_cm, told_cm)
    stand.kiosk.bridge.press("help")
    assert f"{told_cm:.0f} см" in stand.kiosk.bridge.screen_view.help.text.replace("\u00a0", " ")


def test_every_drawing_is_there() -> None:
    named = {path.stem for path in DRAWINGS.glob("*.svg")}
    assert {"mouthpiece", "mouthpiece_small", "posture", "forehead", "blow", "inhale"} <= named
    posture = (DRAWINGS / "posture.svg").read_text("utf-8")
    assert 'id="left_side" transform="translate(430 0) scale(-1 1)"' in posture, (
        "who looks to the left shows the left arm"
    )
    assert 'id="no_coat"' in posture
