"""Judges one photo in a separate process: `python -m terminal.face.portrait_judge ENGINE`, photo in, one JSON line out.

A process, because detection holds the interpreter for a second or more and the kiosk must not stand still, and because a
decoder that a hostile file brings down takes nothing with it. It opens no store and writes no file.
"""

import base64
import json
import os
import sys
from typing import Any

import numpy as np

from terminal.face.engine import EngineUnavailable, FaceEngine
from terminal.face.engines.choose import open_engine
from terminal.face.enrolment import PortraitRefused, examine_portrait

LOWER_PRIORITY = 10
NO_ENGINE_EXIT = 3


def judged(engine: FaceEngine, photo: bytes) -> dict[str, Any]:
    """`engine`, `problems` (codes of `terminal.face.words`) and, without problems, `embedding` (float32, base64)."""
    try:
        examined = examine_portrait(engine, photo)
    except PortraitRefused as refused:
        return {"engine": engine.name, "problems": list(refused.problems), "embedding": None}
    problems = examined.quality.problems or (("no_face",) if examined.embedding is None else ())
    if problems or examined.embedding is None:
        return {"engine": engine.name, "problems": list(problems), "embedding": None}
    values = np.ascontiguousarray(examined.embedding, dtype="<f4").tobytes()
    return {"engine": engine.name, "problems": [], "embedding": base64.b64encode(values).decode("ascii")}


def main() -> int:
    """Exit code 3 with a line on standard error when the engine cannot run."""
    os.nice(LOWER_PRIORITY)
    try:
        sys.stdout.write(json.dumps(judged(open_engine(sys.argv[1]), sys.stdin.buffer.read())))
    except EngineUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return NO_ENGINE_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
