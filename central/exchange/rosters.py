"""Rosters for terminals: entries made of what changed, and for each terminal the shortest way from what it has to what is.

One thread. A change of the registers only notes whom it concerns; here the entries are made, some hundreds in one transaction,
and lists go to terminals that are not offline and have answered everything before. So a terminal that was away for a month gets one
difference, and nothing is made for one that does not come back.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, Engine

from central.core import metrics
from central.core.clock import now_utc
from central.core.days import day_of
from central.core.step_records import is_away, place_of
from central.core.supervision import Step, Supervised
from central.exchange.roster_plan import Plan, Stand, plan_of
from central.link import roster_lists
from central.link.outgoing import Outgoing, store_ahead
from central.link.roster_lists import Target
from central.link.roster_parts import RosterDifference, RosterList
from central.store import health, outgoing, roster_entries, roster_sent, terminal_employers, terminals
from central.store.chain_heads import next_down_link
from central.store.engine import reading, writing
from central.store.roster_sent import SentList

POLL_S = 0.5
MOST_ON_THEIR_WAY = 200
"""Terminals that may have a difference to answer: decisions must not wait behind a thousand of them."""
MOST_WHOLE = 4
"""Terminals that may have a whole list of less than `WHOLE_WITHIN` to answer."""
WHOLE_WITHIN = timedelta(minutes=2)
"""A terminal that takes longer keeps no place from the others."""
WHOLE_AGAIN_S = 60.0
"""So long a terminal that knows differences waits for another whole list."""
LOOK_EVERY_S = 2.0
"""How often it is looked at what terminals say, when nothing has changed here."""
OTHERS_WRITE_S = 0.12
"""Between two lots of entries. Whoever finds SQLite taken looks again after 0.1 s at most, and would never find it free."""
SET_ASIDE_S = 600.0
"""How long a terminal whose list cannot be made is passed over."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Made:
    """A list or a difference as it goes to one terminal."""

    plan: Plan
    content: RosterList | RosterDifference


class Rosters:
    """Start it once per centre, beside the dispatcher, which carries what it queues."""

    def __init__(self, engine: Engine, pen: Outgoing) -> None:
        self._engine, self._pen = engine, pen
        self._aside_until_s: dict[str, float] = {}
        self._whole_at_s: dict[str, float] = {}
        self._day: date | None = None
        self.on_queued: Callable[[], None] = lambda: None
        """Called after each commit that queued something."""
        self._loop = Supervised(
            "rosters",
            (Step("midnight", self._look_at_day), Step("entries", self._make), Step("lists", self.send, LOOK_EVERY_S)),
            poll_s=POLL_S,
            daemon=True,
        )

    def start(self) -> None:
        """Begin in the background."""
        self._loop.start()

    def wake(self) -> None:
        """Something was committed: look at once. From any thread."""
        self._loop.hasten("lists")
        self._loop.wake()

    def stop(self) -> None:
        """End the thread."""
        self._loop.stop()

    def work(self) -> int:
        """Do all there is to do now, in this thread; returns how many terminals were sent something."""
        self._look_at_day()
        self._make()
        return self.send()

    def _look_at_day(self) -> None:
        """At midnight employments end and limits run out without anybody's doing."""
        today = day_of(now_utc())
        if today == self._day:
            return
        with reading(self._engine) as connection:
            is_any = roster_entries.is_any_outdated(connection, today)
        if is_any:
            with writing(self._engine) as connection:
                roster_entries.mark_outdated(connection, today)
        self._day = today

    def _make(self) -> None:
        """Make entries until none wait; each time so few that others can write in between."""
        is_first = True
        while not self._loop.stopping:
            with reading(self._engine) as connection:
                if not roster_entries.due(connection, 1):
                    return
            if not is_first:
                self._loop.rest(OTHERS_WRITE_S)
            is_first = False
            with writing(self._engine) as connection:
                roster_lists.make_entries(connection, day_of(now_utc()))
            self._loop.hasten("lists")

    def send(self) -> int:
        """Queue what terminals lack; returns for how many."""
        with reading(self._engine) as connection:
            plans = list(self._plans(connection))
            known = [plan for plan in plans if plan.way == "known"]
            # A store that was lost needs its books too: the replenisher sends both.
            is_any_whole = any(plan.way == "whole" for plan in plans)
            lost = {one for one, _ in health.behind(connection)} if is_any_whole else set()
            needed = [plan for plan in plans if plan.way != "known" and plan.stand.terminal_id not in lost]
            made = list(self._made(connection, needed))
        if known:
            with writing(self._engine) as connection:
                for plan in known:
                    self._note(connection, plan, plan.told_version, None)
        count = 0
        for one in made:
            if self._loop.stopping:
                break
            try:
                self._queue(one)
                count += 1
            except Exception as error:
                if is_away(error):
                    raise
                self._set_aside(one.plan.stand.terminal_id, error)
        if count:
            self.on_queued()
        return count

    def _plans(self, connection: Connection) -> Iterator[Plan]:
        """What each terminal lacks that is not offline and has answered everything before."""
        positions = roster_entries.positions(connection)
        by_org = {org: roster_entries.employers(connection, org) for org in positions}
        today = day_of(now_utc())
        to_come = {org: roster_entries.to_come(connection, org, today) for org in positions}
        on_their_way = outgoing.rosters_on_their_way(connection)
        bound, told = terminal_employers.of_all(connection), roster_sent.told_lists(connection)
        refused = outgoing.refused_rosters(connection)
        sent: dict[str, list[SentList]] = {}
        for one in roster_sent.sent_lists(connection):
            sent.setdefault(one.terminal_id, []).append(one)
        targets: dict[tuple[str, tuple[str, ...] | None], Target] = {}
        moment = time.monotonic()
        for row in terminals.not_offline(connection):
            terminal_id, org = row["terminal_id"], row["org"]
            is_aside = self._aside_until_s.get(terminal_id, 0.0) > moment
            if org not in positions or terminal_id in on_their_way or is_aside:
                continue
            own = bound.get(terminal_id)
            key = (org, None if own is None else tuple(own))
            if key not in targets:
                targets[key] = roster_lists.target_of(org, positions[org], by_org[org], to_come[org], own)
            stand = Stand(
                terminal_id,
                row["roster_version"],
                told.get(terminal_id),
                sent.get(terminal_id, []),
                terminal_id in refused,
            )
            plan = plan_of(stand, targets[key])
            if plan is not None and not self._was_whole_lately(plan):
                yield plan

    def _was_whole_lately(self, plan: Plan) -> bool:
        """A whole list that gave another digest than ours is not sent again at once, and then again."""
        at_s = self._whole_at_s.get(plan.stand.terminal_id)
        return (
            plan.way == "whole"
            and not plan.is_of_before
            and at_s is not None
            and time.monotonic() - at_s < WHOLE_AGAIN_S
        )

    def _made(self, connection: Connection, plans: list[Plan]) -> Iterator[_Made]:
        """The content of each plan, made once for all terminals that need the same."""
        on_their_way = outgoing.rosters_on_their_way(connection)
        room = MOST_ON_THEIR_WAY - len(on_their_way)
        fresh = now_utc() - WHOLE_WITHIN
        whole_room = MOST_WHOLE - sum(count > 1 and at > fresh for count, at in on_their_way.values())
        cache: dict[object, RosterList | RosterDifference | None] = {}
        for plan in plans:
            if room <= 0:
                return
            content = self._content(connection, plan, cache)
            if content is None:
                continue
            is_long = isinstance(content, RosterList) and len(content.parts) > 1
            if is_long and whole_room <= 0:
                continue
            room, whole_room = room - 1, whole_room - is_long
            yield _Made(plan, content)

    def _content(
        self, connection: Connection, plan: Plan, cache: dict[object, RosterList | RosterDifference | None]
    ) -> RosterList | RosterDifference | None:
        try:
            if plan.base is not None:
                key = plan.difference_key
                if key not in cache:
                    cache[key] = roster_lists.difference(connection, plan.base, plan.told_sha256, plan.target)
                if (found := cache[key]) is not None:
                    return found
            begun_by = day_of(now_utc()) if plan.is_of_before else None
            whole_key = (plan.target, begun_by)
            if whole_key not in cache:
                cache[whole_key] = roster_lists.whole(connection, plan.target, begun_by)
            return cache[whole_key]
        except Exception as error:
            if is_away(error):
                raise
            self._set_aside(plan.stand.terminal_id, error)
            return None

    def _queue(self, one: _Made) -> None:
        """Seal before the store is taken for writing: a long list takes a while, and everybody else would wait."""
        plan, terminal_id = one.plan, one.plan.stand.terminal_id
        with reading(self._engine) as connection:
            link = next_down_link(connection, terminal_id, lock=False)
        version = max(plan.stand.roster_version, plan.told_version) + 1
        if isinstance(one.content, RosterList):
            payloads, base = one.content.payloads(version), None
        else:
            payloads, base = one.content.payloads(version, plan.told_version), plan.told_version
        sealed = self._pen.seal_ahead(link, one.content.schema, payloads)
        with writing(self._engine) as connection:
            now_link = next_down_link(connection, terminal_id)
            if (
                now_link != link
                or terminals.next_roster_version(connection, terminal_id, at_least=version - 1) != version
            ):
                raise _Overtaken(terminal_id)
            outgoing.supersede_rosters(connection, terminal_id)
            store_ahead(connection, "roster", sealed)
            self._note(connection, plan, version, base)
        if base is None:
            self._whole_at_s[terminal_id] = time.monotonic()

    def _note(self, connection: Connection, plan: Plan, version: int, base_version: int | None) -> None:
        target = plan.target
        employers = None if target.employers is None else list(target.employers)
        sha256 = "" if plan.is_of_before else target.sha256
        sent = SentList(plan.stand.terminal_id, version, target.position, employers, sha256, base_version)
        roster_sent.note_sent(connection, sent, [plan.told_version], now=now_utc())

    def _set_aside(self, terminal_id: str, error: Exception) -> None:
        if isinstance(error, _Overtaken):
            self._loop.hasten("lists")
            return
        self._aside_until_s[terminal_id] = time.monotonic() + SET_ASIDE_S
        _log.error("terminal %s cannot be given its roster: %s", terminal_id, place_of(error))
        metrics.step_failures.labels("rosters", "lists", type(error).__name__).inc()


class _Overtaken(Exception):
    """Something else was queued for the terminal while its list was sealed, or the transaction did not come through."""
