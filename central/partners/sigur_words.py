"""Lines of Sigur's text protocol (OIF 1.8, TCP 3312), read without trust. No I/O.

Words are divided by blanks, strings stand in quotes, with `\\` before a quote. Source: five public clients and one emulator; the
maker confirms one-line text messages over TCP. Never tried against a real server.
"""

import re
from dataclasses import dataclass

VERSION = "1.8"
ALLOW, DENY = 255, 3
"""Codes of `DELEGATION_REPLY`, by one public client."""
MAX_LINE_BYTES = 2048
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_ESCAPED = re.compile(r"\\(.)")
_REQUEST_WORDS = 7


class UnreadableLine(ValueError):
    """A line that is none of the protocol."""


@dataclass(frozen=True, slots=True)
class DelegationRequest:
    """A card was held to a reader: `request_id` and `access_point` go back unchanged."""

    request_id: str
    access_point: str
    key: tuple[str, str, str]
    """Format, series, number: `W26 123 45678`."""
    direction: str

    @property
    def is_way_in(self) -> bool:
        """Whether somebody wants in; an unknown direction is none."""
        return self.direction == "IN"


def words_of(line: str) -> list[str]:
    """The words of a line, without quotes."""
    return [
        _ESCAPED.sub(r"\1", match.group(1)) if match.group(1) is not None else match.group(2)
        for match in _WORD.finditer(line)
    ]


def quoted(text: str) -> str:
    """A string as the protocol wants it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def login(name: str, password: str) -> str:
    """The first line of a client."""
    return f"LOGIN {VERSION} {quoted(name)} {quoted(password)}"


def request_in(line: str) -> DelegationRequest | None:
    """A question of the server; None for a line of another kind. Raises `UnreadableLine` for one that is cut or garbled."""
    words = words_of(line)
    if not words or words[0] != "DELEGATION_REQUEST":
        return None
    if len(words) != _REQUEST_WORDS or not (words[1].isdigit() and words[2].isdigit()):
        raise UnreadableLine("DELEGATION_REQUEST")
    return DelegationRequest(words[1], words[2], (words[3], words[4], words[5]), words[6])


def reply(request: DelegationRequest, code: int) -> str:
    """The answer: identifier and access point as they came."""
    return f"DELEGATION_REPLY {request.request_id} {request.access_point} {code} 0 0 0 0"


def card_forms(key: tuple[str, str, str]) -> frozenset[str]:
    """How the register may have this card, folded as `fold_card` folds; empty for a key of another kind.

    Wiegand 26 has a series of 8 bits and a number of 16; it is printed as `123,45678`.
    """
    kind, series, number = key
    if kind != "W26" or not (series.isdigit() and number.isdigit()):
        return frozenset()
    high, low = int(series), int(number)
    if high > 0xFF or low > 0xFFFF:
        return frozenset()
    whole = high << 16 | low
    return frozenset(
        {f"{high:03},{low:05}", f"{high},{low}", f"{high:03}/{low:05}", f"{high}/{low}", f"{whole:08}", f"{whole:010}"}
    )


def state_of(line: str, access_point: int) -> str:
    """State of an access point by `APINFO`. Raises `UnreadableLine` for an answer about another one, and for none at all."""
    words = words_of(line)
    if words[:2] != ["APINFO", "ID"] or len(words) < 3 or words[2] != str(access_point):
        raise UnreadableLine("APINFO")
    return words[words.index("STATE") + 1] if "STATE" in words[:-1] else ""
