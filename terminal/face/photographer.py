"""Takes the photo of the exam: looks through the camera in a separate thread and posts the result.

Exactly one `PhotoReady` or `PhotoUnusable` follows each `begin`, and one `FaceFound` or `FaceNotFound` each `search`, unless
it is cancelled or replaced by another.
OpenCV and dlib are loaded in this thread, so that the kiosk's first screen does not wait for them.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from sync.contract.exam import FaceCheck
from sync.thread_faults import note_fault
from terminal.camera import Camera, CameraState, Frame
from terminal.face.capture import (
    CameraChanged,
    FaceFound,
    FaceHint,
    FaceMessage,
    FaceNotFound,
    PhotoReady,
    PhotoUnusable,
)

if TYPE_CHECKING:
    from terminal.face.framing import Framing
    from terminal.face.liveness_session import FaceFinder, LivenessSession
    from terminal.face.search import Hit, Miss

log = logging.getLogger(__name__)

Post = Callable[[FaceMessage], None]

LOOK_S = 0.25
"""How often an idle photographer looks at the camera's state."""


class PhotographerSettings(BaseModel):
    """Times in seconds of the monotonic clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    give_up_s: float = Field(default=10.0, gt=0)
    """After this the best picture there was is posted as unusable, and the exam goes on by the medic's eye."""
    no_camera_s: float = Field(default=2.0, gt=0)
    """A camera that is absent for this long is not waited for any longer."""
    hint_every_s: float = Field(default=1.0, gt=0)
    liveness: bool = False
    """Ask for random turns after the photo (`FaceHint` with `turn_left`, `turn_right` or `closer`) and judge them."""
    good_frames: int = Field(default=3, ge=1, le=20)
    """The best of this many good frames becomes the photo."""


class FaceComparer(Protocol):
    """Compares good frames with what is known of the worker. Only ever called where the law's conditions are met."""

    def compare(self, worker_id: str, frames: list[Any]) -> FaceCheck: ...

    def search(self, frames: list[Any]) -> "Hit | Miss": ...


@dataclass(slots=True)
class _Request:
    request_id: str
    worker_id: str
    may_compare: bool
    began_s: float
    absent_since_s: float | None = None
    hinted_s: float = float("-inf")
    hint: str = ""
    defect: str = "no_camera"
    best: Any = None
    best_worth: float = -1.0
    best_frames: list[Any] | None = None
    session: "LivenessSession | None" = None
    prompted: str | None = None
    searching: bool = False


class CameraPhotographer:
    """A `Photographer` over a `Camera`. `post` is called in this object's thread and must not block."""

    def __init__(
        self,
        camera: Camera,
        post: Post,
        settings: PhotographerSettings | None = None,
        make_comparer: Callable[[], FaceComparer] | None = None,
    ) -> None:
        self._camera = camera
        self._post = post
        self._settings = settings or PhotographerSettings()
        self._make_comparer = make_comparer
        self._comparer: FaceComparer | None = None
        self._finder: FaceFinder | None = None
        self._lock = threading.Condition()
        self._request: _Request | None = None
        self._closing = False
        self._told: CameraState | None = None
        self._thread = threading.Thread(target=self._run, name="photographer", daemon=True)
        self._thread.start()

    def begin(self, request_id: str, worker_id: str, *, may_compare: bool) -> None:
        with self._lock:
            self._request = _Request(request_id, worker_id, may_compare, time.monotonic())
            self._lock.notify_all()

    def search(self, request_id: str) -> None:
        with self._lock:
            self._request = _Request(request_id, "", True, time.monotonic(), searching=True)
            self._lock.notify_all()

    def cancel(self) -> None:
        with self._lock:
            self._request = None
            self._lock.notify_all()

    def close(self) -> None:
        """Stop the thread; returns when it has ended, after two seconds at most. The camera stays open."""
        with self._lock:
            self._closing = True
            self._request = None
            self._lock.notify_all()
        self._thread.join(2.0)

    def _run(self) -> None:
        seq = 0
        while True:
            with self._lock:
                if not self._closing and self._request is None:
                    self._lock.wait(LOOK_S)
                if self._closing:
                    return
                request = self._request
            self._tell_of_camera()
            if request is None:
                continue
            frame = self._camera.newer_than(seq, LOOK_S)
            if frame is not None:
                seq = frame.seq
            try:
                if frame is not None:
                    self._look(request, frame)
                self._watch_time(request, frame)
            except Exception as error:  # noqa: BLE001 - a picture that the program stumbles over costs this request alone
                note_fault("photographer", "looking at a picture", error)
                self._give_up(request)

    def _tell_of_camera(self) -> None:
        state = self._camera.state
        if state == self._told or state.name not in ("ready", "absent"):
            return
        self._told = state
        self._post(CameraChanged(state.name, state.reason))

    def _look(self, request: _Request, frame: Frame) -> None:
        from terminal.face.framing import FramingLimits, judge

        if request.session is not None:
            self._watch_liveness(request, request.session, frame)
            return
        framing = judge(frame.bgr, FramingLimits())
        request.defect = framing.defect
        if framing.worth > request.best_worth:
            request.best, request.best_worth = frame.bgr, framing.worth
        if framing.defect:
            self._hint(request, framing)
            return
        request.best_frames = [*(request.best_frames or []), frame.bgr]
        if len(request.best_frames) < self._settings.good_frames:
            return
        if request.searching:
            self._finish(request, self._searched(request, request.best_frames))
            return
        if self._settings.liveness:
            request.session = self._new_session()
        if request.session is None:
            self._finish(request, self._ready(request))

    def _new_session(self) -> "LivenessSession | None":
        from terminal.face.engine import EngineUnavailable
        from terminal.face.engines.dlib_engine import DlibFinder
        from terminal.face.liveness import LivenessLimits, draw_prompts
        from terminal.face.liveness_session import LivenessSession

        try:
            self._finder = self._finder or DlibFinder()
        except EngineUnavailable as error:
            log.error("liveness cannot be checked: %s", error)
            return None
        limits = LivenessLimits()
        return LivenessSession(self._finder, draw_prompts(limits.prompts), limits)

    def _watch_liveness(self, request: _Request, session: "LivenessSession", frame: Frame) -> None:
        session.feed(frame.monotonic_s, frame.bgr)
        if session.showing is not None and session.showing != request.prompted:
            self._post_if_current(request, session.showing)
            # A frontal picture of whoever follows the prompts: it is compared as well, or two people could share the work.
            request.best_frames = [*(request.best_frames or []), frame.bgr]
        request.prompted = session.showing
        if session.over:
            verdict = session.result()
            ready = self._ready(request)
            face = ready.face.model_copy(
                update={"liveness": verdict.outcome, "reason": ready.face.reason or verdict.reason}
            )
            self._finish(request, PhotoReady(ready.request_id, ready.jpeg, face))

    def _post_if_current(self, request: _Request, code: str) -> None:
        with self._lock:
            current = self._request is request
        if current:
            self._post(FaceHint(request.request_id, code))

    def _hint(self, request: _Request, framing: "Framing") -> None:
        now_s = time.monotonic()
        if framing.hint and now_s - request.hinted_s >= self._settings.hint_every_s:
            request.hinted_s = now_s
            self._post_if_current(request, framing.hint)

    def _ready(self, request: _Request) -> PhotoReady:
        from terminal.camera.jpeg import encode_jpeg

        comparer = self._opened_comparer() if request.may_compare else None
        if comparer is not None:
            face = comparer.compare(request.worker_id, request.best_frames or [])
        else:
            face = FaceCheck(outcome="not_compared", faces_found=1)
        return PhotoReady(request.request_id, encode_jpeg(request.best), face)

    def _searched(self, request: _Request, frames: list[Any]) -> FaceFound | FaceNotFound:
        from terminal.face.search import Hit

        comparer = self._opened_comparer()
        if comparer is None:
            return FaceNotFound(request.request_id, "no_engine")
        found = comparer.search(frames)
        if isinstance(found, Hit):
            return FaceFound(request.request_id, found.worker_id, found.evidence)
        return FaceNotFound(request.request_id, found.code)

    def _opened_comparer(self) -> FaceComparer | None:
        if self._comparer is None and self._make_comparer is not None:
            self._comparer = self._make_comparer()
        return self._comparer

    def _watch_time(self, request: _Request, frame: Frame | None) -> None:
        from terminal.camera.jpeg import encode_jpeg

        now_s = time.monotonic()
        if frame is not None:
            request.absent_since_s = None
        elif request.absent_since_s is None:
            request.absent_since_s = now_s
        gone = request.absent_since_s is not None and now_s - request.absent_since_s >= self._settings.no_camera_s
        late = request.session is None and now_s - request.began_s >= self._settings.give_up_s
        if gone or late:
            jpeg = None if request.best is None else encode_jpeg(request.best)
            code = "no_camera" if gone else request.defect or "no_face"
            if request.searching:
                self._finish(request, FaceNotFound(request.request_id, code))
                return
            self._finish(request, PhotoUnusable(request.request_id, code, jpeg))

    def _give_up(self, request: _Request) -> None:
        """A fault of ours: the exam goes on by the medic's eye, and without what we stumbled over."""
        if request.searching:
            self._finish(request, FaceNotFound(request.request_id, "no_engine"))
        else:
            self._finish(request, PhotoUnusable(request.request_id, "no_good_frame", None))

    def _finish(self, request: _Request, answer: PhotoReady | PhotoUnusable | FaceFound | FaceNotFound) -> None:
        with self._lock:
            if self._request is not request:
                return
            self._request = None
        self._post(answer)


def open_photographer(
    camera: Camera,
    post: Post,
    settings: PhotographerSettings | None = None,
    make_comparer: Callable[[], FaceComparer] | None = None,
) -> CameraPhotographer:
    """Begin to look through `camera`; messages go to `post`, in another thread. Close it before the camera.

    `make_comparer` is called at the first request that may compare, in the photographer's thread: engines load slowly.
    """
    return CameraPhotographer(camera, post, settings, make_comparer)
