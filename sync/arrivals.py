"""What arrives from the centre: opened, stored with what it closes in one transaction, and only then acknowledged.

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
from sync.contract.topics import Down, TerminalAddress, parse_topic
from sync.inbox import Inbox
from sync.outbox import Outbox
from sync.publisher import Arrived
from sync.transactions import writing

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
        self.refused = 0

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
        receipts: list[tuple[tuple[Receipt, ...], bytes]] = []
        messages: list[tuple[Envelope, str, bytes]] = []
        refusals: list[RefusedMessage] = []
        for message in self._waiting:
            try:
                kind, envelope = self._open(message)
                if kind == Down.RECEIPT:
                    receipts.append((ReceiptBatch.model_validate(envelope.payload).receipts, message.payload))
                else:
                    messages.append((envelope, kind, message.payload))
            except (ContractError, ValueError) as error:
                refusals += self._refuse(message, error)
        is_news = False
        closed: list[int] = []
        with metrics.commit_s.time(), writing(db):
            for envelope, kind, wire in messages:
                if inbox.store(envelope.message_id, kind, wire):
                    is_news = True
                elif inbox.holds_other(envelope.message_id, wire):
                    reused = ContractError("message_id_reused", "another message is stored under this id")
                    refusals += self._refuse(Arrived(self._address.down(Down(kind)), wire, (0, 0, 0)), reused)
                else:
                    is_news |= inbox.note_repeated(envelope.message_id)
            for refusal in refusals:
                is_news |= inbox.note_refused(refusal)
            for batch, proof in receipts:
                closed += outbox.close(batch, proof)
        for message in self._waiting:
            acknowledge(message.token)
        self._waiting.clear()
        for batch, _ in receipts:
            for receipt in batch:
                metrics.receipts.labels(receipt.outcome).inc()
        return Stored(tuple(closed), is_news)

    def _open(self, message: Arrived) -> tuple[str, Envelope]:
        """Kind and contents of a message that is the centre's and meant for us. Raises `ContractError`, `ValueError`."""
        _, direction, kind = parse_topic(message.topic)
        envelope = open_sealed(message.payload, self._centre_key)
        if direction != "down" or envelope.terminal_id != self._address.terminal:
            raise ContractError("foreign_terminal", "addressed to another terminal")
        if envelope.schema_.split("/")[0] != f"dopusk.{kind}":
            raise ContractError(FOREIGN_TOPIC, f"a {envelope.schema_} does not travel on {kind!r}")
        return kind, envelope

    def _refuse(self, message: Arrived, error: Exception) -> list[RefusedMessage]:
        """Count a refusal; gives what the centre is to be told of it.

        Nothing is told of receipts: the word would be receipted, and that receipt refused again. Nor of a message on a wrong
        topic: somebody may have copied it there, and it has not been refused where it belongs.
        """
        code = getattr(error, "code", "malformed")
        self.refused += 1
        metrics.refused.labels(code).inc()
        log.warning("a message from the centre was refused (%s): %s", code, error)
        if code == FOREIGN_TOPIC or message.topic == self._address.down(Down.RECEIPT):
            return []
        try:
            message_id = read_unverified(message.payload)[0].message_id
        except ContractError:
            message_id = None
        reason = str(error)[:200] if isinstance(error, ContractError) else type(error).__name__
        return [RefusedMessage(message_id=message_id, sha256=sha256_hex(message.payload), code=code, reason=reason)]
