"""The sync thread: moves the outbox to the centre and the centre's messages into the inbox.

Owns its own database connection (delivery columns and the inbox) and the MQTT connection. A published message stays in
the window until its receipt comes; without one it is published again after a while. The broker's acknowledgement proves
nothing and is not looked at.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlite_utils import Database

from sync.contract.envelope import ContractError, open_sealed
from sync.contract.health import TerminalStatus
from sync.contract.model import utc_text
from sync.contract.receipt import Receipt, ReceiptBatch
from sync.contract.topics import Down, TerminalAddress, parse_topic
from sync.inbox import Inbox
from sync.outbox import Backlog, Outbox
from sync.policy import RECEIPT_PATIENCE_S, WINDOW, Backoff
from sync.publisher import Arrived, BrokerAddress, Connected, Disconnected, LinkEvent, Publisher, Woken

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What the kiosk may know of the way to the centre."""

    connected: bool
    backlog: Backlog
    reason: str


@dataclass(slots=True)
class _InFlight:
    message_id: str
    due_s: float
    failures: int


class Forwarder:
    """Run `run()` in a thread or a process of its own; `wake()` after an append saves the wait for the next look."""

    def __init__(
        self,
        open_database: Callable[[], Database],
        broker: BrokerAddress,
        address: TerminalAddress,
        centre_key: Ed25519PublicKey,
        *,
        on_link: Callable[[LinkReport], None] = lambda report: None,
        on_inbox: Callable[[], None] = lambda: None,
        status: Callable[[], TerminalStatus] | None = None,
        status_every_s: float = 10.0,
    ) -> None:
        self._open_database = open_database
        self._address = address
        self._centre_key = centre_key
        self._on_link, self._on_inbox = on_link, on_inbox
        self._status, self._status_every_s = status, status_every_s
        self._events: SimpleQueue[LinkEvent] = SimpleQueue()
        will = TerminalStatus(state="offline").model_dump_json().encode()
        self._publisher = Publisher(broker, address, self._events, will)
        self._stopping = threading.Event()
        self._in_flight: dict[int, _InFlight] = {}
        self._backoff = Backoff(first_s=RECEIPT_PATIENCE_S, most_s=120.0)
        self._connected = False
        self._reason = "not connected yet"
        self._reported: LinkReport | None = None
        self._next_status_s = 0.0
        self.refused_messages = 0

    def wake(self) -> None:
        """Something was appended to the outbox."""
        self._events.put(Woken())

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopping.set()
        self._events.put(Woken())

    def run(self) -> None:
        """Work until stopped. A database that is locked for long or gone raises: the supervisor restarts us."""
        db = self._open_database()
        outbox, inbox = Outbox(db), Inbox(db)
        self._publisher.start()
        try:
            self._report(outbox)
            while not self._stopping.is_set():
                self._take_events(outbox, inbox)
                if self._connected:
                    self._fill_window(outbox)
                    self._send_status()
                self._report(outbox)
        finally:
            self._publisher.close()
            db.close()

    def _take_events(self, outbox: Outbox, inbox: Inbox) -> None:
        """Wait for the first event, then take all that are there: receipts of a burst are closed in one commit."""
        batch: list[LinkEvent] = []
        with suppress(Empty):
            batch.append(self._events.get(timeout=0.1))
            while len(batch) < WINDOW:
                batch.append(self._events.get_nowait())
        arrived = [event for event in batch if isinstance(event, Arrived)]
        for event in batch:
            match event:
                case Connected():
                    self._connected, self._reason = True, ""
                    self._next_status_s = 0.0
                case Disconnected(reason):
                    self._connected, self._reason = False, reason
                case Arrived() | Woken():
                    pass
        if arrived:
            self._commit(arrived, outbox, inbox)

    def _commit(self, arrived: list[Arrived], outbox: Outbox, inbox: Inbox) -> None:
        receipts: list[Receipt] = []
        fresh = False
        for message in arrived:
            try:
                _, direction, kind = parse_topic(message.topic)
                envelope = open_sealed(message.payload, self._centre_key)
                if direction != "down" or envelope.terminal_id != self._address.terminal:
                    raise ContractError("foreign_terminal", "addressed to another terminal")
                if kind == Down.RECEIPT:
                    receipts.extend(ReceiptBatch.model_validate(envelope.payload).receipts)
                else:
                    received_at = utc_text(datetime.now(UTC))
                    fresh |= inbox.store(envelope.message_id, kind, message.payload, received_at)
            except (ContractError, ValueError) as error:
                self.refused_messages += 1
                log.warning("a message from the centre was refused: %s", error)
        if receipts:
            for seq in outbox.close(receipts):
                self._in_flight.pop(seq, None)
        for message in arrived:
            self._publisher.acknowledge(message.token)
        if fresh:
            self._on_inbox()

    def _fill_window(self, outbox: Outbox) -> None:
        now_s = time.monotonic()
        overdue = [seq for seq, flight in self._in_flight.items() if flight.due_s <= now_s]
        failures = {seq: self._in_flight.pop(seq).failures + 1 for seq in overdue}
        free = WINDOW - len(self._in_flight)
        if free <= 0:
            return
        rows = outbox.next_queued(free, without=self._in_flight)
        for row in rows:
            if not self._publisher.publish(self._address.up(row.kind), row.wire):
                break
            tries = failures.get(row.seq, 0)
            due_s = now_s + self._backoff.delay_s(tries, random.random())  # noqa: S311 - jitter, not a secret
            self._in_flight[row.seq] = _InFlight(row.message_id, due_s, tries)

    def _send_status(self) -> None:
        now_s = time.monotonic()
        if self._status is not None and now_s >= self._next_status_s:
            self._next_status_s = now_s + self._status_every_s
            self._publisher.publish(self._address.status, self._status().model_dump_json().encode(), retain=True)

    def _report(self, outbox: Outbox) -> None:
        report = LinkReport(self._connected, outbox.backlog(), self._reason)
        if report != self._reported:
            self._reported = report
            self._on_link(report)
