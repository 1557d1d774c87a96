"""Renews the time stamps of decisions before they, their certificates or algorithms end: by a watch of `serve`, and by command.

A signature that was stamped once can be believed as long as the stamp can. Each renewal is a row of its own, sealed; nothing of
what was there is changed. A renewal that comes too late is made all the same, and `verify` names the gap.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, Engine

from central.deciding.stamping import Stamping
from central.signature.archive import ArchiveChain, covered, read_chain
from central.signature.stamp_line import StampError
from central.store import decisions, stamp_renewals
from central.store.decisions import StoredDecision
from central.store.engine import reading, writing
from central.store.stamp_renewals import StampRenewal
from sync.contract.canonical import new_id

_AT_ONCE = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A decision whose proof of time ends soon."""

    decision: StoredDecision
    tokens: tuple[bytes, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a run has done. `code`: why it stopped early, as in `StampError`; empty: it did not."""

    due: int
    made: int
    code: str = ""


class Renewing:
    """Finds what is due and renews it. `clock`: now."""

    def __init__(self, engine: Engine, stamping: Stamping, clock: Callable[[], datetime]) -> None:
        self._engine, self._stamping, self._clock = engine, stamping, clock

    def due(self) -> list[Due]:
        """All decisions whose newest stamp ends within the time that `[timestamp] renew_before_days` says, the oldest first.

        One without a stamp is among them while its certificate still counts: afterwards a stamp would prove nothing.
        """
        now = self._clock()
        with reading(self._engine) as connection:
            return list(self._ending(connection, now))

    def run(self, enough: Callable[[], bool] = lambda: False) -> Renewed:
        """Renew what is due. It stops at the first answer that the authority does not give; the next run goes on there."""
        found, made = self.due(), 0
        for one in found:
            if enough():
                break
            try:
                made += self._renew(one)
            except StampError as error:
                _log.warning("time stamps cannot be renewed now: %s", error)
                return Renewed(len(found), made, error.code)
        return Renewed(len(found), made)

    def _ending(self, connection: Connection, now: datetime) -> Iterator[Due]:
        by = now + self._stamping.renew_before
        walk = decisions.every(connection)
        while some := list(islice(walk, _AT_ONCE)):
            renewals = stamp_renewals.of_decisions(connection, [item.decision_id for item in some])
            for item in some:
                tokens = tuple(one.token for one in renewals.get(item.decision_id, ()))
                chain = self._chain(item, tokens)
                if chain is not None and chain.until < by and (chain.stamps or chain.until > now):
                    yield Due(item, tokens, chain.until)

    def _chain(self, item: StoredDecision, tokens: Sequence[bytes]) -> ArchiveChain | None:
        """None for what cannot be read or holds no longer: `verify` names it, and no stamp makes it better."""
        try:
            return read_chain(item.record, item.cms, tokens, self._stamping.roots, self._stamping.algorithms)
        except StampError:
            return None

    def _renew(self, one: Due) -> bool:
        now, item = self._clock(), one.decision
        token, stamp = self._stamping.token(covered(item.record, item.cms, one.tokens), now)
        row = StampRenewal(new_id(), item.decision_id, len(one.tokens) + 1, token, stamp.at)
        with writing(self._engine) as connection:
            return stamp_renewals.add(connection, row)
