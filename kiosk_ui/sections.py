"""A screen's parts as Qt properties. Each part tells of a change by itself, so that QML redraws only what changed.

A part that did not change keeps its drawn items: a finger that is on a button while a lamp elsewhere changes loses nothing.
"""

from typing import Any

from PySide6.QtCore import Property, QObject, Signal

from kiosk_ui.view.draft import Draft
from kiosk_ui.view.model import ScreenView, as_plain

PARTS = ("page", "live", "steps", "lamps", "link", "help", "labels", "complaints", "keyboard", "frame", "screen")

_MAP: Any = "QVariantMap"
_LIST: Any = "QVariantList"


class Sections(QObject):
    """The parts of a `ScreenView` for QML."""

    page_changed = Signal()
    live_changed = Signal()
    steps_changed = Signal()
    lamps_changed = Signal()
    link_changed = Signal()
    help_changed = Signal()
    labels_changed = Signal()
    complaints_changed = Signal()
    keyboard_changed = Signal()
    frame_changed = Signal()
    screen_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts: dict[str, Any] = {}

    def show(self, view: ScreenView) -> None:
        """Take over what is new in `view`; the page comes before the name of its screen."""
        plain = as_plain(view)
        frame = ("language", "place", "exam_title", "band", "in_exam", "recording")
        parts = {name: plain[name] for name in PARTS if name != "frame"}
        parts["frame"] = {name: plain[name] for name in frame}
        for name in PARTS:
            if self._parts.get(name) != parts[name]:
                self._parts[name] = parts[name]
                getattr(self, f"{name}_changed").emit()

    def _of(self, name: str) -> Any:
        return self._parts[name]

    page = Property(_MAP, lambda self: self._of("page"), notify=page_changed)
    live = Property(_MAP, lambda self: self._of("live"), notify=live_changed)
    steps = Property(_LIST, lambda self: self._of("steps"), notify=steps_changed)
    lamps = Property(_LIST, lambda self: self._of("lamps"), notify=lamps_changed)
    link = Property(_MAP, lambda self: self._of("link"), notify=link_changed)
    help = Property(_MAP, lambda self: self._of("help"), notify=help_changed)
    labels = Property(_MAP, lambda self: self._of("labels"), notify=labels_changed)
    complaints = Property(_LIST, lambda self: self._of("complaints"), notify=complaints_changed)
    keyboard = Property(_LIST, lambda self: self._of("keyboard"), notify=keyboard_changed)
    frame = Property(_MAP, lambda self: self._of("frame"), notify=frame_changed)
    screen = Property(str, lambda self: self._of("screen"), notify=screen_changed)


class DraftSection(QObject):
    """What is typed and marked, for QML."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = Draft()

    def show(self, draft: Draft) -> None:
        if draft != self._draft:
            self._draft = draft
            self.changed.emit()

    typed = Property(str, lambda self: self._draft.typed, notify=changed)
    entered = Property(_LIST, lambda self: list(self._draft.entered), notify=changed)
    pin_length = Property(int, lambda self: len(self._draft.pin), notify=changed)
    chosen = Property(_LIST, lambda self: list(self._draft.chosen), notify=changed)
    remark = Property(str, lambda self: self._draft.remark, notify=changed)
    page = Property(int, lambda self: self._draft.page, notify=changed)
    tab = Property(str, lambda self: self._draft.tab, notify=changed)
    sheet = Property(str, lambda self: self._draft.sheet, notify=changed)
