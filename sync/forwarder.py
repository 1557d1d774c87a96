"""The sync thread: moves the outbox to the centre and the centre's messages into the inbox.

Owns its own database connection (delivery columns and the inbox) and the MQTT connection. A published message stays in
the window until its receipt comes; without one it is published again after a while. The broker's acknowledgement proves
nothing: only where it says that a message reached nobody, that is believed, and the message is due again soon.
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

from sync import metrics
from sync.contract.canonical import sha256_hex
from sync.contract.envelope import ContractError, Envelope, open_sealed, read_unverified
from sync.contract.health import TerminalStatus
from sync.contract.receipt import Receipt, ReceiptBatch, RefusedMessage
from sync.contract.topics import Down, TerminalAddress, parse_topic
from sync.inbox import Inbox
from sync.outbox import Backlog, Outbox
from sync.policy import RECEIPT_PATIENCE_S, STORE_RETRY, UNHEARD, WINDOW, Backoff
from sync.publisher import (
    Arrived,
    BrokerAddress,
    Connected,
    Disconnected,
    Heard,
    LinkEvent,
    LinkFilesError,
    Publisher,
    Unheard,
    Woken,
    valid_until,
)
from sync.transactions import STORE_TROUBLE, writing
from sync.window import Window

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_REPORT_EVERY_S = 0.2
_CARE_EVERY_S = 5.0
NO_RECEIPTS = "no receipts come: the broker or the centre's ingest stands still (centre's administrator)"
_PATIENT_TRIES = 2
"""After so many tries without a receipt something stands still."""
FOREIGN_TOPIC = "foreign_topic"
"""A message of the centre's on a topic where it does not belong."""


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What the kiosk may know of the way to the centre."""

    connected: bool
    backlog: Backlog
    reason: str


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
        receipt_patience_s: float = RECEIPT_PATIENCE_S,
    ) -> None:
        self._open_database = open_database
        self._broker, self._address = broker, address
        self._centre_key = centre_key
        self._on_link, self._on_inbox = on_link, on_inbox
        self._status, self._status_every_s = status, status_every_s
        self._events: SimpleQueue[LinkEvent] = SimpleQueue()
        self._publisher = self._make_publisher()
        self._stopping = threading.Event()
        self._window = Window(Backoff(first_s=receipt_patience_s, most_s=12 * receipt_patience_s))
        self._arrived: list[Arrived] = []
        """Came and is not committed yet; bounded by the receive maximum of the connection."""
        self._connected = False
        self._reason = "not connected yet"
        self._look = True
        self._unheard = 0
        self._quiet_until_s = 0.0
        self._seen_version = -1
        self._backlog = Backlog(0, 0, None)
        self._reported: LinkReport | None = None
        self._next_report_s = self._next_status_s = self._next_care_s = 0.0
        self._certificate = _fingerprint(broker)
        self.refused_messages = 0

    def wake(self) -> None:
        """Something was appended to the outbox."""
        self._events.put(Woken())

    def tell_status(self) -> None:
        """Something about this terminal's health changed: tell the centre now and not at the next turn."""
        self._next_status_s = 0.0
        self.wake()

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopping.set()
        self._events.put(Woken())

    def run(self) -> None:
        """Work until stopped. A store that is full or locked is waited out and nothing is acknowledged meanwhile.

        Any other trouble with the store (damage) is reported and raised.
        """
        db = self._open_database()
        outbox, inbox = Outbox(db), Inbox(db)
        self._publisher.start()
        failures = 0
        try:
            while not self._stopping.is_set():
                self._take_events()
                try:
                    self._work(db, outbox, inbox)
                    failures = 0
                except STORE_TROUBLE as error:
                    metrics.store_trouble.inc()
                    log.error("the terminal's store cannot be used now: %s", error)
                    self._say(f"the terminal's store cannot be used now: {error}")
                    self._stopping.wait(STORE_RETRY.delay_s(failures, random.random()))  # noqa: S311 - jitter
                    failures += 1
        finally:
            self._connected = False
            self._say("sync has ended")
            self._publisher.close()
            db.close()

    def _take_events(self) -> None:
        """Wait for the first event, then take all that are there: receipts of a burst are closed in one commit."""
        batch: list[LinkEvent] = []
        with suppress(Empty):
            batch.append(self._events.get(timeout=_LOOK_EVERY_S))
            while len(batch) < WINDOW:
                batch.append(self._events.get_nowait())
        now_s = time.monotonic()
        for event in batch:
            match event:
                case Connected(remembered):
                    self._connected, self._reason = True, ""
                    self._next_status_s = 0.0
                    self._unheard, self._quiet_until_s = 0, 0.0
                    metrics.connects.inc()
                    if not remembered:
                        # What the broker had acknowledged and not handed over is gone with its memory.
                        self._window.all_due(now_s)
                case Disconnected(reason):
                    self._connected, self._reason = False, _why_disconnected(self._broker, reason)
                case Unheard(mid, reason):
                    self._nobody_there(mid, reason, now_s)
                case Heard():
                    self._unheard, self._quiet_until_s, self._reason = 0, 0.0, ""
                    self._window.unheard_due(now_s)
                case Arrived():
                    self._arrived.append(event)
                case Woken():
                    pass
            self._look = True

    def _nobody_there(self, mid: int, reason: str, now_s: float) -> None:
        metrics.unheard.inc()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + UNHEARD.delay_s(self._unheard, random.random())  # noqa: S311 - jitter
            self._unheard += 1
            self._reason = f"nobody at the centre takes messages ({reason})"
        self._window.unheard(mid, self._quiet_until_s)

    def _work(self, db: Database, outbox: Outbox, inbox: Inbox) -> None:
        if self._arrived:
            self._commit(db, outbox, inbox)
        now_s = time.monotonic()
        if now_s >= self._next_care_s:
            self._next_care_s = now_s + _CARE_EVERY_S
            self._care()
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version != self._seen_version:
            self._seen_version, self._look = version, True
        if self._connected:
            self._fill_window(outbox, now_s)
            self._send_status(now_s)
        self._report(outbox, now_s)

    def _commit(self, db: Database, outbox: Outbox, inbox: Inbox) -> None:
        """Store what arrived in one transaction, then acknowledge it to the broker."""
        receipts: list[tuple[tuple[Receipt, ...], bytes]] = []
        messages: list[tuple[Envelope, str, bytes]] = []
        refusals: list[RefusedMessage] = []
        for message in self._arrived:
            try:
                kind, envelope = self._open(message)
                if kind == Down.RECEIPT:
                    receipts.append((ReceiptBatch.model_validate(envelope.payload).receipts, message.payload))
                else:
                    messages.append((envelope, kind, message.payload))
            except (ContractError, ValueError) as error:
                refusals += self._refuse(message, error)
        fresh = False
        closed: list[int] = []
        with metrics.commit_s.time(), writing(db):
            for envelope, kind, wire in messages:
                if inbox.store(envelope.message_id, kind, wire):
                    fresh = True
                elif inbox.holds_other(envelope.message_id, wire):
                    reused = ContractError("message_id_reused", "another message is stored under this id")
                    refusals += self._refuse(Arrived(self._address.down(Down(kind)), wire, (0, 0, 0)), reused)
                else:
                    fresh |= inbox.note_repeated(envelope.message_id)
            for refusal in refusals:
                fresh |= inbox.note_refused(refusal)
            for batch, proof in receipts:
                closed += outbox.close(batch, proof)
        for message in self._arrived:
            self._publisher.acknowledge(message.token)
        self._arrived.clear()
        self._window.close(closed)
        if closed and self._reason == NO_RECEIPTS:
            self._reason = ""
        self._look = True
        for batch, _ in receipts:
            for receipt in batch:
                metrics.receipts.labels(receipt.outcome).inc()
        if fresh:
            self._on_inbox()

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
        self.refused_messages += 1
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

    def _fill_window(self, outbox: Outbox, now_s: float) -> None:
        if now_s < self._quiet_until_s:
            return
        overdue = self._window.take_overdue(now_s)
        if not self._reason and max(overdue.values(), default=0) >= _PATIENT_TRIES:
            self._reason = NO_RECEIPTS
            metrics.receiptless.inc()
        if not self._look and not overdue:
            return
        self._look = False
        free, media_free = self._window.room(probing=bool(self._unheard))
        if free <= 0:
            return
        if self._unheard:
            self._quiet_until_s = now_s + UNHEARD.most_s  # until the one that is sent now was heard, or was not
        for row in outbox.next_queued(free, without=self._window.seqs, media_limit=media_free):
            mid = self._publisher.publish(self._address.up(row.kind), row.wire)
            if mid is None:
                self._look = True
                break
            tries = overdue.get(row.seq, 0)
            self._window.add(row, mid, now_s, tries, random.random())  # noqa: S311 - jitter, not a secret
            metrics.published.labels("again" if tries else "first").inc()

    def _send_status(self, now_s: float) -> None:
        if self._status is not None and now_s >= self._next_status_s:
            self._next_status_s = now_s + self._status_every_s
            self._publisher.publish(self._address.status, self._status().model_dump_json().encode(), retain=True)

    def _care(self) -> None:
        """Now and then: a dead network thread is started again, a renewed certificate is taken into use."""
        if self._publisher.revive():
            metrics.network_revivals.inc()
            log.error("the network thread had died and was started again")
        fingerprint = _fingerprint(self._broker)
        if fingerprint != self._certificate:
            self._certificate = fingerprint
            log.info("the certificate was renewed; connecting with it")
            try:
                fresh = self._make_publisher()
            except LinkFilesError as error:
                log.error("the old certificate stays in use: %s", error)
                return
            self._publisher.close()
            self._window.all_due(time.monotonic())
            self._arrived.clear()  # the broker sends them again on the new connection
            self._publisher = fresh
            self._publisher.start()

    def _make_publisher(self) -> Publisher:
        will = TerminalStatus(state="offline").model_dump_json().encode()
        return Publisher(self._broker, self._address, self._events, will)

    def _report(self, outbox: Outbox, now_s: float) -> None:
        if now_s < self._next_report_s:
            return
        self._next_report_s = now_s + _REPORT_EVERY_S
        self._backlog = outbox.backlog()
        metrics.queued.set(self._backlog.queued)
        metrics.parked.set(self._backlog.parked)
        metrics.connected.set(self._connected)
        oldest = self._backlog.oldest_at
        age_s = 0.0 if oldest is None else (datetime.now(UTC) - datetime.fromisoformat(oldest)).total_seconds()
        metrics.oldest_s.set(max(0.0, age_s))
        self._say(self._reason)

    def _say(self, reason: str) -> None:
        report = LinkReport(self._connected, self._backlog, reason)
        if report != self._reported:
            self._reported = report
            self._on_link(report)


def _why_disconnected(broker: BrokerAddress, reason: str) -> str:
    """The library's word, or a clear one: a broker hangs up on an expired certificate without saying why."""
    until = valid_until(broker)
    if until is None or until > datetime.now(UTC):
        return reason
    return f"the terminal's certificate expired on {until:%Y-%m-%d}; enrol the terminal again (service engineer)"


def _fingerprint(broker: BrokerAddress) -> tuple[int, int] | None:
    """What changes when the certificate is replaced; None while there is none."""
    try:
        status = broker.cert_file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
