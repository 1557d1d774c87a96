"""The camera: a separate thread, a slot with the latest frame, and sources that may vanish or hang at any time."""

from terminal.camera.address import check_source
from terminal.camera.camera import Camera, CameraState
from terminal.camera.source import CameraFault, Frame

__all__ = ["Camera", "CameraFault", "CameraState", "Frame", "check_source"]
