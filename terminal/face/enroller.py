"""Turns reference photos into templates' numbers in the background: one at a time, each judged in a separate process."""

import base64
import json
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sync.thread_faults import note_fault

log = logging.getLogger(__name__)

JUDGE_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Portrait:
    """A reference photo that may be judged: consent and basis were looked at before."""

    worker_id: str
    photo_sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PortraitJudged:
    """What came of one. `embedding` (float32, little-endian) is there when `problems` is empty.

    `failure` says that nothing could be judged: the engine is not there. The worker and the photo are not the cause.
    """

    worker_id: str
    photo_sha256: str
    engine: str
    embedding: bytes | None = field(repr=False)
    problems: tuple[str, ...] = ()
    failure: str = ""


Judge = Callable[[Portrait], PortraitJudged]


class Enroller:
    """A thread that begins with the first portrait. `post` is called in it and must not block."""

    def __init__(self, judge: Judge, post: Callable[[PortraitJudged], None]) -> None:
        self._judge, self._post = judge, post
        self._waiting: queue.SimpleQueue[Portrait | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, portrait: Portrait) -> None:
        """Judge it when its turn comes; one `PortraitJudged` follows unless the terminal is closed before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="enroller", daemon=True)
            self._thread.start()
        self._waiting.put(portrait)

    def close(self) -> None:
        """Take no more; waits for the portrait in work for some seconds. What is left is judged after the next start."""
        self._closing.set()
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while (portrait := self._waiting.get()) is not None and not self._closing.is_set():
            try:
                judged = self._judge(portrait)
            except Exception as error:  # noqa: BLE001 - one photo never stops the others
                note_fault("enroller", "judging a reference photo", error)
                told = (portrait.worker_id, portrait.photo_sha256)
                judged = PortraitJudged(*told, "", None, (), f"fault of the program: {type(error).__name__}")
            if not self._closing.is_set():
                self._post(judged)


def judge_apart(portrait: Portrait, engine_name: str = "dlib") -> PortraitJudged:
    """Judge in a process of its own. A photo that brings the process down or takes too long is refused as `broken`."""
    command = [sys.executable, "-P", "-m", "terminal.face.portrait_judge", engine_name]
    told = (portrait.worker_id, portrait.photo_sha256)
    try:
        done = subprocess.run(command, input=portrait.content, capture_output=True, timeout=JUDGE_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        return PortraitJudged(*told, "", None, ("broken",))
    except OSError as error:
        return PortraitJudged(*told, "", None, (), f"no process could be started: {error}")
    if done.returncode < 0:
        return PortraitJudged(*told, "", None, ("broken",))
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return PortraitJudged(*told, "", None, (), lines[-1][:300] if lines else f"exit code {done.returncode}")
    fields = json.loads(done.stdout)
    embedding = base64.b64decode(fields["embedding"]) if fields["embedding"] else None
    return PortraitJudged(*told, fields["engine"], embedding, tuple(fields["problems"]))
