"""What an operator of electronic waybills is to the centre: files come, titles go, receipts come. No I/O.

An operator may answer late, twice or never, and may bring one file many times. Nothing here relies on it: files are told apart by
ИдФайл and bytes, titles by ИдФайл, receipts by bytes.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

MAX_RECEIPT_BYTES = 64 * 1024
ANSWERS = ("delivered", "accepted", "refused")


class OperatorAway(OSError):
    """The operator could not be reached or did not do what was asked. The message says what to look at."""


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file of a carrier and its signature, as they came. `key` names it to `taken`."""

    name: str
    content: bytes
    signature: bytes
    key: str


@dataclass(frozen=True, slots=True)
class IncomingReceipt:
    """What an operator says of a title. `state`: one of `ANSWERS`, or empty where it cannot be read."""

    file_id: str
    state: str
    words: str
    content: bytes
    key: str


class WaybillOperator(Protocol):
    """One operator. Every method may raise `OperatorAway`."""

    def files(self) -> Iterable[IncomingFile]:
        """What carriers have sent and `taken` has not named yet."""
        ...

    def taken(self, file: IncomingFile) -> None:
        """The file is committed: it need not come again."""
        ...

    def send(self, file_id: str, content: bytes, signature: bytes) -> None:
        """Hand a title over. The same title may be handed over again."""
        ...

    def receipts(self) -> Iterable[IncomingReceipt]:
        """What is said of titles."""
        ...

    def noted(self, receipt: IncomingReceipt) -> None:
        """The receipt is committed."""
        ...


def read_receipt(content: bytes, key: str) -> IncomingReceipt:
    """A receipt as JSON: `file_id`, `state`, `words`. One that cannot be read has no state, and is kept all the same."""
    try:
        said = json.loads(content)
        file_id, state = str(said["file_id"])[:255], str(said["state"])
        words = str(said.get("words", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return IncomingReceipt("", "", "", content, key)
    return IncomingReceipt(file_id, state if state in ANSWERS else "", words, content, key)
