"""Tells every terminal what it must not delete: the whole list at each change, and anew before the last one gets old.

A terminal deletes nothing by age without a list of today, so one that was away waits for the list that is made after its
return.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from central.core.clock import now_utc
from central.core.supervision import Step, Supervised
from central.link.outgoing import Outgoing
from central.store import holds, terminals
from central.store.engine import reading, writing
from central.store.holds import Hold, HoldList
from central.store.registry import same_person_ids
from sync.contract.canonical import canonical, sha256_hex
from sync.contract.holds import HOLDS, MOST_HOLDS, HeldExams, Holds
from sync.contract.model import utc_text
from sync.contract.roster import REFERENCE_SCHEMA, Reference

LOOK_EVERY_S = 5.0
RENEW_AFTER = timedelta(hours=12)
"""A list that its terminal has taken is made anew after so long; one that still travels is not sent twice."""
_log = logging.getLogger(__name__)


class HoldLists:
    """A thread of `serve`. `wake` is called after a hold was placed or released: the list goes down at once."""

    def __init__(
        self,
        engine: Engine,
        outgoing: Outgoing,
        sent: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = now_utc,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._engine, self._outgoing, self._sent, self._clock = engine, outgoing, sent, clock
        self._loop = Supervised("holds", (Step("lists", self.look),), poll_s=every_s, daemon=True)

    def __enter__(self) -> "HoldLists":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def wake(self) -> None:
        """Look now. From any thread."""
        self._loop.wake()

    def look(self) -> int:
        """Queue what terminals lack; returns how many lists."""
        now = self._clock()
        with reading(self._engine) as connection:
            served = [row for row in terminals.list_terminals(connection) if row["state"] == "enrolled"]
            last = holds.last_lists(connection)
            wanted = {
                row["terminal_id"]: _digest(list_of(connection, row["org"], row["terminal_id"], now)) for row in served
            }
        count = 0
        for row in served:
            before = last.get(row["terminal_id"])
            is_old = before is not None and before.arrived_at is not None and now - before.item.as_of > RENEW_AFTER
            if before is None or before.item.sha256 != wanted[row["terminal_id"]] or is_old:
                with writing(self._engine) as connection:
                    self._queue(connection, row["terminal_id"], row["org"], now)
                count += 1
        if count:
            self._sent()
        return count

    def _queue(self, connection: Connection, terminal_id: str, org: str, now: datetime) -> None:
        holds.wait_for_holds(connection, org)
        content = list_of(connection, org, terminal_id, now)
        reference = Reference(name=HOLDS, version=utc_text(now), content=content.model_dump(mode="json"))
        message_id = self._outgoing.queue(
            connection, terminal_id, "reference", REFERENCE_SCHEMA, reference.model_dump(mode="json")
        )
        holds.note_list(connection, HoldList(message_id, terminal_id, org, _digest(content), now))


def list_of(connection: Connection, org: str, terminal_id: str, now: datetime) -> Holds:
    """What a terminal of an organisation has to keep to now."""
    found = [
        one for one in holds.in_force(connection, org) if one.about != "terminal" or one.terminal_id == terminal_id
    ]
    if len(found) > MOST_HOLDS:
        _log.warning("%d holds of %s are in force: its terminals delete nothing", len(found), org)
        return Holds(as_of=now, keeps_all=True)
    return Holds(as_of=now, holds=tuple(_held(connection, one) for one in found))


def _held(connection: Connection, one: Hold) -> HeldExams:
    if one.about == "exam":
        return HeldExams(exam_id=one.exam_id)
    people = same_person_ids(connection, one.worker_id) if one.about == "worker" else ()
    return HeldExams(
        worker_ids=tuple(sorted(people)),
        is_terminal=one.about == "terminal",
        since=one.since_day,
        until=one.until_day,
    )


def _digest(content: Holds) -> str:
    """Of the holds alone, whenever the list was made."""
    return sha256_hex(canonical(content.model_dump(mode="json", exclude={"as_of"})))
