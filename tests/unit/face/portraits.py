"""Photos for enrolment out of portraits with busy backgrounds."""

import cv2
import numpy as np

from terminal.face.engines.dlib_engine import DlibEngine


def portrait(picture: np.ndarray, width: int = 640) -> bytes:
    """The picture at that width, as JPEG."""
    scale = width / picture.shape[1]
    grown = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", grown, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def before_light_wall(engine: DlibEngine, picture: np.ndarray) -> bytes:
    """The person before a light wall, as a photo for enrolment: the busy background is painted over."""
    box = engine.find(picture)[0]
    (x, y), w = box.middle, box.width
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.ellipse(mask, (int(x), int(y - 0.08 * w)), (int(0.85 * w), int(1.0 * w)), 0, 0, 360, 1, -1)
    mask[int(y + 0.5 * w) :] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), 4)[..., None]
    before_wall = (picture * mask + 205 * (1 - mask)).astype(np.uint8)
    left, top = int(x - 1.6 * w), int(max(0, y - 1.4 * w))
    return portrait(before_wall[top : int(y + 1.8 * w), left : int(x + 1.6 * w)], 600)
