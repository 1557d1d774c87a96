"""The live picture on the face screen: the newest camera frame, mirrored, thirty times a second at most.

Each frame is copied once, into an image that owns its memory: nothing of the camera's buffer outlives the copy, and the
image before it is let go. The timer stands still while the item is not on the screen.
"""

from typing import Any, Protocol

from PySide6.QtCore import Property, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem

FRAME_MS = 33


class CameraFrame(Protocol):
    """What the preview reads of a frame: rows × columns × 3 unsigned bytes, blue, green, red; `seq` grows."""

    @property
    def bgr(self) -> Any: ...

    @property
    def seq(self) -> int: ...


class LatestFrame(Protocol):
    """The camera's slot: the newest frame or None, at once."""

    def latest(self) -> CameraFrame | None: ...


def image_of(frame: CameraFrame) -> QImage:
    """The frame as a mirrored image that owns its memory. Raises `ValueError` for another shape than rows × columns × 3."""
    shape = frame.bgr.shape
    if len(shape) != 3 or shape[2] != 3:
        raise ValueError(f"a camera frame is rows × columns × 3, not {shape}")
    rows, columns, _ = shape
    packed = frame.bgr if frame.bgr.flags.c_contiguous else frame.bgr.copy()
    borrowed = QImage(packed.data, columns, rows, packed.strides[0], QImage.Format.Format_BGR888)
    return borrowed.flipped(Qt.Orientation.Horizontal)


class FrameSource(QObject):
    """Hands the camera to QML. `camera` is None where there is none."""

    def __init__(self, camera: LatestFrame | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._camera = camera

    def latest(self) -> CameraFrame | None:
        return self._camera.latest() if self._camera is not None else None


class CameraPreview(QQuickPaintedItem):
    """Draws the newest frame, cut to the item's shape. `has_picture` is false while there is nothing to draw."""

    source_changed = Signal()
    has_picture_changed = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self._source: FrameSource | None = None
        self._image: QImage | None = None
        self._seq = -1
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self._look)
        self.visibleChanged.connect(self._start_or_stop)

    def componentComplete(self) -> None:
        super().componentComplete()
        self._start_or_stop()

    def paint(self, painter: QPainter) -> None:
        """Fill the item, cutting what does not fit."""
        image = self._image
        if image is None:
            return
        width, height = self.width(), self.height()
        scale = max(width / image.width(), height / image.height())
        shown_width, shown_height = width / scale, height / scale
        cut = QRectF((image.width() - shown_width) / 2, (image.height() - shown_height) / 2, shown_width, shown_height)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, width, height), image, cut)

    def _start_or_stop(self) -> None:
        if self.isVisible():
            self._look()
            self._timer.start()
        else:
            self._timer.stop()
            self._image, self._seq = None, -1

    def _look(self) -> None:
        frame = self._source.latest() if self._source is not None else None
        if frame is not None and frame.seq == self._seq:
            return
        had = self._image is not None
        if frame is None:
            self._image, self._seq = None, -1
        else:
            self._image, self._seq = image_of(frame), frame.seq
        if frame is not None or had:
            self.update()
        if had != (self._image is not None):
            self.has_picture_changed.emit()

    def _get_source(self) -> QObject | None:
        return self._source

    def _set_source(self, source: QObject | None) -> None:
        self._source = source if isinstance(source, FrameSource) else None
        self.source_changed.emit()
        if self.isVisible():
            self._look()

    source = Property(QObject, _get_source, _set_source, notify=source_changed)
    has_picture = Property(bool, lambda self: self._image is not None, notify=has_picture_changed)
