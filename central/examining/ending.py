"""Exams in medical rooms that nobody goes on with: they end by time, as unfinished exams with what was entered."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from central.core.clock import now_utc
from central.core.supervision import Step, Supervised, each
from central.examining.recording import RoomConflict, RoomExams
from central.store import audit, rooms
from central.store.engine import reading, writing
from central.store.rooms import RoomDraft

LOOK_EVERY_S = 30.0


class RoomEnds:
    """A thread of `serve` that ends what is overdue. An exam that was changed meanwhile goes on."""

    def __init__(
        self,
        engine: Engine,
        exams: RoomExams,
        clock: Callable[[], datetime] = now_utc,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._engine, self._exams, self._clock = engine, exams, clock
        self._loop = Supervised("rooms", (Step("overdue", self._look),), poll_s=every_s, daemon=True)

    def __enter__(self) -> "RoomEnds":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def _look(self) -> None:
        with reading(self._engine) as connection:
            found = rooms.overdue(connection, self._clock())
        each(found, self._end, self._loop.record("overdue"), lambda draft: draft.draft_id, lambda _draft, _error: None)

    def _end(self, draft: RoomDraft) -> None:
        now = self._clock()
        try:
            with writing(self._engine) as connection:
                self._exams.end(connection, draft, "expired", now)
                audit.write(
                    connection,
                    at=now,
                    account_id=None,
                    address="",
                    action="room.expire",
                    subject=draft.exam_id,
                    org=draft.org,
                )
        except RoomConflict:
            return
