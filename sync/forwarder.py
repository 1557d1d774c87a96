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
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlite_utils import Database

from sync import metrics
from sync.arrivals import Arrivals
from sync.broker_address import BrokerAddress, LinkFilesError
from sync.contract.health import TerminalStatus
from sync.contract.topics import TerminalAddress
from sync.inbox import Inbox
from sync.link_report import NO_RECEIPTS, LinkReport, LinkReporter
from sync.outbox import Outbox
from sync.policy import RECEIPT_PATIENCE_S, STORE_RETRY, UNHEARD, WINDOW, Backoff
from sync.publisher import (
    Arrived,
    Connected,
    Disconnected,
    Heard,
    LinkEvent,
    Publisher,
    Unheard,
    Woken,
)
from sync.transactions import STORE_TROUBLE
from sync.window import Window

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_CARE_EVERY_S = 5.0
_PATIENT_TRIES = 2
"""After so many tries without a receipt something stands still."""


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
        self._link, self._on_inbox = LinkReporter(on_link), on_inbox
        self._status, self._status_every_s = status, status_every_s
        self._events: SimpleQueue[LinkEvent] = SimpleQueue()
        self._publisher = self._make_publisher()
        self._stopping = threading.Event()
        self._window = Window(Backoff(first_s=receipt_patience_s, most_s=12 * receipt_patience_s))
        self._arrivals = Arrivals(address, centre_key)
        self._look = True
        self._unheard = 0
        self._quiet_until_s = 0.0
        self._seen_version = -1
        self._next_status_s = self._next_care_s = 0.0
        self._certificate = broker.fingerprint()

    @property
    def refused_messages(self) -> int:
        """How many messages of the centre were not taken since the start."""
        return self._arrivals.refused

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
                    self._link.say(f"the terminal's store cannot be used now: {error}")
                    self._stopping.wait(STORE_RETRY.delay_s(failures, random.random()))  # noqa: S311 - jitter
                    failures += 1
        finally:
            self._link.connected = False
            self._link.say("sync has ended")
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
                    self._link.connected, self._link.reason = True, ""
                    self._next_status_s = 0.0
                    self._unheard, self._quiet_until_s = 0, 0.0
                    metrics.connects.inc()
                    if not remembered:
                        # What the broker had acknowledged and not handed over is gone with its memory.
                        self._window.all_due(now_s)
                case Disconnected(reason):
                    self._link.connected, self._link.reason = False, _why_disconnected(self._broker, reason)
                case Unheard(mid, reason):
                    self._nobody_there(mid, reason, now_s)
                case Heard():
                    self._unheard, self._quiet_until_s, self._link.reason = 0, 0.0, ""
                    self._window.unheard_due(now_s)
                case Arrived():
                    self._arrivals.add(event)
                case Woken():
                    pass
            self._look = True

    def _nobody_there(self, mid: int, reason: str, now_s: float) -> None:
        metrics.unheard.inc()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + UNHEARD.delay_s(self._unheard, random.random())  # noqa: S311 - jitter
            self._unheard += 1
            self._link.reason = f"nobody at the centre takes messages ({reason})"
        self._window.unheard(mid, self._quiet_until_s)

    def _work(self, db: Database, outbox: Outbox, inbox: Inbox) -> None:
        if self._arrivals:
            self._store_arrivals(db, outbox, inbox)
        now_s = time.monotonic()
        if now_s >= self._next_care_s:
            self._next_care_s = now_s + _CARE_EVERY_S
            self._care()
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version != self._seen_version:
            self._seen_version, self._look = version, True
        if self._link.connected:
            self._fill_window(outbox, now_s)
            self._send_status(now_s)
        self._link.look(outbox, now_s)

    def _store_arrivals(self, db: Database, outbox: Outbox, inbox: Inbox) -> None:
        stored = self._arrivals.commit(db, outbox, inbox, self._publisher.acknowledge)
        self._window.close(stored.closed)
        if stored.closed and self._link.reason == NO_RECEIPTS:
            self._link.reason = ""
        self._look = True
        if stored.is_news:
            self._on_inbox()

    def _fill_window(self, outbox: Outbox, now_s: float) -> None:
        if now_s < self._quiet_until_s:
            return
        overdue = self._window.take_overdue(now_s)
        if not self._link.reason and max(overdue.values(), default=0) >= _PATIENT_TRIES:
            self._link.reason = NO_RECEIPTS
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
        fingerprint = self._broker.fingerprint()
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
            self._arrivals.forget()
            self._publisher = fresh
            self._publisher.start()

    def _make_publisher(self) -> Publisher:
        will = TerminalStatus(state="offline").model_dump_json().encode()
        return Publisher(self._broker, self._address, self._events, will)


def _why_disconnected(broker: BrokerAddress, reason: str) -> str:
    """The library's word, or a clear one: a broker hangs up on an expired certificate without saying why."""
    until = broker.valid_until()
    if until is None or until > datetime.now(UTC):
        return reason
    return f"the terminal's certificate expired on {until:%Y-%m-%d}; enrol the terminal again (service engineer)"
