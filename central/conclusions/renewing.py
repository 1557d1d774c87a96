"""Renews the time stamps of all kept signatures before they, their certificates or algorithms end: by a watch of `serve`, and by
command.

A signature that was stamped once can be believed as long as the stamp can. Each renewal is a row of its own, sealed; nothing of
what was there is changed. A renewal that comes too late is made all the same, and `verify` names the gap.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from central.conclusions.signed_bytes import SignedBytes, signed_bytes
from central.deciding.stamping import Stamping
from central.grounds.document_files import DocumentFiles, DocumentLost
from central.signature.algorithms import Algorithms
from central.signature.archive import ArchiveChain, covered, read_chain
from central.signature.stamp_line import StampError
from central.store import kept_signatures, stamp_renewals, stamp_terms
from central.store.engine import reading, writing
from central.store.kept_signatures import KINDS, KeptSignature
from central.store.stamp_renewals import StampRenewal
from central.store.stamp_terms import StampTerm
from sync.contract.canonical import new_id

_AT_ONCE = 200
MOST_AT_A_TIME = 20_000
"""So many are renewed in one run; what is left is the next one's."""
AGAIN_AFTER = timedelta(days=7)
"""A proof that ends soon although it has just been renewed is not renewed each day."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a run has done. `code`: why it stopped early, as in `StampError`; empty: it did not."""

    due: int
    made: int
    code: str = ""


class Renewing:
    """Finds what is due and renews it. `clock`: now."""

    def __init__(self, engine: Engine, stamping: Stamping, files: DocumentFiles, clock: Callable[[], datetime]) -> None:
        self._engine, self._stamping, self._files, self._clock = engine, stamping, files, clock
        self._judged_by = _judge(stamping.roots, stamping.algorithms)

    def due(self, enough: Callable[[], bool] = lambda: False) -> list[StampTerm]:
        """Signatures whose newest stamp ends within the time that `[timestamp] renew_before_days` says, the soonest first.

        First it notes of each signature that is new when its proof ends; `enough` may end that early.
        """
        for kind in KINDS:
            self._note_new(kind, enough)
        now = self._clock()
        with reading(self._engine) as connection:
            return stamp_terms.due(connection, now, now + self._stamping.renew_before, AGAIN_AFTER, MOST_AT_A_TIME)

    def run(self, enough: Callable[[], bool] = lambda: False) -> Renewed:
        """Renew what is due. It stops at the first answer that the authority does not give; the next run goes on there."""
        found, made = self.due(enough), 0
        for one in found:
            if enough():
                break
            try:
                made += self._renew(one)
            except StampError as error:
                _log.warning("time stamps cannot be renewed now: %s", error)
                return Renewed(len(found), made, error.code)
        return Renewed(len(found), made)

    def _note_new(self, kind: str, enough: Callable[[], bool]) -> None:
        while not enough():
            with reading(self._engine) as connection:
                ids = stamp_terms.unjudged(connection, kind, self._judged_by, _AT_ONCE)
                items = kept_signatures.of_ids(connection, kind, ids)
                renewals = stamp_renewals.of(connection, kind, ids)
            if not items:
                return
            terms = [self._term(item, renewals.get(item.signature_id, [])) for item in items]
            with writing(self._engine) as connection:
                for term in terms:
                    stamp_terms.put(connection, term)

    def _term(self, item: KeptSignature, renewals: Sequence[StampRenewal]) -> StampTerm:
        """Without an end for what cannot be read or holds no longer: `verify` names it, and no stamp makes it better."""
        try:
            chain = self._chain(signed_bytes(item, self._files), [one.token for one in renewals])
        except (StampError, DocumentLost):
            return self._unreadable(item)
        newest = renewals[-1].stamped_at if renewals else None
        return StampTerm(item.kind, item.signature_id, chain.until, bool(chain.stamps), newest, self._judged_by)

    def _unreadable(self, item: KeptSignature) -> StampTerm:
        return StampTerm(item.kind, item.signature_id, None, False, None, self._judged_by)

    def _chain(self, signed: SignedBytes, tokens: Sequence[bytes]) -> ArchiveChain:
        return read_chain(signed.record, signed.cms, tokens, self._stamping.roots, self._stamping.algorithms)

    def _renew(self, one: StampTerm) -> bool:
        """False for one that somebody else renewed at the same moment, and for one whose file is gone since."""
        now = self._clock()
        with reading(self._engine) as connection:
            (item,) = kept_signatures.of_ids(connection, one.kind, [one.signature_id])
            there = stamp_renewals.of(connection, one.kind, [one.signature_id]).get(one.signature_id, [])
        try:
            signed = signed_bytes(item, self._files)
        except DocumentLost:  # destroyed by an act; what is lost otherwise is named by `verify`
            with writing(self._engine) as connection:
                stamp_terms.put(connection, self._unreadable(item))
            return False
        token, stamp = self._stamping.token(covered(signed.record, signed.cms, [old.token for old in there]), now)
        row = StampRenewal(new_id(), one.kind, one.signature_id, len(there) + 1, token, stamp.at)
        term = self._term(item, [*there, row])  # before the lock: files are read
        with writing(self._engine) as connection:
            if not stamp_renewals.add(connection, row):
                return False
            stamp_terms.put(connection, term)
        return True


def _judge(roots: Sequence[x509.Certificate], algorithms: Algorithms) -> str:
    told = hashlib.sha256(algorithms.told())
    for root in roots:
        told.update(root.public_bytes(Encoding.DER))
    return told.hexdigest()
