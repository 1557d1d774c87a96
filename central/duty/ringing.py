"""Who is rung next when an exam waits unopened. Pure: the roster, the rings so far and the moment are handed in.

After a while without a medic the first on duty is rung, after another while the next one, each once; who leaves is followed
at once. Opening the exam stops it. With nobody left the last one goes on ringing: nothing decides by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.store.duties import Duty
from central.store.rings import Ring, Unopened


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A medic on duty, and whether logged in."""

    duty: Duty
    in_session: bool


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done: stop a ring because of `stopped_by`, and ring this medic; either may be missing."""

    item: Unopened
    stop: Ring | None
    stopped_by: str
    ring: OnDuty | None
    step: int


def move_for(
    item: Unopened, rings: Sequence[Ring], on_duty: Sequence[OnDuty], after: timedelta, now: datetime
) -> Move | None:
    """The next move for one exam. `rings`: those for this revision in their steps; `on_duty`: of its organisation, in order."""
    active = next((one for one in rings if one.stopped_at is None), None)
    step = max((one.step for one in rings), default=0) + 1
    if item.is_open:
        return Move(item, active, "opened", None, step) if active else None
    rung = {one.account_id for one in rings}
    left = [one for one in on_duty if one.duty.account_id not in rung]
    # Who is logged in hears it at once.
    following = next(iter(sorted(left, key=lambda one: not one.in_session)), None)
    if active is not None:
        here = next((one for one in on_duty if one.duty.account_id == active.account_id), None)
        gone = here is None or (active.in_session and not here.in_session)
        if gone and (following is not None or here is None):
            return Move(item, active, "left", following, step)
        if following is not None and now - active.rung_at >= after:
            return Move(item, active, "next", following, step)
        return None
    # A medic who opened it and gave it back: the time begins anew. After one who left there is no time to lose.
    last = rings[-1] if rings else None
    since = item.received_at if last is None or last.stopped_at is None else max(item.received_at, last.stopped_at)
    is_due = (last is not None and last.stopped_by == "left") or now - since >= after
    return Move(item, None, "", following, step) if following is not None and is_due else None
