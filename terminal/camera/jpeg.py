"""JPEG within a limit of bytes: it lowers the quality first, then the size."""

from typing import Any

import cv2
from numpy.typing import NDArray

Picture = NDArray[Any]

MOST_BYTES = 500_000
"""Limit of the electronic health book for a photo; the exam's photo is held to it as well."""


def encode_jpeg(picture: Picture, most_bytes: int = MOST_BYTES) -> bytes:
    """The picture as JPEG of at most `most_bytes`. Raises `ValueError` when that cannot be reached."""
    while min(picture.shape[:2]) >= 64:
        for quality in (92, 85, 75):
            encoded, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if encoded and jpeg.size <= most_bytes:
                return jpeg.tobytes()
        picture = cv2.resize(picture, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    raise ValueError(f"a picture of {picture.shape[1]}×{picture.shape[0]} does not fit into {most_bytes} bytes")
