"""A second copy of the store's first page. It holds the salt of all pages and the roots of all tables: without it nothing of
the file can be read, however whole the rest is.

The format is SQLCipher 4's: a page is ciphertext (AES-256-CBC), initialisation vector and HMAC-SHA-512 over both and the page's
number; the first 16 bytes of page one are the salt in plain. Source: https://www.zetetic.net/sqlcipher/design/
"""

import hmac
import logging
import os
import secrets
import shutil
from hashlib import pbkdf2_hmac
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from terminal.store.folders import sync_folder

log = logging.getLogger(__name__)

PAGE_BYTES = 4096
_SALT_BYTES, _VECTOR_BYTES, _HMAC_BYTES = 16, 16, 64
_RESERVED_BYTES = _VECTOR_BYTES + _HMAC_BYTES
_HMAC_MASK = 0x3A
_PAGES, _SCHEMA_COOKIE, _TREE = slice(28, 32), slice(40, 44), slice(100, None)
"""Places in the plain page, as in SQLite's file format: size in pages, schema cookie, root of the schema's tree."""

COPY = "-page1"


def copy_of(store: Path) -> Path:
    """Where the second copy lies."""
    return store.with_name(store.name + COPY)


def keep_first_page(store: Path, key: bytes) -> bool:
    """Copy the first page aside if the schema on it is another than on the copy; whether it was written.

    `key`: the database's 32 bytes. A page that is not whole just now is left for the next time.
    """
    try:
        page = _read(store)
        plain = None if page is None else _opened(page, key)
        if page is None or plain is None:
            return False
        kept = _read(copy_of(store))
        known = None if kept is None else _opened(kept, key)
        if known is not None and kept is not None and _what_matters(known, kept) == _what_matters(plain, page):
            return False
        fresh = copy_of(store).with_suffix(f"{copy_of(store).suffix}.{os.getpid()}.new")
        with fresh.open("wb") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(copy_of(store))
        sync_folder(store.parent)
    except OSError as error:
        log.warning("the store's first page cannot be kept twice: %s", error.strerror)
        return False
    return True


def with_first_page(damaged: Path, key: bytes) -> Path | None:
    """A copy of a damaged store (beside it, `.mended`) that has its first page again; None if there is no second copy of it."""
    kept = _read(copy_of(damaged))
    plain = None if kept is None else _opened(kept, key)
    if kept is None or plain is None:
        return None
    mended = damaged.with_name(f"{damaged.name}.mended")
    shutil.copyfile(damaged, mended)
    wal = damaged.with_name(f"{damaged.name}-wal")
    if wal.exists():
        shutil.copyfile(wal, mended.with_name(f"{mended.name}-wal"))
    whole = bytearray(plain)
    whole[_PAGES] = (damaged.stat().st_size // PAGE_BYTES).to_bytes(4)  # it has grown since
    with mended.open("r+b") as file:
        file.write(_sealed(bytes(whole), kept[:_SALT_BYTES], key))
    return mended


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            page = file.read(PAGE_BYTES)
    except FileNotFoundError:
        return None
    return page if len(page) == PAGE_BYTES else None


def _what_matters(plain: bytes, page: bytes) -> tuple[bytes, bytes, bytes]:
    return page[:_SALT_BYTES], plain[_SCHEMA_COOKIE], plain[_TREE]


def _opened(page: bytes, key: bytes) -> bytes | None:
    """The plain page, without its reserved end; None if it is not a whole first page of this key."""
    sealed, code = page[_SALT_BYTES:-_HMAC_BYTES], page[-_HMAC_BYTES:]
    if not hmac.compare_digest(_code(sealed, page[:_SALT_BYTES], key), code):
        return None
    vector = sealed[-_VECTOR_BYTES:]
    plain = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor().update(sealed[:-_VECTOR_BYTES])
    return b"SQLite format 3\0" + plain


def _sealed(plain: bytes, salt: bytes, key: bytes) -> bytes:
    vector = secrets.token_bytes(_VECTOR_BYTES)
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    sealed = cipher.update(plain[_SALT_BYTES:]) + vector
    return salt + sealed + _code(sealed, salt, key)


def _code(sealed: bytes, salt: bytes, key: bytes) -> bytes:
    own_key = pbkdf2_hmac("sha512", key, bytes(byte ^ _HMAC_MASK for byte in salt), 2, len(key))
    return hmac.digest(own_key, sealed + (1).to_bytes(4, "little"), "sha512")
