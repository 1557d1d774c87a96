"""The rules of the duty roster: moments as people type them, overlaps, and spans in which nobody is on duty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy import Connection

from central.core.days import parse_day
from central.core.input_fault import InputFault
from central.core.rights import Right, may
from central.store import accounts, duties
from central.store.accounts import Account
from central.store.duties import Duty
from sync.contract.canonical import new_id

Faults = dict[str, InputFault]
AHEAD = timedelta(days=7)
"""So far ahead gaps of the roster are shown."""
_WIDEST = timedelta(days=2)
"""No duty is longer: what touches a moment began at most so long before."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on duty from `since` on until `until`."""

    since: datetime
    until: datetime


def gaps(found: Iterable[Duty], since: datetime, until: datetime) -> list[Gap]:
    """Spans between two moments in which no duty holds, in their order."""
    made, covered = [], since
    for one in sorted(found, key=lambda item: item.starts_at):
        begins, ends = max(one.starts_at, since), min(one.until, until)
        if ends <= begins:
            continue
        if begins > covered:
            made.append(Gap(covered, begins))
        covered = max(covered, ends)
    if covered < until:
        made.append(Gap(covered, until))
    return made


def moments(day: date, begin: time, end: time, zone: tzinfo) -> tuple[datetime, datetime] | Faults:
    """When a duty begins and ends in UTC; an end that is not after the begin is on the next day. Or what is wrong.

    An hour that the clock of the zone skips, or shows twice, is refused: nobody would know which moment is meant.
    """
    last = day if end > begin else day + timedelta(days=1)
    faults: Faults = {}
    found = []
    for name, on, at in (("begin", day, begin), ("end", last, end)):
        local = datetime.combine(on, at)
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first.astimezone(zone).replace(tzinfo=None) != local:
            faults[name] = InputFault("time_skipped")
        elif first != second:
            faults[name] = InputFault("time_twice")
        found.append(first)
    return faults or (found[0], found[1])


def medics_of(known: Iterable[Account], orgs: Sequence[str]) -> list[Account]:
    """Accounts that may decide in one of these organisations, by name."""
    own = [
        one
        for one in known
        if may(one.role, Right.DECIDE) and one.medic_id and not one.disabled and set(one.orgs) & set(orgs)
    ]
    return sorted(own, key=lambda one: one.full_name)


def plan(
    connection: Connection, org: str | None, typed: dict[str, str], zone: tzinfo, now: datetime, account_id: str
) -> Duty | Faults:
    """Enter a duty; it or what is wrong. Nothing is stored with a fault."""
    faults: Faults = {}
    if org is None:
        faults["of_org"] = InputFault("choose")
    known = medics_of(accounts.all_accounts(connection), [org] if org else [])
    if typed.get("account_id") not in {one.account_id for one in known}:
        faults["account_id"] = InputFault("choose")
    day = parse_day(typed.get("day", "").strip())
    if day is None:
        faults["day"] = InputFault("not_a_day" if typed.get("day") else "needed")
    times = {name: _time(typed.get(name, "")) for name in ("begin", "end")}
    faults |= {
        name: InputFault("not_a_time" if typed.get(name) else "needed") for name, at in times.items() if at is None
    }
    begin, end = times["begin"], times["end"]
    if faults or org is None or day is None or begin is None or end is None:
        return faults
    span = moments(day, begin, end, zone)
    if isinstance(span, dict):
        return span
    if span[1] <= now:
        return {"day": InputFault("past")}
    duties.wait_for_roster(connection, org)
    made = Duty(new_id(), org, typed["account_id"], *span, now, account_id)
    around = duties.between(connection, [org], span[0] - _WIDEST, span[1])
    if any(one.account_id == made.account_id and _meet(one, made) for one in around):
        return {"begin": InputFault("on_duty_already")}
    duties.add(connection, made)
    return made


def _meet(one: Duty, other: Duty) -> bool:
    return one.starts_at < other.until and other.starts_at < one.until


def _time(words: str) -> time | None:
    try:
        return time.fromisoformat(words.strip()) if len(words.strip()) == 5 else None
    except ValueError:
        return None
