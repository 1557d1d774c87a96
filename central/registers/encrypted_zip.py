"""A ZIP whose files are encrypted with AES-256 under a passphrase, in the form that 7-Zip and WinZip open (AE-2).

The form is that of WinZip's "AES Encryption Information" (AE-2): PBKDF2-HMAC-SHA-1 with 1000 rounds, AES in counter mode with a
counter that counts from 1 and has its lowest byte first, HMAC-SHA-1 of which ten bytes are kept. A passphrase has to be long: the
rounds are few.
"""

import hashlib
import hmac
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MIN_PASSPHRASE = 16
_SALT_BYTES, _KEY_BYTES, _MAC_BYTES, _CHECK_BYTES, _ROUNDS = 16, 32, 10, 2, 1000
_METHOD_AES, _DEFLATE, _ENCRYPTED_UTF_8, _NEEDS = 99, 8, 0x0801, 51
_FIELD = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, _DEFLATE)
"""Extra field: AE-2, AES-256, what was encrypted is deflated."""


def encrypted_zip(files: Mapping[str, bytes], passphrase: str, at: datetime) -> bytes:
    """The archive. Raises `ValueError` for a passphrase that is too short."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise ValueError(f"the passphrase needs at least {MIN_PASSPHRASE} characters")
    body, directory = b"", b""
    time, day = _dos_time(at)
    for name, content in files.items():
        packed = _encrypt(_deflated(content), passphrase)
        named = name.encode("utf-8")
        sizes = (len(packed), len(content), len(named), len(_FIELD))
        # AE-2 keeps no checksum of the plain text: the MAC stands for it.
        head = struct.pack("<HHHHHIIIHH", _NEEDS, _ENCRYPTED_UTF_8, _METHOD_AES, time, day, 0, *sizes)
        directory += struct.pack("<IH", 0x02014B50, _NEEDS) + head
        directory += struct.pack("<HHHII", 0, 0, 0, 0o600 << 16, len(body)) + named + _FIELD
        body += struct.pack("<I", 0x04034B50) + head + named + _FIELD + packed
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + end


def plain_zip(files: Mapping[str, bytes]) -> bytes:
    """The archive without encryption, for whoever has to have it so."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _encrypt(plain: bytes, passphrase: str) -> bytes:
    salt = os.urandom(_SALT_BYTES)
    length = 2 * _KEY_BYTES + _CHECK_BYTES
    keys = hashlib.pbkdf2_hmac("sha1", passphrase.encode("utf-8"), salt, _ROUNDS, length)
    encrypted = _counted(plain, keys[:_KEY_BYTES])
    mac = hmac.new(keys[_KEY_BYTES : 2 * _KEY_BYTES], encrypted, hashlib.sha1).digest()[:_MAC_BYTES]
    return salt + keys[2 * _KEY_BYTES :] + encrypted + mac


def _counted(plain: bytes, key: bytes) -> bytes:
    """AES in counter mode with the lowest byte first, which the library's own mode does not have."""
    blocks = -(-len(plain) // 16)
    counters = b"".join(number.to_bytes(16, "little") for number in range(1, blocks + 1))
    encryptor = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # noqa: S305 - of counters, none of which comes twice
    stream = encryptor.update(counters) + encryptor.finalize()
    return bytes(one ^ other for one, other in zip(plain, stream, strict=False))


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _dos_time(at: datetime) -> tuple[int, int]:
    time = at.hour << 11 | at.minute << 5 | at.second // 2
    return time, (at.year - 1980) << 9 | at.month << 5 | at.day
