"""Shows a picture, a folder of pictures or a video repeatedly instead of a camera."""

from pathlib import Path

import cv2

from terminal.camera.source import CameraFault, Pace, Picture

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
STILLS_PER_S = 15.0


class FileSource:
    """Stills are shown at 15 a second, a video at its own frame rate."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._stills: list[Picture] = []
        self._shown = 0
        self._video: cv2.VideoCapture | None = None
        self._pace = Pace(STILLS_PER_S)

    def open(self) -> None:
        if not self._path.exists():
            raise CameraFault("missing", f"{self._path} is not there")
        if self._path.is_dir():
            files = sorted(file for file in self._path.iterdir() if file.suffix.lower() in PICTURES)
            if not files:
                raise CameraFault("format", f"the folder {self._path} holds no picture ({', '.join(PICTURES)})")
            self._stills = [_still(file) for file in files]
        elif self._path.suffix.lower() in PICTURES:
            self._stills = [_still(self._path)]
        else:
            self._video = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
            if not self._video.isOpened():
                raise CameraFault("format", f"{self._path} is neither a picture nor a video that OpenCV can read")
            rate = self._video.get(cv2.CAP_PROP_FPS)
            self._pace = Pace(rate if 1 <= rate <= 120 else STILLS_PER_S)

    def read(self) -> Picture:
        if not self._pace.wait():
            raise CameraFault("silent", "interrupted")
        if self._video is not None:
            return self._next_of_video(self._video)
        picture = self._stills[self._shown % len(self._stills)]
        self._shown += 1
        return picture.copy()

    def close(self) -> None:
        if self._video is not None:
            self._video.release()
            self._video = None

    def interrupt(self) -> None:
        self._pace.end()

    def _next_of_video(self, video: cv2.VideoCapture) -> Picture:
        taken, picture = video.read()
        if not taken:
            video.set(cv2.CAP_PROP_POS_FRAMES, 0)
            taken, picture = video.read()
        if not taken or picture is None:
            raise CameraFault("format", f"{self._path} holds no picture that can be read")
        return picture


def _still(file: Path) -> Picture:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise CameraFault("format", f"{file} is not a picture that can be read")
    return picture
