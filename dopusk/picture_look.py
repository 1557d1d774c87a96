"""Looks at uploaded pictures for the console, each in a process of its own (`central.core.picture_look`).

A decoder that a hostile file brings down takes nothing with it, and a look that takes too long ends with its process.
"""

import json
import subprocess
import sys
import threading
from typing import Any

from central.core.picture_look import LookUnavailable

WITHIN_S = 60.0
"""A photo takes a second or two; a machine that restores a backup beside it takes ten times as long."""
NO_LIBRARY_EXIT = 3
_MOST_SIDE_PX = 2000
_AT_ONCE = threading.BoundedSemaphore(2)
"""More would only wait for each other, and hold up the pages."""


class PictureLooks:
    """As `PictureLook`, with the terminal's rules for portraits and OpenCV's reader of QR codes."""

    def portrait(self, photo: bytes) -> tuple[str, ...]:
        """What is to be changed; `broken` for a file that brings its process down."""
        answer = _asked("terminal.face.portrait_look", photo)
        return ("broken",) if answer is None else tuple(str(one) for one in answer["problems"])

    def code(self, photo: bytes) -> str:
        """The text of the code."""
        answer = _asked("dopusk.picture_look", photo)
        return "" if answer is None else str(answer["text"])


def _asked(module: str, photo: bytes) -> dict[str, Any] | None:
    """The answer of the process; None where the picture has brought it down. Raises `LookUnavailable`."""
    command = [sys.executable, "-P", "-m", module]
    if not _AT_ONCE.acquire(timeout=WITHIN_S):
        raise LookUnavailable("too many pictures at once")
    try:
        done = subprocess.run(command, input=photo, capture_output=True, timeout=WITHIN_S, check=False)
    except subprocess.TimeoutExpired as error:
        # Of a busy machine no photo is the cause; nobody has looked, and the page says so.
        raise LookUnavailable(f"not looked at within {WITHIN_S:.0f} s") from error
    except OSError as error:
        raise LookUnavailable(f"no process could be started: {error}") from error
    finally:
        _AT_ONCE.release()
    if done.returncode == NO_LIBRARY_EXIT:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise LookUnavailable(lines[-1][:300] if lines else "a library is missing")
    if done.returncode != 0:
        return None
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def read_code(photo: bytes) -> str:
    """The text of the QR code on a picture, at most two thousand pixels a side; empty where none is found. Raises `ImportError`."""
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        return ""
    detector = cv2.QRCodeDetector()
    scale = _MOST_SIDE_PX / max(picture.shape)
    whole = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    for tried in (whole, cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)):
        text, _, _ = detector.detectAndDecode(tried)
        if text:
            return str(text)
    return ""


def main() -> int:
    """The process: a picture in, one JSON line out; exit code 3 where a library is missing."""
    photo = sys.stdin.buffer.read()
    try:
        text = read_code(photo)
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return NO_LIBRARY_EXIT
    sys.stdout.write(json.dumps({"text": text}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
