"""Seals search words so that they may be part of an address: only this centre can read them (ADR 0075)."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_MOST_CHARS = 1000


class WordsSeal:
    """Encrypts with a key derived from the console's session secret. The same words look otherwise each time."""

    def __init__(self, session_secret: bytes) -> None:
        self._key = AESGCM(sha256(b"dopusk sought words" + session_secret).digest())

    def seal(self, words: str) -> str:
        """Letters, digits, `-` and `_`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (
            urlsafe_b64encode(nonce + self._key.encrypt(nonce, words.encode("utf-8"), None))
            .rstrip(b"=")
            .decode("ascii")
        )

    def open(self, sealed: str) -> str | None:
        """The words; None for what was not sealed here, or before the session secret changed."""
        if len(sealed) > _MOST_CHARS:
            return None
        try:
            content = urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
            return self._key.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], None).decode("utf-8")
        except (ValueError, InvalidTag):
            return None
