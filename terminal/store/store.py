"""The terminal's store as the exam core uses it: one database, one folder of media, one key; one transaction per event."""

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlite_utils import Database

from sync.contract.account_link import kiosk_token, signed_bytes
from sync.contract.envelope import ClockStamp
from sync.contract.model import utc_text
from sync.contract.topics import TerminalAddress, Up
from sync.inbox import Inbox
from sync.outbox import Outbox
from sync.transactions import STORE_TROUBLE, is_full, writing
from terminal.exam.model import Stamp
from terminal.store.database import KeySource, StoreError, derive_key
from terminal.store.exam_log import ExamLog
from terminal.store.faces import FaceList
from terminal.store.first_page import keep_first_page
from terminal.store.gate_openings import GateOpeningStore
from terminal.store.media_files import MediaFiles
from terminal.store.reference import ReferenceStore
from terminal.store.reserve import Reserve
from terminal.store.roster import RosterStore
from terminal.store.roster_parts import RosterParts
from terminal.store.set_aside import noting_damage, open_or_set_aside, set_aside

log = logging.getLogger(__name__)


class TerminalStore:
    """All tables of one terminal on one connection. Only the core thread may use it."""

    def __init__(
        self,
        path: Path,
        media_folder: Path,
        keys: KeySource,
        signing_key: Ed25519PrivateKey,
        address: TerminalAddress,
        generation: Literal["real", "demo", "test"],
        *,
        opener: Callable[[Path, bytes], Database] = open_or_set_aside,
    ) -> None:
        master = keys.master_key()
        self.db = opener(path, master)
        self.log = ExamLog(self.db, signing_key)
        self.outbox = Outbox(self.db)
        self.inbox = Inbox(self.db)
        self.roster = RosterStore(self.db)
        self.reference = ReferenceStore(self.db)
        self.roster_parts = RosterParts(self.db, self.inbox, self.roster)
        self.faces = FaceList(self.db)
        self.gate_openings = GateOpeningStore(self.db)
        self._path, self._database_key = path, derive_key(master, "database")
        self.keep_first_page()
        self.reserve = Reserve(path.with_suffix(".reserve"))
        self.reserve.keep()
        self.media = MediaFiles(media_folder, derive_key(master, "media"), self.reserve.release)
        self.address = address
        self._note_identity(signing_key, generation)
        self._signing_key = signing_key
        self.public_key = signing_key.public_key()
        self._generation = generation
        self._is_anything_queued = False
        self.commits = 0
        """How many transactions were committed on this connection."""
        self.on_queued: Callable[[], None] = lambda: None
        """Called after the commit of anything that the sync side is to send."""

    def _note_identity(self, signing_key: Ed25519PrivateKey, generation: str) -> None:
        """Write down whose diary this is. Raises `StoreError` (`foreign`) for the store of another terminal or key."""
        public = signing_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        own = (self.address.terminal, self.address.org, generation, base64.b64encode(public).decode("ascii"))
        query = "SELECT terminal_id, org, generation, public_key FROM identity"
        with writing(self.db):
            stored = self.db.execute(query).fetchone()
            if stored is None:
                self.db.execute("INSERT INTO identity VALUES (1, ?, ?, ?, ?)", own)
        if stored is not None and tuple(stored) != own:
            self.db.close()
            raise StoreError(
                "foreign",
                f"the store belongs to terminal {stored[0]} of {stored[1]} ({stored[2]}) and its key, and this is"
                f" {own[0]} of {own[1]} ({own[2]}); move the store away or give the terminal its own keys again",
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together with a full sync, or not at all."""
        is_outermost = not self.db.conn.in_transaction
        if is_outermost:
            self._is_anything_queued = False
        with noting_damage(self._path), writing(self.db):
            yield
        self.commits += is_outermost
        if is_outermost and self._is_anything_queued:
            self._is_anything_queued = False
            self.on_queued()

    def commit(self, work: Callable[[], None]) -> None:
        """Run `work` in a transaction. On a full disk the reserve is given up and it is run once more.

        Raises one of `STORE_TROUBLE` when that does not help either: nothing was written then, and nothing is shown.
        """
        try:
            with self.transaction():
                work()
        except STORE_TROUBLE as error:
            if not is_full(error) or not self.reserve.release():
                raise
            log.critical("the disk is full; the reserve was given up so that this exam can end (service engineer)")
            with self.transaction():
                work()

    @property
    def set_aside(self) -> list[Path]:
        """Damaged stores that were set aside here and that nobody has dealt with yet."""
        return set_aside(self._path)

    def queue(self, kind: Up, schema: str, payload: dict[str, Any], *, subject: str, stamp: Stamp) -> str:
        """Append a message to the outbox; call inside a transaction. Returns its id."""
        self._is_anything_queued = True
        return self.outbox.append(
            self._signing_key,
            self.address,
            kind=kind,
            schema=schema,
            payload=payload,
            subject=subject,
            generation=self._generation,
            created_at=stamp.at,
            clock=ClockStamp(trusted=stamp.trusted, boot_id=stamp.boot_id, monotonic_s=stamp.monotonic_s),
        )

    def account_token(self, exam_id: str) -> str:
        """The token by which the worker of that exam opens the own records: the terminal's signature, the same each time."""
        return kiosk_token(exam_id, self._signing_key.sign(signed_bytes(exam_id)))

    def note_media(self, sha256: str, exam_id: str, content_type: str, size_bytes: int, stamp: Stamp) -> None:
        """Remember which file belongs to which exam; call inside a transaction."""
        self.db.execute(
            "INSERT OR IGNORE INTO media VALUES (?, ?, ?, ?, ?)",
            (sha256, exam_id, content_type, size_bytes, utc_text(stamp.at)),
        )

    def keep_first_page(self) -> None:
        """Keep the page without which nothing can be read a second time; writes only when the schema is another."""
        keep_first_page(self._path, self._database_key)

    def close(self) -> None:
        self.db.close()
        self.keep_first_page()
