"""The film of an exam for the core: its beginning and end, what is kept of it, and the wait of the record for it.

The recorder works in its own threads; this module only tells it what happens and commits what it answers. Nothing here
waits: what must come after the film's last segment is handed in as a call, which is made then, or when time is up.
"""

import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from terminal.camera.film import FilmMessage, Kept, Lost
from terminal.clock import Clock
from terminal.exam import events
from terminal.exam.filming import Moment, Sight, filmed_until, is_filmed, moments, open_films
from terminal.exam.model import ExamState
from terminal.film_events import film_gap, gap_of, media_of
from terminal.open_exams import OpenExams

log = logging.getLogger(__name__)

FINISH_WITHIN_S = 5.0
"""So long an ending exam waits for its last segment; then the record goes without it and says so."""


class FilmRecorder(Protocol):
    """What the core asks of `terminal.camera.recorder.Recorder`. Every call returns at once."""

    def refusal(self) -> str: ...
    def begin(self, exam_id: str, film: int, step: str) -> None: ...
    def mark(self, step: str, attempt: int | None, moment: str) -> None: ...
    def end(self) -> None: ...
    def still(self, exam_id: str, step: str, attempt: int | None, moment: str) -> None: ...
    def salvage(self, exam_id: str, film: int, known: frozenset[str]) -> None: ...
    def sweep(self, open_exams: frozenset[str]) -> None: ...
    def release(self, kept: Kept) -> None: ...
    def drop(self, kept: Kept) -> None: ...


class ExamFilm:
    """Only the core thread may use it. Without a recorder nothing is filmed and nothing is waited for."""

    def __init__(
        self,
        exams: OpenExams,
        recorder: FilmRecorder | None,
        clock: Clock,
        after: Callable[[float, Callable[[], None]], None],
        may_film: Callable[[ExamState], bool] = lambda _: True,
    ) -> None:
        """`may_film` is asked beyond the consent at the kiosk, for a consent in the register."""
        self._exams, self._recorder, self._clock, self._after = exams, recorder, clock, after
        self._may_film = may_film
        self._running: tuple[str, int] | None = None
        self._own: set[tuple[str, int]] = set()
        self._declined = ""
        self._sight: Sight | None = None
        self._stills: dict[str, list[Moment]] = {}
        self._held: dict[str, tuple[int, Callable[[], None]]] = {}
        self._holds = itertools.count()

    def recover(self) -> None:
        """After a start: save what the last process left of films that were cut off, and name what is lost."""
        exams = list(self._exams.exams.values())
        if self._recorder is not None:
            self._recorder.sweep(frozenset(state.exam_id for state in exams))
        for state in exams:
            for film in open_films(state):
                if self._recorder is None:
                    self._end_film(state.exam_id, film.number, "restart")
                else:
                    known = frozenset(media.sha256 for media in state.media)
                    self._recorder.salvage(state.exam_id, film.number, known)

    def observe(self, active: ExamState | None, progress: str) -> None:
        """Begin, mark, take stills, end, as the exam before the screen asks for. `progress` is what its device tells."""
        if self._recorder is None:
            return
        is_over = active is None or not is_filmed(active) or self.is_holding(active.exam_id)
        may_film = active is not None and not is_over and self._may_film(active)
        if self._running is not None and (not may_film or active is None or active.exam_id != self._running[0]):
            self._stop(self._recorder)
        if active is None or is_over:
            self._declined, self._sight = "", None
            return
        if self._running is None and active.exam_id != self._declined:
            self._begin(self._recorder, active, may_film=may_film)
        if not may_film:
            return
        sight = Sight.of(active, progress)
        for moment in moments(self._sight, sight, active):
            self._recorder.mark(moment.step, moment.attempt, moment.moment)
            if moment.is_proof:
                self._stills.setdefault(active.exam_id, []).append(moment)
                self._recorder.still(active.exam_id, moment.step, moment.attempt, moment.moment)
        self._sight = sight

    def take(self, message: FilmMessage) -> None:
        """Commit what the recorder answered. What comes too late was named as missing before, and goes."""
        state = self._exams.exams.get(message.exam_id)
        if state is None or not self._is_expected(state, message):
            log.warning("exam %s: %s came too late", message.exam_id, type(message).__name__)
        elif isinstance(message, Kept):
            self._keep(message)
        elif isinstance(message, Lost):
            self._miss(message)
        else:
            is_own = (message.exam_id, message.film) in self._own
            self._end_film(message.exam_id, message.film, "" if is_own else "restart")
        if isinstance(message, Kept) and self._recorder is not None:
            if self._exams.names_media(message.sha256):
                self._recorder.release(message)
            else:
                self._recorder.drop(message)
        self._let_go(message.exam_id)

    def is_holding(self, exam_id: str) -> bool:
        """Whether the end of this exam waits for its film."""
        return exam_id in self._held

    def when_finished(self, exam_id: str, call: Callable[[], None]) -> None:
        """End the film and make `call` when everything of it is committed: at once, soon, or when time is up."""
        if self._recorder is not None and self._running is not None and self._running[0] == exam_id:
            self._stop(self._recorder)
        if not self._is_open(exam_id):
            call()
            return
        hold = next(self._holds)
        self._held[exam_id] = (hold, call)
        self._after(FINISH_WITHIN_S, lambda: self._give_up(exam_id, hold))

    def _begin(self, recorder: FilmRecorder, state: ExamState, *, may_film: bool) -> None:
        stamp = self._clock.now()
        if reason := recorder.refusal() if may_film else "no_consent":
            gap = film_gap(reason, str(state.phase), stamp.at, None)
            self._exams.happen(events.FilmMissed(exam_id=state.exam_id, stamp=stamp, gap=gap))
            self._declined = state.exam_id
            return
        film = len(state.films) + 1
        self._exams.happen(events.FilmBegan(exam_id=state.exam_id, stamp=stamp, film=film))
        self._running = (state.exam_id, film)
        self._own.add(self._running)
        recorder.begin(state.exam_id, film, str(state.phase))

    def _stop(self, recorder: FilmRecorder) -> None:
        self._running = None
        recorder.end()

    def _keep(self, message: Kept) -> None:
        """Name it in the diary and queue it; a segment only while the disk has room for more than exams."""
        if message.kind == "video" and self._recorder is not None and self._recorder.refusal() == "disk_low":
            lost = Lost(
                message.exam_id, message.film, "video", "disk_low", message.step, message.attempt, message.began_s
            )
            self._miss(replace(lost, ended_s=message.ended_s))
            return
        stamp = self._clock.now()
        media = media_of(message, stamp)
        self._exams.happen(
            events.MediaKept(exam_id=message.exam_id, stamp=stamp, media=media),
            with_transaction=lambda: self._exams.queue_media(message.exam_id, message.content, media, stamp),
        )
        self._answered(message)

    def _miss(self, message: Lost) -> None:
        stamp = self._clock.now()
        self._exams.happen(events.FilmMissed(exam_id=message.exam_id, stamp=stamp, gap=gap_of(message, stamp)))
        self._answered(message)

    def _end_film(self, exam_id: str, film: int, reason: str) -> None:
        """Close a film; with a reason, name what lies between its last segment and now as missing."""
        stamp = self._clock.now()
        if reason:
            state = self._exams.exams[exam_id]
            open_film = next(candidate for candidate in open_films(state) if candidate.number == film)
            gap = film_gap(reason, "", filmed_until(state, open_film), stamp.at)
            self._exams.happen(events.FilmMissed(exam_id=exam_id, stamp=stamp, gap=gap))
        self._exams.happen(events.FilmEnded(exam_id=exam_id, stamp=stamp, film=film))
        self._own.discard((exam_id, film))

    def _is_expected(self, state: ExamState, message: FilmMessage) -> bool:
        if isinstance(message, Kept | Lost) and message.kind == "photo":
            return bool(self._stills.get(state.exam_id))
        return message.film in {film.number for film in open_films(state)}

    def _answered(self, message: Kept | Lost) -> None:
        """Stills are answered in the order in which they were asked for."""
        if message.kind == "photo" and (waiting := self._stills.get(message.exam_id)):
            waiting.pop(0)
            if not waiting:
                del self._stills[message.exam_id]

    def _is_open(self, exam_id: str) -> bool:
        state = self._exams.exams.get(exam_id)
        return state is not None and bool(open_films(state) or self._stills.get(exam_id))

    def _let_go(self, exam_id: str) -> None:
        if not self._is_open(exam_id) and (held := self._held.pop(exam_id, None)) is not None:
            held[1]()

    def _give_up(self, exam_id: str, hold: int) -> None:
        """Time is up: what is still to come is named as missing. The time of an earlier hold means nothing."""
        state = self._exams.exams.get(exam_id)
        if state is None or self._held.get(exam_id, (None,))[0] != hold:
            return
        log.error("exam %s ends without the end of its film: camera or encoder hangs (service engineer)", exam_id)
        for film in open_films(state):
            self._end_film(exam_id, film.number, "not_finished")
        for moment in self._stills.pop(exam_id, []):
            stamp = self._clock.now()
            lost = Lost(exam_id, None, "photo", "not_finished", moment.step, moment.attempt, stamp.monotonic_s)
            self._exams.happen(events.FilmMissed(exam_id=exam_id, stamp=stamp, gap=gap_of(lost, stamp)))
        self._let_go(exam_id)
