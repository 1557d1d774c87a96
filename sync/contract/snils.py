"""The insurance number SNILS as both sides need it: its check number, and the keyed hash that travels instead of it.

Check number as in the pension fund's algorithm: nine digits weighted 9 to 1, sum modulo 101, 100 counts as 00; numbers up
to 001-001-998 carry none. Eleven digits can be tried out by anybody, so a plain hash would hide nothing.
"""

import hashlib
import hmac
import re

_LAST_UNCHECKED = 1_001_998


def check_number(nine_digits: str) -> int:
    """The check number (0 to 99) of the first nine digits."""
    weighted = sum(int(digit) * weight for digit, weight in zip(nine_digits, range(9, 0, -1), strict=True))
    return weighted % 101 % 100


def is_valid(digits: str) -> bool:
    """Whether 11 digits can be a SNILS. Test value: 112-233-445 95."""
    if not re.fullmatch(r"[0-9]{11}", digits) or int(digits[:9]) == 0:
        return False
    return int(digits[:9]) <= _LAST_UNCHECKED or int(digits[9:]) == check_number(digits[:9])


def keyed_hash(digits: str, key: bytes) -> str:
    """HMAC-SHA-256 of the 11 digits, hexadecimal."""
    return hmac.new(key, digits.encode("ascii"), hashlib.sha256).hexdigest()
