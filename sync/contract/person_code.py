"""Codes that people carry: the centre's own code of a worker, and the code of a medical book. Pure.

A worker's code is `DPSK:1:<worker_id>:<signature>`: Ed25519 of the centre, base32. It says who somebody is and permits nothing.
What a medical book carries is not published (order 90n names a number and a code): an address that ends with the number, has it as
`elmk_number` or `number`, or a text with the number itself is understood. Anything else is unknown; nothing is guessed, and no
address is ever opened.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field

from sync.contract.model import Sha256, ShortText, WireModel

PREFIX = "DPSK:1:"
MOST_CHARS = 2000
"""Of what a reader of codes may give; a QR symbol holds 4,296 letters at most."""
_DOMAIN = b"dopusk worker code\n1\n"
_WORKER = re.compile(r"DPSK:1:([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}):([A-Z2-7]{103})")
_WRITTEN = re.compile(r"(?<![\d-])\d{2}-\d{2}-\d{6}-\d{2}(?![\d-])")
_PLAIN = re.compile(r"(?<![\d-])\d{12}(?![\d-])")
_ARGUMENTS = ("elmk_number", "number")


class ForeignCode(Exception):
    """It looks like a worker's code and is not one of this centre: torn, made up, or of another centre."""


class PresentedBook(WireModel):
    """The code of a medical book as it was read; the text itself is not kept. It proves nothing by itself."""

    sha256: Sha256
    """Of the text, UTF-8."""
    form: Literal["link", "text"]
    host: ShortText = ""
    """Of an address: where it leads. Nobody has looked there."""
    number: str | None = Field(default=None, pattern=r"^\d{12}$")
    """Twelve digits; None where the code has none that is understood."""
    on: date
    """The day of the place where it was read."""


@dataclass(frozen=True, slots=True)
class BookCode:
    """What a text says of a medical book."""

    sha256: str
    form: Literal["link", "text"]
    host: str
    number: str | None

    def presented(self, on: date) -> PresentedBook:
        """As it travels."""
        return PresentedBook(sha256=self.sha256, form=self.form, host=self.host, number=self.number, on=on)


def worker_code(worker_id: str, key: Ed25519PrivateKey) -> str:
    """The code of an employment, in capitals and digits, so that neither a keyboard's layout nor its capitals spoil it."""
    signature = base64.b32encode(key.sign(_DOMAIN + worker_id.encode("ascii"))).decode("ascii").rstrip("=")
    return f"{PREFIX}{worker_id.upper()}:{signature}"


def is_worker_code(text: str) -> bool:
    """Whether it begins as a worker's code does."""
    return _plain(text).startswith(PREFIX)


def read_worker_code(text: str, key: Ed25519PublicKey) -> str:
    """The `worker_id` that the centre has signed. Raises `ForeignCode`."""
    found = _WORKER.fullmatch(_plain(text))
    if found is None:
        raise ForeignCode
    worker_id = found[1].lower()
    try:
        signature = base64.b32decode(found[2] + "=")
        key.verify(signature, _DOMAIN + worker_id.encode("ascii"))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise ForeignCode from error
    return worker_id


def read_book_code(text: str) -> BookCode | None:
    """What a code or typed words say of a medical book; None for what has neither the form of an address nor a number.

    A text with two different numbers has none: which of them is meant would be a guess.
    """
    text = text.strip()
    if not text or len(text) > MOST_CHARS or not text.isprintable():
        return None
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if re.match(r"https?://", text, re.IGNORECASE):
        host, number = _of_address(text)
        return BookCode(sha256, "link", host, number)
    number = _only(text)
    return BookCode(sha256, "text", "", number) if number is not None else None


def digits_of(number: str) -> str:
    """The number of a book as twelve digits, whatever stands between them; empty when it is none."""
    digits = re.sub(r"[\s\-–—]", "", number)
    return digits if re.fullmatch(r"[0-9]{12}", digits) else ""


def written(number: str) -> str:
    """The twelve digits as they stand in a book: 86-01-027970-25."""
    return f"{number[:2]}-{number[2:4]}-{number[4:10]}-{number[10:]}"


def _of_address(text: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "")[:200]
        named = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return "", None
    given = [value for name in _ARGUMENTS for value in named.get(name, [])]
    places = given or [parts.path.rstrip("/").rpartition("/")[2]]
    numbers = {digits_of(place) for place in places}
    return host, (numbers.pop() or None) if len(numbers) == 1 else None


def _only(text: str) -> str | None:
    numbers = {digits_of(hit) for form in (_WRITTEN, _PLAIN) for hit in form.findall(text)}
    return numbers.pop() if len(numbers) == 1 else None


def _plain(text: str) -> str:
    return "".join(text.split()).upper()
