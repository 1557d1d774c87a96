"""Photos and video segments: encrypted files named by the hash of their content, written before the event that names them.

AES-256-GCM; the nonce stands before the ciphertext. The hash is that of the plain content, as the exam names it.
"""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlite_utils import Database, Migrations

from sync.contract.canonical import sha256_hex

migrations = Migrations("terminal.media")


@migrations()
def m001_media(db: Database) -> None:
    """Which file belongs to which exam, for retention."""
    db.execute(
        "CREATE TABLE media (sha256 TEXT PRIMARY KEY, exam_id TEXT NOT NULL, content_type TEXT NOT NULL,"
        " size_bytes INTEGER NOT NULL, stored_at TEXT NOT NULL) STRICT"
    )


class MediaError(Exception):
    """A media file that is missing or was changed."""


class MediaFiles:
    """Encrypted files in one folder."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._cipher = AESGCM(key)
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, content: bytes) -> str:
        """Encrypt and store with a full sync; returns the SHA-256 of the content."""
        sha256 = sha256_hex(content)
        path = self._path(sha256)
        nonce = secrets.token_bytes(12)
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(nonce + self._cipher.encrypt(nonce, content, sha256.encode()))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The plain content. Raises `MediaError` when the file is missing or was changed."""
        try:
            stored = self._path(sha256).read_bytes()
            return self._cipher.decrypt(stored[:12], stored[12:], sha256.encode())
        except (OSError, InvalidTag) as error:
            raise MediaError(f"media {sha256[:12]}…: missing or changed") from error

    def exists(self, sha256: str) -> bool:
        """Whether there is a file of that name, readable or not."""
        return self._path(sha256).exists()

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.enc"
