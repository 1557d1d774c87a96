"""The list of one terminal: its entries made from the registers, its digest, and it or a difference to it as messages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from central.core.clock import now_utc
from central.core.days import day_of
from central.link.outgoing import Outgoing
from central.link.roster_parts import RosterDifference, RosterList
from central.store import outgoing, roster, roster_entries, roster_sent, terminal_employers, terminals, worker_terms
from central.store.engine import hold
from central.store.roster_sent import SentList
from sync.contract.roster_delta import list_digest

AT_ONCE = 200
"""Workers whose entries are made in one transaction."""
_WHOLE_FROM = 1000
"""A difference of fewer workers is never compared with the whole list: it is small anyway."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the list of a terminal should be now."""

    org: str
    position: int
    employers: tuple[str, ...] | None
    sha256: str
    changed_at: int
    """Position at which anything of it changed last."""
    has_to_come: bool
    """Some employments have not begun: programs that know no dates must not have them."""

    def holds(self, sent: SentList) -> bool:
        """Whether a list that was sent is this one still."""
        employers = None if sent.employers is None else tuple(sent.employers)
        return employers == self.employers and self.changed_at <= sent.position


def make_entries(connection: Connection, today: date) -> bool:
    """Make the entries of some hundreds of workers that have changed; whether there were any. Call until there are none."""
    hold(connection, "roster entries")
    waiting = roster_entries.due(connection, AT_ONCE)
    if not waiting:
        return False
    _make(connection, waiting, today)
    return True


def make_all_entries(connection: Connection, org: str, today: date) -> None:
    """Make all that wait in an organisation, for a list that must hold what the transaction itself has changed."""
    hold(connection, "roster entries")
    _make(connection, roster_entries.due_of_org(connection, org), today)


def _make(connection: Connection, waiting: Sequence[tuple[int, str]], today: date) -> None:
    by_org = roster.with_their_persons(connection, [worker_id for _, worker_id in waiting])
    for org, worker_ids in sorted(by_org.items()):
        after: dict[str, roster_entries.Entry] = {}
        for start in range(0, len(worker_ids), AT_ONCE):
            part = worker_ids[start : start + AT_ONCE]
            made = roster.entries(connection, org, part, today)
            worker_terms.write(connection, part, made.terms)
            after |= made.entries
        roster_entries.write(connection, org, roster_entries.entries_of(connection, worker_ids), after)
    roster_entries.forget_due(connection, [due_id for due_id, _ in waiting])
    for org in by_org:
        # All of them together are the list from which the first difference leads on.
        if not roster_entries.has_position(connection, org) and not roster_entries.is_any_due(connection, org):
            roster_entries.begin(connection, org)


def target_of(
    org: str,
    position: int,
    employers: Mapping[str, tuple[int, str]],
    to_come: Collection[str],
    bound: Sequence[str] | None,
) -> Target:
    """What a list should be; pure.

    `employers` and `to_come` as `roster_entries` gives them; `bound`: whose workers the terminal knows, None for all.
    """
    own = employers if bound is None else {name: employers[name] for name in bound if name in employers}
    digest = list_digest({name: sha256 for name, (_, sha256) in own.items() if sha256})
    changed_at = max((changed_at for changed_at, _ in own.values()), default=0)
    has_to_come = bool(to_come if bound is None else set(bound) & set(to_come))
    return Target(org, position, None if bound is None else tuple(sorted(bound)), digest, changed_at, has_to_come)


def whole(connection: Connection, target: Target, begun_by: date | None = None) -> RosterList:
    """The whole list. `begun_by` leaves out employments that begin later, for programs that know no dates."""
    return RosterList.of_bodies(roster_entries.bodies(connection, target.org, target.employers, begun_by))


def difference(connection: Connection, base: SentList, base_sha256: str, target: Target) -> RosterDifference | None:
    """What leads from a list that was sent to the one that should be; None where the whole list is shorter."""
    found = roster_entries.changes(connection, target.org, base.position, base.employers, target.employers)
    if len(found.changed) + len(found.removed) > _WHOLE_FROM:
        size = sum(map(len, found.changed)) + sum(map(len, found.removed))
        if size >= sum(map(len, roster_entries.bodies(connection, target.org, target.employers, None))):
            return None
    drops = target.employers is not None and (
        base.employers is None or not set(base.employers) <= set(target.employers)
    )
    kept = target.employers if drops else None
    return RosterDifference.of(base_sha256, target.sha256, found.changed, found.removed, kept)


def target_for(connection: Connection, terminal_id: str, org: str) -> Target:
    """What the list of one terminal should be now."""
    bound = terminal_employers.of_terminal(connection, terminal_id)
    position = roster_entries.positions(connection).get(org, 0)
    to_come = roster_entries.to_come(connection, org, day_of(now_utc()))
    return target_of(org, position, roster_entries.employers(connection, org), to_come, bound)


def send_whole(connection: Connection, pen: Outgoing, terminal_id: str, org: str) -> str:
    """Queue the present list for one terminal, whatever it has, in the caller's transaction; returns its first message.

    Raises `LookupError` for an unknown terminal, and `ValueError` when one worker's entry alone is larger than the wire takes.
    """
    today = day_of(now_utc())
    make_all_entries(connection, org, today)
    told = roster_sent.told_lists(connection, terminal_id).get(terminal_id)
    target, is_of_before = target_for(connection, terminal_id, org), told is not None and told.sha256 is None
    made = whole(connection, target, today if is_of_before else None)
    version = terminals.next_roster_version(connection, terminal_id, at_least=told.version if told else 0)
    outgoing.supersede_rosters(connection, terminal_id)
    ids = [pen.queue(connection, terminal_id, "roster", made.schema, payload) for payload in made.payloads(version)]
    employers = None if target.employers is None else list(target.employers)
    sent = SentList(terminal_id, version, target.position, employers, "" if is_of_before else target.sha256, None)
    roster_sent.note_sent(connection, sent, [told.version] if told else [], now=now_utc())
    return ids[0]
