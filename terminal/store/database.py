"""Opening the terminal's database: SQLCipher, WAL with full sync, migrations, and refusal of what must not be opened.

The key is 32 random bytes in a file that only the service may read. `KeySource` is the seam for a TPM.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlcipher3
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlite_utils import Database, Migrations

from sync import inbox, outbox
from terminal.store import exam_log, media_files, reference, roster

MIGRATIONS: tuple[Migrations, ...] = (
    exam_log.migrations,
    outbox.migrations,
    inbox.migrations,
    roster.migrations,
    reference.migrations,
    media_files.migrations,
)


class StoreError(Exception):
    """The store cannot be opened; `code` is `damaged`, `wrong_key`, `newer` or `locked`. The service engineer must act."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class KeySource(Protocol):
    """Where the 32-byte master key comes from."""

    def master_key(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Master key in a file (mode 0600), made on first use."""

    path: Path

    def master_key(self) -> bytes:
        """32 bytes. Raises `StoreError` for a file of another length."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
        key = self.path.read_bytes()
        if len(key) != 32:
            raise StoreError("wrong_key", f"{self.path}: the key must have 32 bytes and has {len(key)}")
        return key


def derive_key(master: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (`database`, `media`, `templates`), so that no key serves two uses."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"dopusk/{purpose}".encode()).derive(master)


def connect(path: Path, master: bytes, *, busy_timeout_s: float = 10.0) -> Database:
    """Open (or make) the encrypted database without migrating it. Raises `StoreError`."""
    connection = sqlcipher3.connect(str(path), timeout=busy_timeout_s, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA key = \"x'{derive_key(master, 'database').hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlcipher3.OperationalError as error:
        connection.close()
        raise StoreError("locked", f"{path}: {error}") from error
    except sqlcipher3.DatabaseError as error:
        connection.close()
        raise StoreError("damaged", f"{path}: damaged, or of another key ({error})") from error
    return Database(connection)  # type: ignore[arg-type]  # SQLCipher speaks the same DB-API


def open_store(path: Path, master: bytes) -> Database:
    """Open the terminal's database and bring it up to date; each migration is one transaction.

    Raises `StoreError`: `newer` when a newer program has been here, which this one must not touch.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = connect(path, master)
    for migrations in MIGRATIONS:
        known = {migration.name for migration in migrations.pending(db)}
        applied = {migration.name for migration in migrations.applied(db)}
        strangers = applied - {migration.name for migration in migrations._migrations}  # noqa: SLF001
        if strangers:
            db.close()
            raise StoreError("newer", f"{path}: made by a newer program ({', '.join(sorted(strangers))})")
        if known:
            migrations.apply(db)
    return db
