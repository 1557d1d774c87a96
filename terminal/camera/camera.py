"""A camera that blocks no caller: readers that hang are abandoned, and a new one tries again for ever.

OpenCV's `read()` may block for ever when a driver dies, so nobody but a throw-away daemon thread ever calls it. A
supervisor looks at how long the last picture is ago, abandons a reader that stands still and starts another one after a
growing pause. Callers only ever look into the slot.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sync.thread_faults import note_fault
from terminal.camera.address import check_source
from terminal.camera.source import CameraFault, Frame, Picture, Source, SourceFactory, without_password

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
OPENING_S = 10.0
"""A USB camera may need some seconds to wake up; more than this counts as hanging."""
MOST_ABANDONED = 4
"""Each abandoned reader holds a thread and perhaps a device: wait for one to die rather than pile them up."""


@dataclass(frozen=True, slots=True)
class CameraState:
    """`ready`: pictures are coming. `opening`: not yet tried in vain. `absent`: `code` and `reason` say why."""

    name: Literal["opening", "ready", "absent", "closed"]
    code: str = ""
    reason: str = ""


class _Reader:
    """One attempt: opens the source, reads until it fails, in a thread that may be abandoned at any time."""

    def __init__(
        self, factory: SourceFactory, put: Callable[["_Reader", Picture], None], wake: threading.Event
    ) -> None:
        self._factory = factory
        self._put = put
        self._wake = wake
        self._source: Source | None = None
        self.abandoned = False
        self.progress_s = time.monotonic()
        self.opened = False
        self.fault: CameraFault | None = None
        self.thread = threading.Thread(target=self._run, name="camera-reader", daemon=True)
        self.thread.start()

    def abandon(self) -> None:
        self.abandoned = True
        if self._source is not None:
            self._source.interrupt()

    def _run(self) -> None:
        try:
            self._source = source = self._factory()
            try:
                source.open()
                while not self.abandoned:
                    picture = source.read()
                    self._put(self, picture)
            finally:
                source.close()
        except CameraFault as fault:
            self.fault = fault
        except Exception as error:  # noqa: BLE001 - what a camera sends ends this reader, and the next one tries again
            note_fault("camera-reader", "reading the camera", error)
            self.fault = CameraFault("broken", f"the camera sent what cannot be read ({type(error).__name__})")
        finally:
            self.fault = self.fault or CameraFault("silent", "the camera's reader has ended")
            self._wake.set()


class Camera:
    """`latest()` gives the newest picture or None at once, whatever the camera does.

    `source` is a configuration string (see `terminal.camera.source`) or a function that makes a `Source`.
    A picture older than `stale_after_s` is not given out: better none than a frozen one.
    """

    def __init__(
        self, source: str | SourceFactory, *, stale_after_s: float = 2.0, opening_s: float = OPENING_S
    ) -> None:
        self._factory = check_source(source) if isinstance(source, str) else source
        self.address = without_password(source) if isinstance(source, str) else "source"
        self._stale_after_s = stale_after_s
        self._opening_s = opening_s
        self._lock = threading.Condition()
        self._frame: Frame | None = None
        self._seq = 0
        self._state = CameraState("opening")
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._reader: _Reader | None = None
        self._abandoned: list[_Reader] = []
        self._supervisor = threading.Thread(target=self._supervise, name="camera", daemon=True)
        self._supervisor.start()

    @property
    def state(self) -> CameraState:
        with self._lock:
            return self._state

    def latest(self) -> Frame | None:
        """The newest picture, or None while there is none that is fresh. Never blocks."""
        with self._lock:
            return self._fresh()

    def newer_than(self, seq: int, timeout_s: float) -> Frame | None:
        """Wait until a picture with a higher number is there; None when none came in time."""
        with self._lock:
            self._lock.wait_for(lambda: self._closing.is_set() or self._is_newer(seq), timeout_s)
            return self._fresh() if self._is_newer(seq) else None

    def close(self, timeout_s: float = 2.0) -> bool:
        """Stop within `timeout_s`. False when a driver hangs: its daemon thread is left behind, with a note in the log."""
        self._closing.set()
        self._wake.set()
        with self._lock:
            self._lock.notify_all()
        deadline_s = time.monotonic() + timeout_s
        self._supervisor.join(timeout_s)
        for reader in [self._reader, *self._abandoned]:
            if reader is not None:
                reader.thread.join(max(0.0, deadline_s - time.monotonic()))
        hanging = any(reader is not None and reader.thread.is_alive() for reader in [self._reader, *self._abandoned])
        if hanging:
            log.warning("camera %s: its driver hangs, the reading thread is left behind", self.address)
        return not hanging

    def _is_newer(self, seq: int) -> bool:
        return self._frame is not None and self._frame.seq > seq

    def _fresh(self) -> Frame | None:
        frame = self._frame
        if frame is None or time.monotonic() - frame.monotonic_s > self._stale_after_s:
            return None
        return frame

    def _put(self, reader: _Reader, picture: Picture) -> None:
        picture.flags.writeable = False
        with self._lock:
            if reader.abandoned or self._closing.is_set():
                return
            reader.progress_s = now_s = time.monotonic()
            reader.opened = True
            self._seq += 1
            self._frame = Frame(picture, self._seq, now_s)
            self._enter(CameraState("ready"))
            self._lock.notify_all()

    def _enter(self, state: CameraState) -> None:
        if state == self._state:
            return
        self._state = state
        if state.name == "absent":
            log.warning("camera %s: %s", self.address, state.reason)
        else:
            log.info("camera %s: %s", self.address, state.name)

    def _supervise(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._closing.is_set():
            self._abandoned = [reader for reader in self._abandoned if reader.thread.is_alive()]
            if len(self._abandoned) < MOST_ABANDONED:
                try:
                    delivered = self._watch_one_reader()
                except Exception as error:  # noqa: BLE001 - such as no room for one more thread: tried again
                    note_fault("camera", "watching the camera", error)
                    delivered = False
                pause_s = FIRST_PAUSE_S if delivered else min(pause_s * 2, LONGEST_PAUSE_S)
            self._closing.wait(pause_s)
        with self._lock:
            self._frame = None
            self._enter(CameraState("closed"))
            self._lock.notify_all()

    def _watch_one_reader(self) -> bool:
        """Run one reader to its end; true if it gave at least one picture."""
        self._wake.clear()
        self._reader = reader = _Reader(self._factory, self._put, self._wake)
        while True:
            self._wake.wait(0.25)
            still_s = time.monotonic() - reader.progress_s
            hanging = still_s > (self._stale_after_s if reader.opened else self._opening_s)
            if reader.fault is None and not hanging and not self._closing.is_set():
                continue
            break
        # Read before the reader is interrupted: afterwards it has a fault of our own making.
        fault = reader.fault or CameraFault("silent", f"no picture for {still_s:.0f} s, the driver hangs")
        reader.abandon()
        with self._lock:
            if not self._closing.is_set():
                self._frame = None
                self._enter(CameraState("absent", fault.code, str(fault)))
        if reader.thread.is_alive():
            self._abandoned.append(reader)
        return reader.opened
