"""`verify` of the seals: is what the centre itself wrote (audit log, history of registers, papers …) still what it was?"""

from datetime import datetime

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection

from central.core.clock import now_utc
from central.keeping.verify_report import Expected, StoreReport
from central.store import guards, messages, scratch, seals
from central.store.sealing import OVERLAP, UNSEALED_FOR_AT_MOST
from central.store.seals import SEALED, Head, Seal, Sealed
from sync.contract.canonical import GENESIS_HASH
from sync.contract.verify_report import Wrong


def check_seals(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every seal in its place and signed, every sealed row as it was, no row that should have a seal without one.

    Whatever was told of the seals outside (`expected.seal_heads`) must be among them.
    """
    walk = _SealWalk(connection, expected, report)
    for seal in seals.every(connection, report.on_bad("seals")):
        with report.checking(f"seal {seal.seal_no}"):
            walk.step(seal)
    walk.end()
    _check_all_sealed(connection, report, walk)
    if missing := guards.missing(connection):
        words = "tables without the triggers that keep their rows from being changed: {}; `dopusk central migrate` makes them"
        report.remark(words.format(", ".join(missing)))


class _SealWalk:
    """Follows the chain of seals."""

    def __init__(self, connection: Connection, expected: Expected, report: StoreReport) -> None:
        self._connection, self._expected, self._report = connection, expected, report
        self._told: dict[int, list[Head]] = {}
        for head in expected.seal_heads:
            self._told.setdefault(head.seal_no, []).append(head)
        self._before = Head(0, GENESIS_HASH)
        self.newest: dict[str, datetime] = {}
        """How far the seals of each table reach."""
        self.made_at: datetime | None = None

    def step(self, seal: Seal) -> None:
        """Check one seal and every row that it names."""
        before, self._before = self._before, seal.head
        place = f"seal {seal.seal_no}"
        self._report.sealed += len(seal.rows)
        self.made_at = seal.made_at
        scratch.note_sealed(self._connection, seal.kind, (key for key, _ in seal.rows))
        reached = seals.moment_of(seal.newest_row) or seal.made_at
        self.newest[seal.kind] = min(reached, seal.made_at)
        self._check_place(seal, before)
        self._check_signature(seal, place)
        self._check_told(seal, place)
        self._check_rows(seal)

    def end(self) -> None:
        """Is the last seal the newest that was ever made, as far as anybody knows?"""
        noted, last = seals.noted_head(self._connection), self._before
        self._report.seal_head = last if last.seal_no else None
        if noted != self._report.seal_head:
            if noted is None:
                self._report.fault("missing", "seal head", "it is not noted how far the seals had come")
            elif noted.seal_no > last.seal_no:
                self._report.fault("missing", _range(last.seal_no + 1, noted.seal_no), "the newest seals are not there")
            else:
                self._report.fault("changed", "seal head", f"it names another seal than seal {last.seal_no}")
        for seal_no in sorted(self._told):
            what = "a receipt or a signed journal names it, and it is not in the store: the end was cut off"
            self._report.fault("missing", f"seal {seal_no}", what)

    def _check_place(self, seal: Seal, before: Head) -> None:
        if seal.seal_no != before.seal_no + 1:
            self._report.fault("missing", _range(before.seal_no + 1, seal.seal_no - 1), "not in the store")
        elif seal.prev_hash != before.sha256:
            what = f"it does not name the hash of seal {before.seal_no}"
            self._report.fault("out_of_order", f"seal {seal.seal_no}", what)

    def _check_told(self, seal: Seal, place: str) -> None:
        told = self._told.pop(seal.seal_no, [])
        if not all(seal.sha256.startswith(head.sha256) for head in told):
            self._report.fault("changed", place, "a receipt or a signed journal names it by another hash")

    def _check_signature(self, seal: Seal, place: str) -> None:
        if self._expected.centre_key is None:
            return
        try:
            self._expected.centre_key.verify(seal.signature, seal.body())
        except InvalidSignature:
            self._report.fault("wrongly_signed", place, "the signature is not the centre's over this seal")

    def _check_rows(self, seal: Seal) -> None:
        one = SEALED.get(seal.kind)
        if one is None:
            raise Wrong("changed", f"seal {seal.seal_no}", f"there is no table {seal.kind!r} whose rows are sealed")
        found = seals.rows_by_key(self._connection, one, [key for key, _ in seal.rows])
        for key, sha256 in seal.rows:
            if key not in found:
                self._report.fault("missing", f"{seal.kind} {key}", "the row is not in the store")
            elif seals.row_hash(one, found[key]) != sha256:
                self._report.fault("changed", f"{seal.kind} {key}", "the row is not what was sealed")


def _check_all_sealed(connection: Connection, report: StoreReport, walk: _SealWalk) -> None:
    """Rows of the last minute may be without a seal, and those of the last minute before the centre stopped."""
    now, last_seen = now_utc(), None
    for kind, one in SEALED.items():
        young = 0
        for key, since in scratch.unsealed(connection, one):
            place, written = f"{kind} {key}", seals.moment_of(since)
            if written is not None and now - written <= UNSEALED_FOR_AT_MOST:
                young += 1
                continue
            if written is None or written < walk.newest.get(kind, written) - OVERLAP:
                report.fault("changed", place, "it was added afterwards: no seal names it")
                continue
            last_seen = last_seen or _last_seen(connection, walk)
            was_just_before = walk.made_at is not None and written >= walk.made_at - OVERLAP
            if was_just_before and last_seen - written <= UNSEALED_FOR_AT_MOST:
                young += 1  # written in the last moments before the centre stopped: the next start seals it
                continue
            report.fault("changed", place, "no seal names it, although it is older than a minute")
        if young:
            report.remark(f"{kind}: {young} rows have no seal yet; `serve` seals what is some seconds old")


def _last_seen(connection: Connection, walk: _SealWalk) -> datetime:
    """The newest moment in the store at which the centre was certainly at work."""
    moments = [walk.made_at, messages.newest_received_at(connection)]
    moments += [_newest(connection, one) for one in SEALED.values()]
    return max(moment for moment in moments if moment is not None)


def _newest(connection: Connection, one: Sealed) -> datetime | None:
    since = seals.newest_since(connection, one)
    return None if since is None else seals.moment_of(since)


def _range(first: int, last: int) -> str:
    return f"seal {first}" if first >= last else f"seals {first} to {last}"
