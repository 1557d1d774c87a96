"""The registry: who may be examined where. Each change of a worker is noted for the rosters of the terminals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection

from central.core.clock import now_utc
from central.core.days import day_of
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.snils import SnilsKey, parse_snils
from central.link import roster_lists
from central.link.outgoing import Outgoing
from central.store import faces, register_changes, roster, roster_entries, terminal_employers, terminals
from central.store import registry as store
from central.store.engine import hold_registers
from central.store.register_changes import Author
from central.store.registry import SealedWorker
from central.store.worker_limits import add_worker_limit, withdraw_worker_limit
from central.store.workers import worker_org

Changed = tuple[str, Mapping[str, Any] | None, Mapping[str, Any]]
"""An entry's id, its row before (None for a new one) and the values it has now."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Employers of a terminal before and after, by id; None: all of its organisation."""

    org: str
    before: list[str] | None
    after: list[str] | None

    @property
    def detail(self) -> dict[str, Any]:
        """As the access log keeps it."""
        return {"before": self.before or "all", "after": self.after or "all"}


_MOST_LOOKED_AT = 50
_MOST_ENTRY_BYTES = 256 * 1024
"""Of one worker; the wire takes twice as much, with the envelope."""


class Registry:
    """All changes of the registry. Every method works inside the caller's transaction."""

    def __init__(self, outgoing: Outgoing, snils_key: SnilsKey) -> None:
        self._outgoing = outgoing
        self._snils_key = snils_key

    @property
    def outgoing(self) -> Outgoing:
        """The pen that its messages are written with."""
        return self._outgoing

    def add_organisation(
        self, connection: Connection, organisation: Organisation, author: Author | None = None
    ) -> None:
        """Add or change an organisation."""
        hold_registers(connection, "")
        before, after = store.put_organisation(connection, organisation, now=now_utc())
        _note(connection, author, "organisations", organisation.org, [(organisation.org, before, after)])

    def add_employer(self, connection: Connection, employer: Employer, author: Author | None = None) -> str:
        """Add or change an employer; returns its id."""
        hold_registers(connection, employer.org)
        before, after = store.put_employer(connection, employer, now=now_utc())
        _note(connection, author, "employers", employer.org, [(employer.employer_id, before, after)])
        return employer.employer_id

    def add_terminal(self, connection: Connection, terminal: Terminal) -> None:
        """Register a terminal. It can say nothing until it is enrolled, and gets its first roster when it comes online."""
        terminals.add_terminal(connection, terminal, now=now_utc())

    def bind_terminal(self, connection: Connection, terminal_id: str, employer_ids: Collection[str]) -> Bound:
        """Let a terminal know these employers' workers alone; an empty collection: those of all of its organisation.

        Raises `LookupError` for an unknown or revoked terminal, and `ValueError` with the id of an employer that is not one of
        its organisation, or is archived.
        """
        row = terminals.get_terminal(connection, terminal_id)
        if row is None or row["state"] == "revoked":
            raise LookupError(f"terminal {terminal_id} is not registered, or is revoked")
        hold_registers(connection, row["org"])
        served = {one["employer_id"] for one in store.list_employers(connection, row["org"])}
        for employer_id in sorted(set(employer_ids) - served):
            raise ValueError(employer_id)
        before = terminal_employers.of_terminal(connection, terminal_id)
        terminal_employers.bind(connection, terminal_id, employer_ids)
        return Bound(row["org"], before, terminal_employers.of_terminal(connection, terminal_id))

    def save_workers(self, connection: Connection, workers: Sequence[Worker], author: Author | None = None) -> None:
        """Add or change workers (found by `worker_id`), and send one new roster to each terminal concerned.

        Raises `ValueError` for a SNILS with a wrong check number and for a personnel number that another worker has.
        """
        for org in sorted({worker.org for worker in workers}):
            hold_registers(connection, org)
        sealed = [self._sealed(worker) for worker in workers]
        written: dict[str, list[Changed]] = {}
        changed = store.put_workers(connection, sealed, now=now_utc())
        for worker, (before, after) in zip(workers, changed, strict=False):
            written.setdefault(worker.org, []).append((worker.worker_id, before, _of_the_entry(before, after)))
        for before, after in changed[len(workers) :]:
            if before is not None:
                written.setdefault(before["org"], []).append((before["worker_id"], before, after))
        for org, changes in written.items():
            _note(connection, author, "workers", org, changes)
        for org, changes in written.items():
            self.publish_workers(connection, org, [worker_id for worker_id, _, _ in changes])

    def _sealed(self, worker: Worker) -> SealedWorker:
        if not worker.snils:
            return SealedWorker(worker, None, None)
        snils = parse_snils(worker.snils)
        return SealedWorker(worker, self._snils_key.hmac(snils), self._snils_key.seal(snils))

    def set_archived(
        self,
        connection: Connection,
        kind: Literal["workers", "employers"],
        org: str,
        entry_id: str,
        author: Author,
        *,
        archived: bool,
    ) -> None:
        """Archive a worker or an employer of this organisation, or take one back. Raises `LookupError`."""
        hold_registers(connection, org)
        table = {"workers": store.worker, "employers": store.employer}[kind]
        before, after = store.set_archived(connection, table, entry_id, author.at if archived else None)
        _note(connection, author, kind, org, [(entry_id, before, after)])
        if kind == "workers":
            self.publish_workers(connection, org, [entry_id])

    def sealed_snils(self, digits: str) -> tuple[str, bytes]:
        """Keyed hash and sealed form of the 11 digits."""
        return self._snils_key.hmac(digits), self._snils_key.seal(digits)

    def snils_hash(self, digits: str) -> str:
        """The keyed hash of the 11 digits, to look somebody up by."""
        return self._snils_key.hmac(digits)

    def set_photo(self, connection: Connection, org: str, worker_id: str, photo_sha256: str) -> None:
        """Name a worker's reference picture, stored by `MediaFiles.keep`. Raises `LookupError`."""
        hold_registers(connection, org)
        store.set_photo(connection, org, worker_id, photo_sha256, now=now_utc())
        faces.want_again(connection, [worker_id])
        self.publish_workers(connection, org, [worker_id])

    def add_worker_limit(
        self,
        connection: Connection,
        worker_id: str,
        entry: dict[str, Any],
        *,
        author: str,
        basis: str,
        valid_until: date | None = None,
    ) -> str:
        """Give a worker personal limits, as a medic decided; returns the id of the entry."""
        org = worker_org(connection, worker_id)
        hold_registers(connection, org)
        limit_id = add_worker_limit(
            connection, worker_id, entry, author=author, basis=basis, valid_until=valid_until, now=now_utc()
        )
        self.publish_workers(connection, org, [worker_id])
        return limit_id

    def withdraw_worker_limit(self, connection: Connection, limit_id: str) -> None:
        """End a personal limit. The entry stays on record."""
        org, worker_id = withdraw_worker_limit(connection, limit_id, now=now_utc())
        self.publish_workers(connection, org, [worker_id])

    def publish_roster(self, connection: Connection, *orgs: str) -> None:
        """Anything may have changed for any worker of these organisations: terminals get what is another now.

        Nothing is made here: `central.exchange.rosters` makes and sends it after the commit, which `Dispatcher.wake` hastens.
        """
        for org in sorted(set(orgs)):
            hold_registers(connection, org)
            roster_entries.mark_all_due(connection, store.worker.c.org == org)

    def publish_workers(self, connection: Connection, org: str, worker_ids: Collection[str]) -> None:
        """As `publish_roster`, where these workers of the organisation alone have changed.

        Raises `ValueError` for a worker whose entry no message takes. Of a file that is left to the making of the entries.
        """
        hold_registers(connection, org)
        roster_entries.mark_due(connection, worker_ids)
        if len(worker_ids) <= _MOST_LOOKED_AT:
            for entry in roster.entries(connection, org, list(worker_ids), day_of(now_utc())).entries.values():
                if (size := len(entry.body.encode())) > _MOST_ENTRY_BYTES:
                    raise ValueError(
                        f"the roster's entry of a worker has {size} bytes; it may have {_MOST_ENTRY_BYTES}"
                    )

    def publish_employer(self, connection: Connection, org: str, employer_id: str) -> None:
        """As `publish_roster`, where the workers of this employer alone have changed: its name or its limits."""
        hold_registers(connection, org)
        roster_entries.mark_all_due(connection, store.worker.c.employer_id == employer_id)

    def open_snils(self, sealed: bytes) -> str:
        """The 11 digits of a sealed SNILS, for documents that must carry it. Never for logs."""
        return self._snils_key.open(sealed)

    def seal_contact(self, words: str) -> bytes:
        """The sealed form of a telephone number or an e-mail address."""
        return self._snils_key.seal_contact(words)

    def open_contact(self, sealed: bytes) -> str:
        """What a sealed contact says. Never for logs."""
        return self._snils_key.open_contact(sealed)

    def send_roster(self, connection: Connection, terminal_id: str, org: str) -> str:
        """Queue the present list for one terminal, whole, whatever it has; returns the id of its first message.

        Raises as `central.link.roster_lists.send_whole`.
        """
        hold_registers(connection, org)
        return roster_lists.send_whole(connection, self._outgoing, terminal_id, org)


def _of_the_entry(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whose employment a new one is says nothing of its own: the SNILS is in the history too."""
    return after if before is not None else {name: value for name, value in after.items() if name != "person_id"}


def _note(connection: Connection, author: Author | None, kind: str, org: str, changes: Sequence[Changed]) -> None:
    register_changes.note(connection, author or Author(None, now_utc()), kind, org, changes)
