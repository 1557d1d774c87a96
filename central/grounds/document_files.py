"""Keeps documents sealed in the folder of media: nobody who reads the disk reads them (AES-256-GCM, a key of their own)."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central.core.config import CentralConfig, ConfigError
from central.core.media_files import MediaFiles
from sync.contract.canonical import sha256_hex

_NONCE_BYTES, _KEY_BYTES = 12, 32


class DocumentLost(Exception):
    """The file of a document is gone, or is not what was stored."""


class DocumentFiles:
    """The files of documents. Each is bound to its id: one put in the place of another is found out."""

    def __init__(self, media: MediaFiles, secret: bytes) -> None:
        self._media = media
        self._cipher = AESGCM(HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=b"dopusk documents").derive(secret))

    @classmethod
    def from_config(cls, config: CentralConfig) -> "DocumentFiles":
        """Of a centre: the key is derived from the secret that seals SNILS. Raises `ConfigError`."""
        path: Path = config.keys.snils_key_file
        try:
            return cls(MediaFiles(config.media_dir), path.read_bytes())
        except OSError as error:
            raise ConfigError(str(path), [f"keys.snils_key_file: {error}"]) from error

    def keep(self, document_id: str, content: bytes) -> str:
        """Seal and store a file durably; returns the hash of the sealed bytes, by which it is found."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._media.keep(nonce + self._cipher.encrypt(nonce, content, document_id.encode("ascii")))

    def open(self, document_id: str, stored_sha256: str, sha256: str) -> bytes:
        """The file as it was uploaded. Raises `DocumentLost`."""
        try:
            sealed = self._media.path(stored_sha256).read_bytes()
            content = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], document_id.encode("ascii"))
        except (OSError, InvalidTag, ValueError) as error:
            raise DocumentLost(document_id) from error
        if sha256_hex(content) != sha256:
            raise DocumentLost(document_id)
        return content

    def discard(self, stored_sha256: str) -> None:
        """Take away a file that was just kept and whose row was not written after all."""
        self._media.path(stored_sha256).unlink(missing_ok=True)
