"""Photos and video segments: encrypted files named by the hash of their content, written before the event that names them.

AES-256-GCM; the nonce stands before the ciphertext. The hash is that of the plain content, as the exam names it.
"""

import errno
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlite_utils import Database, Migrations

from sync.contract.canonical import sha256_hex
from terminal.store.file_steps import FileSteps

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

    def __init__(
        self,
        folder: Path,
        key: bytes,
        make_room: Callable[[], bool] = lambda: False,
        steps: FileSteps = FileSteps(),  # noqa: B008 - it has no state
    ) -> None:
        """`make_room` is asked when the disk is full; after True the file is written again."""
        self._folder = folder
        self._make_room = make_room
        self._steps = steps
        self._cipher = AESGCM(key)
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, content: bytes) -> str:
        """Encrypt and store with a full sync; returns the SHA-256 of the content."""
        try:
            return self._write(content)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self._make_room():
                raise
            return self._write(content)

    def _write(self, content: bytes) -> str:
        sha256 = sha256_hex(content)
        path = self._path(sha256)
        nonce = secrets.token_bytes(12)
        partial = path.with_suffix(".part")
        self._steps.write(partial, nonce + self._cipher.encrypt(nonce, content, sha256.encode()))
        self._steps.sync(partial)
        self._steps.rename(partial, path)
        self._steps.sync_folder(self._folder)
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

    def remove(self, sha256: str) -> None:
        """Delete the file; it is no fault if it is gone already."""
        self._path(sha256).unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.enc"
