"""Looks at the live items of a window: what is seen, how large it is, whether it fits, and how well it can be read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent
from PySide6.QtQuick import QQuickItem, QQuickWindow
from PySide6.QtTest import QTest

LEAST_TEXT_PX = 32
LEAST_TARGET_PX = 96
LEAST_GAP_PX = 16
LEAST_CONTRAST = 7.0
SLACK_PX = 1.5
SHEET_NAMES = ("sheet_help", "sheet_leave", "sheet_consent", "sheet_remark", "sheet_pin")


@dataclass(frozen=True)
class Seen:
    item: QQuickItem
    rect: QRectF
    kind: str

    @property
    def name(self) -> str:
        return self.item.objectName() or repr(self.item.property("text"))[:40]


def kind_of(item: QObject) -> str:
    return item.metaObject().className().split("_QML")[0]


def visible_items(root: QQuickItem) -> Iterator[QQuickItem]:
    """Items that are drawn, parents before children."""
    if not root.isVisible() or root.opacity() == 0:
        return
    yield root
    for child in root.childItems():
        yield from visible_items(child)


def top_layer(window: QQuickWindow) -> QQuickItem:
    """The sheet that lies on top, or the whole stage."""
    stage = find(window, "stage")
    for item in visible_items(stage):
        if item.objectName() in SHEET_NAMES:
            return item
    return stage


def find(window: QQuickWindow, name: str) -> QQuickItem:
    """The visible item of that object name; the one that lies on top if there are several."""
    found = [item for item in visible_items(window.contentItem()) if item.objectName() == name]
    assert found, f"{name} is not on the screen"
    return found[-1]


def names_on(window: QQuickWindow) -> set[str]:
    return {item.objectName() for item in visible_items(window.contentItem()) if item.objectName()}


def click(window: QQuickWindow, name: str) -> None:
    """A real mouse click in the middle of the item, once it lies where it will stay."""
    window.grabWindow()
    item = find(window, name)
    middle = item.mapToScene(item.boundingRect().center())
    QTest.mouseClick(
        window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(round(middle.x()), round(middle.y()))
    )


def type_keys(window: QQuickWindow, text: str, gap_s: float) -> None:
    """Keys of a real keyboard with this pause between them, by their own time and not by the machine's."""
    for number, character in enumerate(text, 1):
        key = QKeyEvent(QEvent.Type.KeyPress, ord(character.upper()), Qt.KeyboardModifier.NoModifier, character)
        key.setTimestamp(round(1000 * (1 + number * gap_s)))
        QCoreApplication.sendEvent(window, key)


def texts_on(layer: QQuickItem) -> list[Seen]:
    return [
        Seen(item, _text_rect(item), "Words")
        for item in visible_items(layer)
        if item.inherits("QQuickText") and item.property("text")
    ]


def buttons_on(layer: QQuickItem) -> list[Seen]:
    return [
        Seen(item, item.mapRectToScene(item.boundingRect()), kind)
        for item in visible_items(layer)
        if (kind := kind_of(item)) in ("BigButton", "PageButton")
    ]


def faults_on(window: QQuickWindow) -> list[str]:
    """Everything on the top layer that is too small, does not fit, lies on something else or cannot be read."""
    image = window.grabWindow()  # lays everything out first
    layer = top_layer(window)
    texts, buttons = texts_on(layer), buttons_on(layer)
    return [
        *(fault for text in texts for fault in _text_faults(text)),
        *_overlaps(texts),
        *(fault for button in buttons for fault in _target_faults(button)),
        *_narrow_gaps(buttons),
        *(fault for text in texts for fault in _contrast_faults(text, image)),
    ]


def _text_rect(item: QQuickItem) -> QRectF:
    """Where the words stand; of a long text that is turned by buttons, the part that is in view."""
    rect = item.mapRectToScene(QRectF(0, 0, item.property("contentWidth"), item.property("contentHeight")))
    around = item.parentItem()
    while around is not None:
        if around.clip():
            rect = rect.intersected(around.mapRectToScene(around.boundingRect()))
        around = around.parentItem()
    return rect


def _text_faults(text: Seen) -> Iterator[str]:
    item = text.item
    if item.property("font").pixelSize() < LEAST_TEXT_PX:
        yield f"{text.name}: {item.property('font').pixelSize()} px is too small"
    if item.property("truncated"):
        yield f"{text.name}: is cut"
    if item.property("contentWidth") > item.width() + SLACK_PX:
        yield f"{text.name}: {item.property('contentWidth'):.0f} px do not fit into {item.width():.0f}"
    ancestor = item.parentItem()
    while ancestor is not None:
        kind = kind_of(ancestor)
        bounding = kind.startswith("QQuickRectangle") or kind in ("BigButton", "PageButton", "Notice", "ValueTile")
        if bounding or ancestor.objectName().startswith(("screen_", "stage", "sheet_")) or kind == "QQuickLoader":
            bounds = ancestor.mapRectToScene(ancestor.boundingRect())
            if not bounds.adjusted(-SLACK_PX, -SLACK_PX, SLACK_PX, SLACK_PX).contains(text.rect):
                yield f"{text.name}: {_numbers(text.rect)} leaves {kind} {ancestor.objectName()} {_numbers(bounds)}"
        ancestor = ancestor.parentItem()


def _overlaps(texts: list[Seen]) -> Iterator[str]:
    for index, one in enumerate(texts):
        for other in texts[index + 1 :]:
            common = one.rect.intersected(other.rect)
            # lines of text have air around them: only a real overlap of letters counts
            if common.width() > 2 and common.height() > 8:
                yield f"{one.name} lies on {other.name}"


def _target_faults(button: Seen) -> Iterator[str]:
    if min(button.rect.width(), button.rect.height()) < LEAST_TARGET_PX - 0.5:
        yield f"{button.name}: {_numbers(button.rect)} is too small for a finger"
    parent = button.item.parentItem()
    while parent is not None:
        bounds = parent.mapRectToScene(parent.boundingRect())
        inside = bounds.adjusted(-SLACK_PX, -SLACK_PX, SLACK_PX, SLACK_PX).contains(button.rect)
        if parent.objectName().startswith(("screen_", "sheet_", "stage")) and not inside:
            yield f"{button.name}: {_numbers(button.rect)} leaves {parent.objectName()} {_numbers(bounds)}"
        parent = parent.parentItem()


def _narrow_gaps(buttons: list[Seen]) -> Iterator[str]:
    half = LEAST_GAP_PX / 2 - 0.5
    for index, one in enumerate(buttons):
        grown = one.rect.adjusted(-half, -half, half, half)
        for other in buttons[index + 1 :]:
            if grown.intersects(other.rect.adjusted(-half, -half, half, half)):
                yield f"{one.name} is too near to {other.name}"


def _contrast_faults(text: Seen, image: QImage) -> Iterator[str]:
    ground = _ground(image, text.rect)
    if ground is None:
        return
    contrast = contrast_of(text.item.property("color"), ground)
    if contrast < LEAST_CONTRAST:
        yield f"{text.name}: contrast {contrast:.1f} of {text.item.property('color').name()} on {ground.name()}"


def _ground(image: QImage, rect: QRectF) -> QColor | None:
    """The commonest colour around the letters, as it was really drawn."""
    colours: Counter[int] = Counter()
    scale = image.devicePixelRatio()
    inside = rect.toAlignedRect().intersected(image.rect())
    for x in range(inside.left(), inside.right(), 3):
        for y in range(inside.top(), inside.bottom(), 3):
            colours[image.pixel(int(x * scale), int(y * scale))] += 1
    return QColor(colours.most_common(1)[0][0]) if colours else None


def contrast_of(one: QColor, other: QColor) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _numbers(rect: QRectF) -> str:
    return f"({rect.x():.0f} {rect.y():.0f} {rect.width():.0f}×{rect.height():.0f})"
