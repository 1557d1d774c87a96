"""Messages from the centre: opened, stored with what they close in one transaction, and only then acknowledged.

A message that is not the centre's, not meant for this terminal or not what its topic says is refused; the centre is told
of it where that can do no harm.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlite_utils import Database

from sync import metrics
from sync.contract.canonical import sha256_hex
from sync.contract.envelope import ContractError, Envelope, open_sealed, read_unverified
from sync.contract.receipt import Receipt, ReceiptBatch, RefusedMessage
from sync.contract.topics import Down, TerminalAddress, kind_of_schema, parse_topic
from sync.inbox import Inbox
from sync.outbox import Outbox
from sync.publisher import Arrived
from sync.thread_faults import PROGRAM_FAULT, note_fault
from sync.transactions import is_of_the_store, writing

log = logging.getLogger(__name__)

FOREIGN_TOPIC = "foreign_topic"
"""A message of the centre's on a topic where it does not belong."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a commit of arrivals did: outbox rows (`seq`) that receipts closed, and whether the inbox has news."""

    closed: tuple[int, ...]
    is_news: bool


class Arrivals:
    """Messages that came and are not committed yet; bounded by the receive maximum of the connection. Not thread-safe."""

    def __init__(self, address: TerminalAddress, centre_key: Ed25519PublicKey) -> None:
        self._address, self._centre_key = address, centre_key
        self._waiting: list[Arrived] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, message: Arrived) -> None:
        self._waiting.append(message)

    def forget(self) -> None:
        """The connection they came on is gone: the broker sends them again on the next one."""
        self._waiting.clear()

    def commit(
        self, db: Database, outbox: Outbox, inbox: Inbox, acknowledge: Callable[[tuple[int, int, int]], None]
    ) -> Stored:
        """Store all that waits in one transaction, then acknowledge it to the broker.

        Raises the store's errors; nothing is acknowledged then, and all of it still waits.
        """
        receipts: list[tuple[Arrived, tuple[Receipt, ...]]] = []
        messages: list[tuple[Arrived, str, str]] = []
        refusals: list[RefusedMessage] = []
        for message in self._waiting:
            try:
                kind, envelope = self._open(message)
                if kind == Down.RECEIPT:
                    receipts.append((message, ReceiptBatch.model_validate(envelope.payload).receipts))
                else:
                    messages.append((message, kind, envelope.message_id))
            except Exception as error:  # noqa: BLE001 - one message never stops the others
                refusals += self._refuse(message, error)
        is_news = False
        closed: list[int] = []
        with metrics.commit_s.time(), writing(db):
            for message, kind, message_id in messages:
                try:
                    is_news |= self._store(inbox, message, kind, message_id)
                except Exception as error:
                    if is_of_the_store(error):
                        raise
                    refusals += self._refuse(message, error)
            for message, batch in receipts:
                try:
                    closed += outbox.close(batch, message.payload)
                except Exception as error:
                    if is_of_the_store(error):
                        raise
                    refusals += self._refuse(message, error)
            for refusal in refusals:
                is_news |= inbox.note_refused(refusal)
        for message in self._waiting:
            acknowledge(message.token)
        self._waiting.clear()
        for _, batch in receipts:
            for receipt in batch:
                metrics.receipts.labels(receipt.outcome).inc()
        return Stored(tuple(closed), is_news)

    def _store(self, inbox: Inbox, message: Arrived, kind: str, message_id: str) -> bool:
        """Store one message; whether the terminal's writer has something to do. Raises `ContractError`."""
        if inbox.store(message_id, kind, message.payload):
            return True
        if inbox.holds_other(message_id, message.payload):
            raise ContractError("message_id_reused", "another message is stored under this id")
        return inbox.note_repeated(message_id)

    def _open(self, message: Arrived) -> tuple[str, Envelope]:
        """Kind and contents of a message that is the centre's and meant for us. Raises `ContractError`, `ValueError`."""
        _, direction, kind = parse_topic(message.topic)
        envelope = open_sealed(message.payload, self._centre_key)
        if direction != "down" or envelope.terminal_id != self._address.terminal:
            raise ContractError("foreign_terminal", "addressed to another terminal")
        if kind_of_schema(envelope.schema_) != kind:
            raise ContractError(FOREIGN_TOPIC, f"a {envelope.schema_} does not travel on {kind!r}")
        return kind, envelope

    def _refuse(self, message: Arrived, error: Exception) -> list[RefusedMessage]:
        """Count a refusal; gives what the centre is to be told of it.

        Nothing is told of receipts: the word would be receipted, and that receipt refused again. Nor of a message on a wrong
        topic: somebody may have copied it there, and it has not been refused where it belongs.
        """
        code = _code_of(error)
        if code == PROGRAM_FAULT:
            note_fault("sync", "taking a message of the centre", error)
        metrics.refused.labels(code).inc()
        log.warning("a message from the centre was refused (%s): %s", code, _words_of(error))
        if code == FOREIGN_TOPIC or message.topic == self._address.down(Down.RECEIPT):
            return []
        try:
            message_id = read_unverified(message.payload)[0].message_id
        except Exception:  # noqa: BLE001 - it could not be read: that is what is being told
            message_id = None
        sha256 = sha256_hex(message.payload)
        return [RefusedMessage(message_id=message_id, sha256=sha256, code=code, reason=_words_of(error)[:200])]


def _code_of(error: Exception) -> str:
    if isinstance(error, ContractError):
        return error.code
    return "malformed" if isinstance(error, ValueError) else PROGRAM_FAULT


def _words_of(error: Exception) -> str:
    """What is wrong; of anything but our own words the kind alone, for the rest may be a person's data."""
    return str(error) if isinstance(error, ContractError) else type(error).__name__
