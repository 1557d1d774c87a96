"""Media on the centre's disk: chunks while they come, whole files named by their SHA-256 afterwards.

Layout: `parts/<sha256>/<index>` and `<first two digits>/<sha256>`. A file appears under its name complete or not at all.
"""

import base64
import binascii
import hashlib
import os
import shutil
from pathlib import Path

from sync.contract.canonical import sha256_hex
from sync.contract.media import MediaChunk


class MediaError(Exception):
    """A chunk or a file that is not what its hash says."""


class MediaFiles:
    """The folder of media. Every write is on the disk before the method returns; `OSError` is the caller's to retry."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where they all are."""
        return self._folder

    def path(self, sha256: str) -> Path:
        """Where the whole file stands, or will stand."""
        return self._folder / sha256[:2] / sha256

    def write_chunk(self, chunk: MediaChunk) -> None:
        """Store one chunk; the same one twice is written once. Raises `MediaError` when its hash is wrong."""
        if self.path(chunk.sha256).exists():
            return
        content = decode_chunk(chunk)
        folder = self._parts(chunk.sha256)
        folder.mkdir(parents=True, exist_ok=True)
        _write_durably(folder / str(chunk.index), content)

    def keep(self, content: bytes) -> str:
        """Store a whole file that came in one piece; returns its SHA-256. The same one twice is written once."""
        sha256 = sha256_hex(content)
        whole = self.path(sha256)
        if not whole.exists():
            whole.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(whole, content)
        return sha256

    def assemble(self, sha256: str, count: int) -> int:
        """Put the chunks together; returns the size in bytes.

        Raises `MediaError` when a chunk is gone or the whole does not give its hash; the chunks are dropped then.
        """
        whole = self.path(sha256)
        parts = self._parts(sha256)
        if not whole.exists():
            whole.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            # A name of our own: another ingest worker may be putting the same file together, and may be killed at it.
            fresh = whole.with_suffix(f".{os.getpid()}.new")
            try:
                with fresh.open("wb") as file:
                    for index in range(count):
                        content = (parts / str(index)).read_bytes()
                        digest.update(content)
                        file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            except FileNotFoundError as error:
                fresh.unlink(missing_ok=True)
                if whole.exists():  # the other worker was quicker
                    return whole.stat().st_size
                raise MediaError(f"a chunk of {sha256} is gone") from error
            if digest.hexdigest() != sha256:
                fresh.unlink()
                shutil.rmtree(parts)
                raise MediaError(f"the chunks of {sha256} do not give this hash")
            fresh.replace(whole)
            _sync_folder(whole.parent)
        shutil.rmtree(parts, ignore_errors=True)
        return whole.stat().st_size

    def remove(self, sha256: str) -> bool:
        """Delete a whole file, and what came of it in chunks; whether it was there. On the disk before this returns."""
        whole = self.path(sha256)
        shutil.rmtree(self._parts(sha256), ignore_errors=True)
        try:
            whole.unlink()
        except FileNotFoundError:
            return False
        _sync_folder(whole.parent)
        return True

    def _parts(self, sha256: str) -> Path:
        return self._folder / "parts" / sha256


def decode_chunk(chunk: MediaChunk) -> bytes:
    """The content of a chunk. Raises `MediaError` for a wrong hash, bad base64 or an index outside the count."""
    if chunk.index >= chunk.count:
        raise MediaError(f"chunk {chunk.index} of {chunk.count}")
    try:
        content = base64.b64decode(chunk.content_base64, validate=True)
    except binascii.Error as error:
        raise MediaError("chunk is not base64") from error
    if sha256_hex(content) != chunk.chunk_sha256:
        raise MediaError("the chunk does not give its hash")
    return content


def _write_durably(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(f".{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)  # of a full disk it would take the last bytes
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
