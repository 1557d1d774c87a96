"""The sync thread: moves the outbox to the centre and the centre's messages into the inbox.

Owns its own database connection (delivery columns and the inbox) and the MQTT connection. A published message stays in
the window until its receipt comes; without one it is published again after a while. The broker's acknowledgement proves
nothing: only where it says that a message reached nobody, that is believed, and the message is due again soon.

The thread does not poll: an appender calls `wake`, and the thread sleeps until something is due. All waits are
by the monotonic clock.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlite_utils import Database

from sync import metrics
from sync.arrivals import Arrivals
from sync.broker_address import BrokerAddress, LinkFilesError
from sync.broker_limits import BrokerLimits
from sync.contract.health import TerminalStatus
from sync.contract.topics import TerminalAddress
from sync.disconnects import why_disconnected
from sync.fitting import Fitting
from sync.inbox import Inbox
from sync.link_report import NO_RECEIPTS, LinkReport, LinkReporter
from sync.outbox import UNSENDABLE, Outbox, OutboxRow
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
from sync.thread_faults import note_fault
from sync.transactions import STORE_TROUBLE, is_of_the_store
from sync.wal import WalCare
from sync.window import Window

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0
"""How often the store is asked whether somebody changed it without a word: another program, or a wake that was lost."""
_CARE_EVERY_S = 5.0


class Forwarder:
    """Run `run()` in a thread or a process of its own, and call `wake()` after each append."""

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
        self._fitting = Fitting(address)
        self._retains = True
        self._publisher = self._make_publisher()
        self._stopping = threading.Event()
        self._window = Window(Backoff(first_s=receipt_patience_s, most_s=12 * receipt_patience_s))
        self._arrivals = Arrivals(address, centre_key)
        self._receiptless_after_s = receipt_patience_s / 2
        self._receipt_s = 0.0
        self._look = True
        self._unheard = 0
        self._quiet_until_s = 0.0
        self._seen_version = -1
        self._next_status_s = self._next_care_s = self._next_look_s = 0.0
        self._certificate = broker.fingerprint()
        self._wal = WalCare()

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
                try:
                    self._take_events()
                    self._work(db, outbox, inbox)
                    failures = 0
                except STORE_TROUBLE as error:
                    metrics.store_trouble.inc()
                    log.error("the terminal's store cannot be used now: %s", error)
                    self._link.say("store_trouble", f"the terminal's store cannot be used now: {error}")
                    self._link.changed()
                    self._stopping.wait(STORE_RETRY.delay_s(failures, random.random()))  # noqa: S311 - jitter
                    failures += 1
        finally:
            self._link.connected = False
            self._link.say("sync_ended", "sync has ended")
            self._publisher.close()
            db.close()

    def _wait_s(self, now_s: float) -> float:
        """Seconds until something is due."""
        if self._arrivals:
            return 0.0
        dues = [self._next_care_s, self._next_look_s]
        if self._link.connected:
            if self._status is not None:
                dues.append(self._next_status_s)
            if (due_s := self._window.next_due_s()) is not None or self._look:
                dues.append(max(self._quiet_until_s, 0.0 if self._look or due_s is None else due_s))
            if not self._link.code and (first_s := self._window.unanswered_since_s()) is not None:
                dues.append(max(self._receipt_s, first_s) + self._receiptless_after_s)
        report_s = self._link.due_in_s(now_s)
        return max(0.0, min(min(dues) - now_s, _LOOK_EVERY_S if report_s is None else report_s))

    def _take_events(self) -> None:
        """Wait for the first event, then take all that are there: receipts of a burst are closed in one commit."""
        batch: list[LinkEvent] = []
        with suppress(Empty):
            wait_s = self._wait_s(time.monotonic())
            batch.append(self._events.get(timeout=wait_s) if wait_s else self._events.get_nowait())
            while len(batch) < WINDOW:
                batch.append(self._events.get_nowait())
        now_s = time.monotonic()
        for event in batch:
            match event:
                case Connected(remembered, limits):
                    self._connected(remembered, limits, now_s)
                case Disconnected(reason, without_retain):
                    self._link.connected = False
                    self._link.because(*why_disconnected(self._broker, reason))
                    if without_retain and self._retains:
                        log.warning("the broker keeps no last messages: status and will go without being kept")
                        self._retains = False
                        self._renew_publisher()
                case Unheard(mid, reason):
                    self._nobody_there(mid, reason, now_s)
                case Heard():
                    self._unheard, self._quiet_until_s = 0, 0.0
                    self._link.well()
                    self._window.unheard_due(now_s)
                case Arrived():
                    self._arrivals.add(event)
                case Woken():
                    pass
            self._look = True
            self._link.changed()

    def _connected(self, remembered: bool, limits: BrokerLimits, now_s: float) -> None:
        metrics.connects.inc()
        if limits.maximum_qos < 1:
            self._link.connected = False
            words = "the broker takes messages of QoS 0 only, and nothing may be lost (administrator of the broker)"
            self._link.because("qos_refused", words)
            return
        known = self._fitting.limits
        if self._fitting.take(limits) and known is not None and self._publisher.holds:
            # What the library still holds was given to it under other limits, and it sends it over these.
            self._renew_publisher()
            return
        self._link.connected = True
        self._link.well()
        self._next_status_s = 0.0
        self._unheard, self._quiet_until_s = 0, 0.0
        self._receipt_s = now_s
        if not remembered:
            # What the broker had acknowledged and not handed over is gone with its memory.
            self._window.all_due(now_s)

    def _nobody_there(self, mid: int, reason: str, now_s: float) -> None:
        metrics.unheard.inc()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + UNHEARD.delay_s(self._unheard, random.random())  # noqa: S311 - jitter
            self._unheard += 1
            self._link.because("nobody_listens", f"nobody at the centre takes messages ({reason})")
        self._window.unheard(mid, self._quiet_until_s)

    def _work(self, db: Database, outbox: Outbox, inbox: Inbox) -> None:
        if self._arrivals:
            self._store_arrivals(db, outbox, inbox)
        now_s = time.monotonic()
        if now_s >= self._next_care_s:
            self._next_care_s = now_s + _CARE_EVERY_S
            self._care()
            self._wal.look(db, now_s, is_idle=not len(self._window))
            self._link.changed()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + _LOOK_EVERY_S
            (version,) = db.execute("PRAGMA data_version").fetchone()
            if version != self._seen_version:
                self._seen_version, self._look = version, True
                self._link.changed()
        if self._link.connected:
            self._fitting.release(outbox)
            self._fill_window(outbox, now_s)
            self._send_status(now_s)
        self._link.look(outbox, now_s)

    def _store_arrivals(self, db: Database, outbox: Outbox, inbox: Inbox) -> None:
        stored = self._arrivals.commit(db, outbox, inbox, self._publisher.acknowledge)
        self._window.close(stored.closed)
        if stored.closed:
            self._receipt_s = time.monotonic()
            if self._link.code == "no_receipts":
                self._link.well()
        self._look = True
        self._link.changed()
        if stored.is_news:
            self._on_inbox()

    def _fill_window(self, outbox: Outbox, now_s: float) -> None:
        if now_s < self._quiet_until_s:
            return
        self._miss_receipts(now_s)
        overdue = self._window.take_overdue(now_s)
        if not self._look and not overdue:
            return
        self._look = False
        free, media_free = self._window.room(probing=bool(self._unheard))
        free = min(free, self._publisher.room)
        if free <= 0:
            return
        if self._unheard:
            self._quiet_until_s = now_s + UNHEARD.most_s  # until the one that is sent now was heard, or was not
        for row in outbox.next_queued(free, without=self._window.seqs, media_limit=media_free):
            if not self._fitting.is_fit(row, outbox):
                self._window.close([row.seq])
                self._link.changed()
                self._look = True
                continue
            mid = self._publish(row, outbox)
            if mid is None:
                self._look = True
                break
            tries = overdue.get(row.seq, 0)
            self._window.add(row, mid, now_s, tries, random.random())  # noqa: S311 - jitter, not a secret
            metrics.published.labels("again" if tries else "first").inc()

    def _miss_receipts(self, now_s: float) -> None:
        """Say so when what was published has no receipt for long and none of anything came meanwhile."""
        first_s = self._window.unanswered_since_s()
        if self._link.code or first_s is None or max(self._receipt_s, first_s) + self._receiptless_after_s > now_s:
            return
        self._link.because("no_receipts", NO_RECEIPTS)
        metrics.receiptless.inc()

    def _publish(self, row: OutboxRow, outbox: Outbox) -> int | None:
        """The packet id; None if the library takes no more now or the row cannot be published at all and was parked."""
        try:
            return self._publisher.publish(self._address.up(row.kind), row.wire)
        except Exception as error:
            if is_of_the_store(error):
                raise
            note_fault("sync", "publishing a message", error)
            outbox.park(row.seq, UNSENDABLE, f"it cannot be published: {type(error).__name__} (developers)")
            self._window.close([row.seq])
            return None

    def _send_status(self, now_s: float) -> None:
        if self._status is None or now_s < self._next_status_s:
            return
        self._next_status_s = now_s + self._status_every_s
        try:
            wire = self._status().model_dump_json().encode()
        except Exception as error:  # noqa: BLE001 - whatever it is, records go on
            note_fault("sync", "telling the status", error)
            return
        if not self._fitting.takes(self._address.status, len(wire)):
            log.error("the status has %d bytes, and the broker takes less (administrator of the broker)", len(wire))
            return
        self._publisher.publish(self._address.status, wire, retain=True)

    def _care(self) -> None:
        """Now and then: a dead network thread is started again, a renewed certificate is taken into use."""
        if self._publisher.revive():
            metrics.network_revivals.inc()
            log.error("the network thread had died and was started again")
        fingerprint = self._broker.fingerprint()
        if fingerprint != self._certificate:
            self._certificate = fingerprint
            log.info("the certificate was renewed; connecting with it")
            self._renew_publisher()

    def _renew_publisher(self) -> None:
        """A new connection by a client that holds nothing; all that has no receipt is due again."""
        try:
            fresh = self._make_publisher()
        except LinkFilesError as error:
            log.error("the old certificate stays in use: %s", error)
            return
        self._publisher.close()
        self._link.connected = False
        self._window.all_due(time.monotonic())
        self._arrivals.forget()
        self._publisher = fresh
        self._publisher.start()

    def _make_publisher(self) -> Publisher:
        will = TerminalStatus(state="offline").model_dump_json().encode()
        return Publisher(self._broker, self._address, self._events, will, retains=self._retains)
