"""Turns what devices, photographer, recorder and watch report about the exam on the screen into events."""

from collections.abc import Callable

from drivers.messages import DeviceStatusChanged, MeasurementFailed, MeasurementProgress, MeasurementTaken
from drivers.model import DeviceState
from terminal.camera.film import FilmMessage
from terminal.core import Core
from terminal.exam import events
from terminal.exam.model import Activity, Phase
from terminal.face.capture import FaceFound, FaceHint, FaceNotFound, SessionFace
from terminal.face.continuity import StrangerSeen
from terminal.face_search import FaceSearch
from terminal.foreground import Foreground
from terminal.identity import Found, InForce, NotFound, Several, identify_face
from terminal.measuring import answer_event
from terminal.snapshot import LiveProgress


class Observations:
    """Only the core thread may use it. What answers another start or request than the current one belongs to nobody."""

    def __init__(
        self,
        core: Core,
        front: Foreground,
        search: FaceSearch,
        identify: Callable[[Found | Several], None],
        in_force: Callable[[], InForce],
    ) -> None:
        self._core, self._front, self._search = core, front, search
        self._identify, self._in_force = identify, in_force

    def device(self, message: DeviceStatusChanged | MeasurementProgress | MeasurementTaken | MeasurementFailed) -> None:
        """Take what a worker thread posted; an answer to another start than the current one belongs to nobody."""
        state = self._front.free()
        if isinstance(message, DeviceStatusChanged):
            status = message.status
            in_trouble = state is not None and state.activity is Activity.TROUBLE and state.has_tries(state.phase)
            if state and in_trouble and status.device_id == state.device_id and status.state is DeviceState.READY:
                self._front.happen(
                    events.DeviceReturned(
                        exam_id=state.exam_id, stamp=self._core.clock.now(), device_id=status.device_id
                    )
                )
            return
        if state is None or state.activity is not Activity.MEASURING or message.request_id != state.request_id:
            return
        stamp = self._core.clock.now()
        if isinstance(message, MeasurementProgress):
            self._front.progress = LiveProgress(message.state, dict(message.details), stamp.monotonic_s)
        else:
            stopped = self._front.stopped(state.request_id)
            self._front.happen(answer_event(message, state, self._core.config, stamp, stopped=stopped))

    def face(self, message: SessionFace) -> None:
        """Take what the photographer found."""
        if self._search.is_current(message):
            self._search_answered(message)
            return
        if isinstance(message, FaceFound | FaceNotFound):
            return
        state = self._front.in_phase(Phase.FACE)
        if state is None or not self._front.photos.is_current(message):
            return
        stamp = self._core.clock.now()
        if isinstance(message, FaceHint):
            self._front.progress = LiveProgress(message.code, {}, stamp.monotonic_s)
        else:
            self._front.photo_done(self._front.photos.outcome(state, stamp, message))

    def _search_answered(self, message: SessionFace) -> None:
        """A hit is proposed to the worker; anything else leads to the number, and costs no try."""
        moment_s = self._core.clock.now().monotonic_s
        if isinstance(message, FaceHint):
            self._front.progress = LiveProgress(message.code, {}, moment_s)
            return
        self._search.done()
        code = message.code if isinstance(message, FaceNotFound) else "no_match"
        if isinstance(message, FaceFound):
            roster, active_id = self._core.store.roster, self._front.active_id or ""
            worker = roster.worker(message.worker_id)
            employments = self._in_force().of(roster.employments_of(worker) if worker is not None else ())
            found = identify_face(employments, message.evidence)
            rests = any(self._core.exams.open_exam_of(one.worker_id, but=active_id) for one in employments)
            if not isinstance(found, NotFound) and not rests:
                self._identify(found)
                return
            # An exam that rests would go on without the question "is it you?": for that a number is needed.
            code = "number_needed" if rests else code
        self._front.progress = LiveProgress(f"search_{code}", {}, moment_s)

    def film(self, message: FilmMessage) -> None:
        """Take what the recorder kept, lost or finished."""
        self._front.films.take(message)

    def stranger(self, message: StrangerSeen) -> None:
        """Somebody else stands before the camera."""
        self._front.stranger_seen(message)
