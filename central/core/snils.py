"""The insurance number SNILS at the centre: read in any usual form, sealed for documents, hashed for comparison."""

import os
import re
import unicodedata
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central.core.config import ConfigError
from sync.contract.snils import is_valid, keyed_hash

SNILS_DIGITS = 11
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]")
"""Blanks and dashes of any kind: a word processor puts long ones, and ones that break no line."""
_NONCE_BYTES = 12
_KEY_BYTES = 32


def parse_snils(text: str) -> str:
    """The 11 digits of a SNILS written with or without separators. Raises `ValueError`, without repeating the number."""
    digits = _SEPARATORS.sub("", text)
    if not re.fullmatch(r"[0-9]{11}", digits):
        raise ValueError("a SNILS has 11 digits")
    if int(digits[:9]) == 0:
        raise ValueError("000-000-000 is not a SNILS")
    if not is_valid(digits):
        raise ValueError("the check number of the SNILS is wrong")
    return digits


class SnilsKey:
    """Keys from one secret: one to compare numbers, one to seal them, one to seal how a person is reached."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _KEY_BYTES:
            raise ValueError(f"the SNILS secret has {len(secret)} bytes; at least {_KEY_BYTES} are needed")
        self._compare = _derive(secret, b"dopusk snils hmac")
        self._cipher = AESGCM(_derive(secret, b"dopusk snils seal"))
        self._contacts = AESGCM(_derive(secret, b"dopusk contact seal"))

    @classmethod
    def from_file(cls, path: Path) -> "SnilsKey":
        """Read the secret. Raises `ConfigError`."""
        try:
            return cls(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(str(path), [f"keys.snils_key_file: {error}"]) from error

    @property
    def compare_key(self) -> bytes:
        """The key of the keyed hash alone: what a terminal needs to find a worker by SNILS."""
        return self._compare

    def hmac(self, digits: str) -> str:
        """HMAC-SHA-256 of the 11 digits, hexadecimal."""
        return keyed_hash(digits, self._compare)

    def seal(self, digits: str) -> bytes:
        """Nonce and AES-256-GCM ciphertext of the 11 digits."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, digits.encode("ascii"), None)

    def open(self, sealed: bytes) -> str:
        """The 11 digits. Raises `cryptography.exceptions.InvalidTag` when the bytes or the key are not the right ones."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode("ascii")

    def seal_contact(self, words: str) -> bytes:
        """Nonce and AES-256-GCM ciphertext of a telephone number or an e-mail address, by a key of its own."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._contacts.encrypt(nonce, words.encode("utf-8"), None)

    def open_contact(self, sealed: bytes) -> str:
        """What was sealed by `seal_contact`. Raises `cryptography.exceptions.InvalidTag` as `open` does."""
        return self._contacts.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode("utf-8")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=purpose).derive(secret)


def digits_in(text: str) -> str:
    """All decimal digits of a text, in whatever script, as ASCII."""
    return "".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal())
