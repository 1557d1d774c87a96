"""The time after which an untouched screen goes back to idle."""

from terminal.clock import Clock
from terminal.config import Timeouts
from terminal.exam.measuring import waits_to_be_seen
from terminal.exam.model import Activity, ExamState, Phase
from terminal.snapshot import Timeout


def allowed_s(timeouts: Timeouts, state: ExamState, awaiting_resume: bool) -> float:
    """How long the screen of an exam's state may stand untouched, in seconds; 0 for as long as it takes."""
    if awaiting_resume:
        return timeouts.resume_s
    if waits_to_be_seen(state):
        return timeouts.measuring_s
    if state.activity in (Activity.MEASURING, Activity.RESULT):
        return 0.0  # the measurement has its own deadline
    if state.phase is Phase.WAITING or state.activity is Activity.RESTING:
        return timeouts.waiting_s
    if state.phase is Phase.DECIDED:
        return timeouts.decided_s
    if state.phase in (Phase.TEMPERATURE, Phase.PRESSURE, Phase.BREATH):
        return timeouts.measuring_s
    return timeouts.asking_s


class ScreenTimeout:
    """The time-out of the screen that stands now; begins anew with each screen and each touch."""

    def __init__(self, timeouts: Timeouts, clock: Clock) -> None:
        self._timeouts, self._clock = timeouts, clock
        self._of: tuple[object, ...] = ()
        self.running: Timeout | None = None

    def begin_anew(self) -> None:
        """Somebody did something."""
        self._of = ()

    def is_over(self, state: ExamState | None, awaiting_resume: bool) -> bool:
        """Whether the screen of `state` has stood untouched for too long; without an exam none runs."""
        if state is None:
            self.running, self._of = None, ()
            return False
        key = (state.exam_id, state.phase, state.activity, state.attempt, awaiting_resume)
        now_s = self._clock.now().monotonic_s
        if key != self._of:
            after_s = allowed_s(self._timeouts, state, awaiting_resume)
            self.running = Timeout(now_s + after_s, after_s) if after_s else None
            self._of = key
        return self.running is not None and self.running.at_monotonic_s <= now_s
