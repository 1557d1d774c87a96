"""Opening the terminal's database: SQLCipher, WAL with full sync, migrations, and refusal of what must not be opened.

The key is 32 random bytes in a file that only the service may read. `KeySource` is the seam for a TPM.
"""

import os
import secrets
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlcipher3
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlite_utils import Database, Migrations

from sync import inbox, outbox_schema
from sync.transactions import STORE_DAMAGE, STORE_TROUBLE, writing
from sync.wal import KEPT_BYTES
from terminal.store import exam_log, faces, gate_openings, media_files, reference, roster, roster_parts
from terminal.store.folders import sync_folder

MIGRATIONS: tuple[Migrations, ...] = (
    exam_log.migrations,
    outbox_schema.migrations,
    inbox.migrations,
    roster.migrations,
    roster_parts.migrations,
    reference.migrations,
    media_files.migrations,
    faces.migrations,
    gate_openings.migrations,
)

PRAGMAS = (
    "synchronous = EXTRA",
    "journal_mode = WAL",
    "foreign_keys = ON",
    f"journal_size_limit = {KEPT_BYTES}",
)
"""WAL with a sync at every commit: what is committed survives a power cut, and readers never stop the writer.

EXTRA, and before WAL: the rollback journal of the very first transaction is deleted *and its folder synced*. Otherwise a
power cut may bring that journal back, and SQLite would then roll the whole store back to nothing."""


class StoreError(Exception):
    """The store cannot be opened. The service engineer must act.

    `code` is `damaged`, `wrong_key`, `no_key`, `no_store`, `older`, `newer`, `locked`, `read_only`, `full` or `unreadable`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class KeySource(Protocol):
    """Where the 32-byte master key comes from."""

    def master_key(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Master key in a file (mode 0600), made on first use: complete and synced before it has its name."""

    path: Path

    def master_key(self) -> bytes:
        """32 bytes. Raises `StoreError` for a file of another length and for one that cannot be read."""
        try:
            if not self.path.exists():
                self._make()
            key = self.path.read_bytes()
        except OSError as error:
            raise StoreError("no_key", f"{self.path}: the master key cannot be read or made ({error})") from error
        if len(key) != 32:
            raise StoreError("wrong_key", f"{self.path}: the key must have 32 bytes and has {len(key)}")
        return key

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, self.path)  # whoever is first wins; the kiosk and its sync process may start together
        fresh.unlink()
        sync_folder(self.path.parent)


def derive_key(master: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (`database`, `media`, `templates`), so that no key serves two uses."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"dopusk/{purpose}".encode()).derive(master)


def connect(path: Path, master: bytes, *, busy_timeout_s: float = 10.0) -> Database:
    """Open (or make) the encrypted database without migrating it. Raises `StoreError`."""
    try:
        connection = sqlcipher3.connect(
            str(path), timeout=busy_timeout_s, check_same_thread=False, isolation_level=None
        )
    except sqlcipher3.OperationalError as error:
        raise StoreError("unreadable", f"{path}: {error}") from error
    try:
        connection.execute(f"PRAGMA key = \"x'{derive_key(master, 'database').hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlcipher3.OperationalError as error:
        connection.close()
        raise StoreError(_code(error), f"{path}: {error}") from error
    except sqlcipher3.DatabaseError as error:
        connection.close()
        raise StoreError("damaged", f"{path}: damaged, or of another key ({error})") from error
    return Database(connection)  # type: ignore[arg-type]  # SQLCipher speaks the same DB-API


def open_existing(path: Path, keys: KeyFile) -> Database:
    """Open the store of a terminal that has run, to look at it; makes neither store nor key. Raises `StoreError`."""
    if not path.exists() or not keys.path.exists():
        raise StoreError("no_store", f"{path}: there is no store yet; start the terminal once")
    db = connect(path, keys.master_key())
    try:
        if not is_current(db, str(path)):
            raise StoreError("older", f"{path}: written by an older program; start the terminal once")
    except STORE_DAMAGE as error:
        db.close()
        raise StoreError("damaged", f"{path}: {error}") from error
    except StoreError:
        db.close()
        raise
    return db


def open_store(path: Path, master: bytes) -> Database:
    """Open the terminal's database and bring it up to date; all pending migrations are one transaction.

    Raises `StoreError`: `newer` when a newer program has been here, which this one must not touch.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = connect(path, master)
    try:
        migrate(db, str(path))
    except STORE_TROUBLE as error:
        db.close()
        raise StoreError(_code(error), f"{path}: {error}") from error
    except STORE_DAMAGE as error:
        db.close()
        raise StoreError("damaged", f"{path}: {error}") from error
    except StoreError:
        db.close()
        raise
    return db


def migrate(db: Database, name: str) -> None:
    """Apply what is pending, in one transaction: a kill in the middle leaves the store as it was. Raises `StoreError`."""
    if not _is_pending(db, name):
        return
    with writing(db):
        for migrations in MIGRATIONS:  # looked at again under the lock: another process may have been quicker
            migrations.apply(db)


def is_current(db: Database, name: str) -> bool:
    """Whether the store is of this program's version. Raises `StoreError` (`newer`)."""
    return not _is_pending(db, name)


def _is_pending(db: Database, name: str) -> bool:
    known = {(migrations.name, one) for migrations in MIGRATIONS for one in names_of(migrations)}
    applied: set[tuple[str, str]] = set()
    if db["_sqlite_migrations"].exists():
        rows = db.execute("SELECT migration_set, name FROM _sqlite_migrations").fetchall()
        applied = {(row[0], row[1]) for row in rows}
    strangers = sorted(f"{one[0]}/{one[1]}" for one in applied - known)
    if strangers:
        raise StoreError(
            "newer", f"{name}: made by a newer program ({', '.join(strangers)}); install that program again"
        )
    return bool(known - applied)


def names_of(migrations: Migrations) -> list[str]:
    """The names of all migrations of a set, applied or not."""
    with closing(Database(memory=True)) as empty:
        return [one.name for one in migrations.pending(empty)]


def _code(error: Exception) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return "locked"
    if "readonly" in text or "read-only" in text:
        return "read_only"
    if "full" in text:
        return "full"
    return "unreadable"
