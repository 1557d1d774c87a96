"""The thread `ringing` of `serve`: rings medics on duty for exams that wait unopened, and stops what has been opened."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from central.access.accounts import is_alive
from central.core.clock import now_utc
from central.core.supervision import Step, Supervised, each
from central.duty.called_lists import CalledLists
from central.duty.ringing import Move, OnDuty, move_for
from central.link.outgoing import Outgoing
from central.store import accounts, duties, rings
from central.store.engine import hold, reading, writing
from central.store.rings import Ring
from sync.contract.canonical import new_id

POLL_S = 5.0


class Ringing:
    """Looks at the queue. `after_s`: seconds that an exam waits unopened before the first ring and each next one."""

    def __init__(
        self,
        engine: Engine,
        after_s: int,
        outgoing: Outgoing,
        clock: Callable[[], datetime] = now_utc,
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._after = timedelta(seconds=after_s)
        self._clock = clock
        self._sent = sent
        self._lists = CalledLists(engine, outgoing, clock)
        self._loop = Supervised(
            "ringing", (Step("ring", self.look), Step("tell", self.tell)), poll_s=POLL_S, daemon=True
        )

    def __enter__(self) -> "Ringing":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def look(self) -> int:
        """Make all moves that are due; returns how many were made."""
        with reading(self._engine) as connection:
            moves, ended = self._due(connection)
        made: list[bool] = []

        def carry_out(move: Move) -> None:
            with writing(self._engine) as connection:
                hold(connection, f"rings of {move.item.exam_message_id}")
                made.append(self._carry_out(connection, move))

        def end(one: Ring) -> None:
            with writing(self._engine) as connection:
                made.append(rings.stop(connection, one.ring_id, "decided", self._clock()))

        record = self._loop.record("ring")
        each(moves, carry_out, record, lambda move: f"exam {move.item.exam_id}", lambda _move, _error: None)
        each(ended, end, record, lambda one: f"exam {one.exam_id}", lambda _one, _error: None)
        return sum(made)

    def tell(self) -> int:
        """Tell terminals of it; returns how many."""
        count = self._lists.look()
        if count:
            self._sent()
        return count

    def _due(self, connection: Connection) -> tuple[list[Move], list[Ring]]:
        now = self._clock()
        waiting = rings.waiting(connection, now)
        found = rings.of_messages(connection, [item.exam_message_id for item in waiting])
        of_message: defaultdict[str, list[Ring]] = defaultdict(list)
        for one in found:
            of_message[one.exam_message_id].append(one)
        on_duty: defaultdict[str, list[OnDuty]] = defaultdict(list)
        for duty in duties.of_all(connection, now):
            account = accounts.by_id(connection, duty.account_id)
            if account is not None and not account.disabled and duty.org in account.orgs:
                sessions = accounts.sessions_of(connection, duty.account_id)
                on_duty[duty.org].append(OnDuty(duty, any(is_alive(one, now) for one in sessions)))
        moves = [
            move
            for item in waiting
            if (move := move_for(item, of_message[item.exam_message_id], on_duty[item.org], self._after, now))
        ]
        still = {item.exam_message_id for item in waiting}
        return moves, [one for one in found if one.stopped_at is None and one.exam_message_id not in still]

    def _carry_out(self, connection: Connection, move: Move) -> bool:
        now = self._clock()
        if move.stop is not None and not rings.stop(connection, move.stop.ring_id, move.stopped_by, now):
            return False  # another process was quicker, and rings the next one
        if move.ring is None:
            return move.stop is not None
        item, account_id = move.item, move.ring.duty.account_id
        made = Ring(
            ring_id=new_id(),
            org=item.org,
            exam_id=item.exam_id,
            exam_message_id=item.exam_message_id,
            account_id=account_id,
            step=move.step,
            in_session=move.ring.in_session,
            rung_at=now,
            stopped_at=None,
            stopped_by="",
        )
        return rings.begin(connection, made)
