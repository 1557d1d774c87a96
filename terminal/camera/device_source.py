"""A camera of this machine through OpenCV (V4L2 on Linux)."""

import os

import cv2

from terminal.camera.source import CameraFault, Picture

WIDTH_PX, HEIGHT_PX, FRAMES_PER_S = 640, 480, 30


class DeviceSource:
    """`name` is a device file or a number. Asks for 640×480 at 30 frames/s in Motion JPEG and takes what it gets."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> None:
        path = f"/dev/video{self._name}" if self._name.isdigit() else self._name
        if not os.path.exists(path):
            raise CameraFault("missing", f"{path} is not there: is the camera plugged in?")
        if not os.access(path, os.R_OK | os.W_OK):
            raise CameraFault("refused", f"{path} may not be opened: add the terminal's user to the group 'video'")
        backend = cv2.CAP_V4L2 if path.startswith("/dev/") else cv2.CAP_ANY
        capture = cv2.VideoCapture(path, backend)
        if not capture.isOpened():
            capture.release()
            raise CameraFault("busy", f"{path} does not open: another program holds it, or it is not a camera")
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH_PX)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT_PX)
        capture.set(cv2.CAP_PROP_FPS, FRAMES_PER_S)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture = capture

    def read(self) -> Picture:
        if self._capture is None:
            raise CameraFault("missing", f"{self._name} is not open")
        try:
            taken, picture = self._capture.read()
        except cv2.error as error:
            raise CameraFault("format", f"{self._name} gives pictures that cannot be decoded: {error.err}") from error
        if not taken or picture is None:
            raise CameraFault("missing", f"{self._name} gives no more pictures: the camera was unplugged or failed")
        if picture.ndim != 3 or picture.shape[2] != 3:
            raise CameraFault("format", f"{self._name} gives pictures of shape {picture.shape}, expected colour")
        return picture

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def interrupt(self) -> None:
        """Nothing: releasing a capture from a second thread crashes OpenCV; a hanging reader is abandoned instead."""
