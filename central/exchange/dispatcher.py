"""Sends the rows of the centre's outbox to the broker, repeatedly, until the terminal's `ack` closes them.

One thread, one connection, one process. Also listens to the terminals' status, since a terminal that comes online is the
moment to send what it has not acknowledged.
"""

import json
import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType

import paho.mqtt.client as mqtt
from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from central.authority import certificates
from central.authority.certificates import LOOK_EVERY_S
from central.authority.pki import Authority
from central.authority.revocation_list import PROBE_FILE
from central.core import metrics
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.step_records import is_away
from central.core.supervision import Step, Supervised, each
from central.exchange.eviction import end_connection, list_is_read
from central.exchange.face_photos import FacePhotos
from central.exchange.resending import Replenisher
from central.exchange.rosters import Rosters
from central.link.broker_link import BrokerLink
from central.store import anomalies, outgoing, refusals, terminals
from central.store.anomalies import NewAnomaly
from central.store.engine import reading, writing
from central.store.outgoing import Waiting
from sync.contract.canonical import canonical
from sync.contract.envelope import ContractError
from sync.contract.health import TerminalStatus
from sync.contract.topics import ALL_STATUS, ALL_UP, Down, TerminalAddress, parse_topic

POLL_S = 0.5
"""How long a row written by another process may wait; a `wake` of this process does not wait."""
RESEND_AFTER = timedelta(seconds=30)
RESEND_CHECK_S = 5.0
_GREETING_S = 1.0
"""After a terminal came online the broker's own queue goes first; what is unacknowledged then is sent again."""
_BATCH = 500
SET_ASIDE_S = 600.0
"""How long a message that cannot be handed over is passed over, before it is tried again."""
_MOST_ASIDE = 1000
_STATUS_MAX_BYTES = 64 * 1024
BROKER_AWAY_S = 15.0
"""How long the connection may be gone before somebody is told."""
_BROKER = "broker"
_STATUS = "/status"
_SHUTTING_OUT = "shutting_out"
_LIST = "revocation_list"
SHUT_OUT_WITHIN_S = 1.0
"""How long one round of ending connections may take."""
LIST_READ_WITHIN_S = 60.0
"""How long the broker may take to read a new list of revoked certificates, before somebody is told."""
_log = logging.getLogger(__name__)


class ListNotRead(Exception):
    """Revoked terminals are pushed out and come back: nobody hands the list to the broker."""


class Dispatcher:
    """Start it once per centre, `wake` it after each commit that queued something."""

    def __init__(
        self,
        config: CentralConfig,
        engine: Engine,
        photos: FacePhotos | None = None,
        replenisher: Replenisher | None = None,
        rosters: Rosters | None = None,
    ) -> None:
        """`photos` answers terminals that want reference photos, `replenisher` those that have lost their roster, `rosters`
        those whose list has changed; without them they wait.
        """
        self._engine, self._photos, self._broker = engine, photos, config.mqtt
        self._config = config
        self._replenisher = replenisher
        self._rosters = rosters
        if rosters is not None:
            rosters.on_queued = lambda: self._loop.wake()
        self._statuses: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._latest: dict[str, bytes] = {}
        self._greet_at: dict[str, float] = {}
        self._aside: dict[str, float] = {}
        self._seen_broker_s = time.monotonic()
        self._authority_dir = config.keys.authority_dir
        self._shut: set[str] = set()
        self._tried_s: dict[str, float] = {}
        self._unread_since_s: float | None = None
        self._has_cleared = False
        self.ready = threading.Event()
        self._link = BrokerLink(
            config.mqtt,
            f"dispatcher-{os.uname().nodename}-{os.getpid()}",
            [ALL_STATUS],
            on_message=self._arrived,
            on_ready=self._connected,
        )
        # Each by itself: what stops one of them stops none of the others.
        self._loop = Supervised(
            "dispatcher",
            (
                Step("photos", self._answer_photos),
                Step("sending", self._send_queued),
                Step("statuses", self._take_statuses),
                Step("greeting", self._greet),
                Step("sending_again", self._send_overdue, RESEND_CHECK_S),
                Step("replenishing", self._replenish, RESEND_CHECK_S),
                Step(_SHUTTING_OUT, self._shut_out, RESEND_CHECK_S),
                Step("figures", self._measure, RESEND_CHECK_S),
                Step("certificates", self._look_at_certificates, LOOK_EVERY_S),
            ),
            poll_s=POLL_S,
            daemon=True,
        )

    def start(self) -> None:
        """Connect in the background and begin to send."""
        self._link.start()
        self._loop.start()
        if self._rosters is not None:
            self._rosters.start()

    def wake(self) -> None:
        """Something was committed: look at once. From any thread."""
        self._loop.hasten(_SHUTTING_OUT)
        self._loop.wake()
        if self._rosters is not None:
            self._rosters.wake()

    def stop(self) -> None:
        """End the thread and the connection. What was not sent is sent after the next start."""
        if self._rosters is not None:
            self._rosters.stop()
        self._loop.stop()
        self._link.stop()

    def __enter__(self) -> "Dispatcher":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _connected(self) -> None:
        self.ready.set()
        self._loop.hasten("certificates")
        # Only a status may be retained. What else was, while nobody was here to clear it away, is told now.
        self._link.look_for_retained(ALL_UP)
        self._loop.hasten(_SHUTTING_OUT)
        self._loop.wake()

    def _arrived(self, message: mqtt.MQTTMessage) -> None:
        # An empty one only clears what the broker retained.
        if message.payload and message.topic.endswith(_STATUS):
            self._statuses.put((message.topic, bytes(message.payload)))
            self._loop.wake()
        elif message.payload and message.retain:
            metrics.retained.inc()
            self._has_cleared = True
            self._link.forget(message.topic)
        self._link.client.ack(message.mid, message.qos)

    def _replenish(self) -> None:
        if self._replenisher is None:
            return
        with reading(self._engine) as connection:
            if not self._replenisher.are_needed(connection):
                return
        with writing(self._engine) as connection:
            names = self._replenisher.send(connection)
        if names:
            _log.warning("roster and books go again to terminals that have lost them: %s", ", ".join(names))
            self.wake()

    def _answer_photos(self) -> None:
        if self._photos is None:
            return
        with reading(self._engine) as connection:
            if not self._photos.are_wanted(connection):
                return
        with writing(self._engine) as connection:
            self._photos.answer(connection, now=now_utc())

    def _send_queued(self) -> None:
        while self._link.ready and not self._loop.stopping:
            with reading(self._engine) as connection:
                rows = outgoing.queued(connection, _BATCH, self._without())
            if not self._send(rows) or len(rows) < _BATCH:
                return

    def _send(self, rows: Sequence[Waiting], step: str = "sending") -> bool:
        """Hand them over until the broker takes no more. False then; True when nothing is left of them."""
        sent, left = [], False

        def publish(row: Waiting) -> None:
            nonlocal left
            left = left or not self._link.publish(
                TerminalAddress(row.org, row.terminal_id).down(Down(row.kind)), row.wire
            )
            if not left:
                metrics.dispatched.labels(row.kind).inc()
                sent.append(row.message_id)

        each(rows, publish, self._loop.record(step), lambda row: row.message_id, self._set_aside)
        if sent:
            with writing(self._engine) as connection:
                outgoing.mark_sent(connection, sent, now=now_utc())
        return not left

    def _set_aside(self, row: Waiting, _error: Exception) -> None:
        """One that cannot be handed over as it is: the others go on, and it is tried again after a while."""
        if len(self._aside) >= _MOST_ASIDE:
            self._aside.clear()
        self._aside[row.message_id] = time.monotonic() + SET_ASIDE_S

    def _without(self) -> list[str]:
        """What is passed over now."""
        moment = time.monotonic()
        self._aside = {name: until_s for name, until_s in self._aside.items() if until_s > moment}
        return list(self._aside)

    def _take_statuses(self) -> None:
        while True:
            try:
                topic, wire = self._statuses.get_nowait()
            except queue.Empty:
                break
            self._latest[topic] = wire
        if not self._latest:
            return
        with writing(self._engine) as connection:
            # In the order of ingest, which takes the terminals' rows by name: who goes another way may deadlock.
            for topic in sorted(self._latest, key=lambda topic: topic.split("/")[-2:-1]):
                self._take_one(connection, topic, self._latest[topic])
        self._latest.clear()
        if self._rosters is not None:
            self._rosters.wake()

    def _take_one(self, connection: Connection, topic: str, wire: bytes) -> None:
        """A status that cannot be taken is recorded and dropped: the next one of that terminal replaces it anyway."""
        try:
            with connection.begin_nested():
                self._take_status(connection, topic, wire)
        except Exception as error:
            if is_away(error):
                raise
            self._loop.record("statuses").note(error, topic)
            detail = f"the status cannot be taken: {type(error).__name__}"
            self._refuse_status(connection, topic, "malformed", detail)

    def _take_status(self, connection: Connection, topic: str, wire: bytes) -> None:
        now = now_utc()
        try:
            address, status = read_status(topic, wire)
        except ContractError as error:
            self._refuse_status(connection, topic, error.code, str(error))
            return
        row = terminals.get_terminal(connection, address.terminal)
        if row is None or row["org"] != address.org:
            self._refuse_status(connection, topic, "unknown_terminal", "status of a stranger")
            return
        terminals.note_status(connection, address.terminal, status, now=now)
        if status.state == "online":
            self._greet_at.setdefault(address.terminal, time.monotonic() + _GREETING_S)

    def _refuse_status(self, connection: Connection, topic: str, code: str, detail: str) -> None:
        """Record it, and make the broker forget what it retained: it would come again with every connection."""
        sender = topic.split("/")[3] if topic.count("/") == ALL_STATUS.count("/") else None
        anomalies.note(connection, NewAnomaly(code, topic, detail, sender), now=now_utc())
        self._link.forget(topic)

    def _greet(self) -> None:
        """What terminals that came online a moment ago have not acknowledged."""
        moment = time.monotonic()
        if not self._link.ready:
            return
        for terminal_id in [name for name, at in self._greet_at.items() if at <= moment]:
            del self._greet_at[terminal_id]
            with reading(self._engine) as connection:
                rows = outgoing.unacknowledged(connection, terminal_id, _BATCH, self._without())
            self._send(rows, "greeting")

    def _send_overdue(self) -> None:
        if not self._link.ready:
            return
        with reading(self._engine) as connection:
            late = outgoing.overdue(connection, now_utc() - RESEND_AFTER, _BATCH, self._without())
        self._send(late, "sending_again")

    def _measure(self) -> None:
        """The figures of the way down, with or without the broker: they are looked at when something is wrong."""
        self._link.revive()
        self._note_broker()
        if self._has_cleared:
            # There may be more than the broker holds ready for one listener.
            self._has_cleared = False
            self._link.look_for_retained(ALL_UP)
        with reading(self._engine) as connection:
            count, oldest = outgoing.backlog(connection)
            refused = refusals.counts(connection)
        metrics.outbox_backlog.set(count)
        metrics.outbox_oldest_s.set((now_utc() - oldest).total_seconds() if oldest else 0)
        metrics.broker_connects.labels("dispatcher").set(self._link.connects)
        metrics.refusals_open.clear()
        for kind, code, number in refused:
            metrics.refusals_open.labels(kind, code).set(number)

    def _look_at_certificates(self) -> None:
        certificates.watch(self._config, now_utc())

    def _note_broker(self) -> None:
        """A broker that stays away is a trouble like any other: it is shown, though every step gets along without it."""
        moment = time.monotonic()
        if self._link.ready:
            self._seen_broker_s = moment
            self._loop.record(_BROKER).passed()
        elif moment - self._seen_broker_s > BROKER_AWAY_S:
            self._loop.record(_BROKER).failed(ConnectionError("no connection to the broker"))

    def _shut_out(self) -> None:
        """End what revoked terminals still hold at the broker, whatever they say of themselves; again and again until the
        broker has shown that it knows the newest list, since they come back at once.
        """
        if not self._link.ready:
            return
        with reading(self._engine) as connection:
            found = terminals.revoked(connection)
        left = [(address, online) for address, online in found if online or address.terminal not in self._shut]
        if not left:
            self._unread_since_s = None
            return
        began_s = time.monotonic()
        is_read = list_is_read(self._broker, self._authority_dir)
        # Whose turn was longest ago comes first: a round takes so long only, for decisions wait meanwhile.
        for address, online in sorted(left, key=lambda item: self._tried_s.get(item[0].terminal, 0.0)):
            self._tried_s[address.terminal] = time.monotonic()
            if not end_connection(self._broker, address, say_offline=online):
                return
            if is_read:
                self._shut.add(address.terminal)
                _log.warning("revoked terminal %s has no connection any more", address.terminal)
            if time.monotonic() - began_s > SHUT_OUT_WITHIN_S:
                break
        self._look_at_list(is_read, began_s)

    def _look_at_list(self, is_read: bool | None, moment: float) -> None:
        if is_read:
            self._unread_since_s = None
            self._loop.record(_LIST).passed()
            return
        if is_read is None and not (self._authority_dir / PROBE_FILE).exists():
            Authority(self._authority_dir).renew_probe()
        self._unread_since_s = self._unread_since_s or moment
        if moment - self._unread_since_s > LIST_READ_WITHIN_S:
            self._loop.record(_LIST).failed(
                ListNotRead("the broker has not read the newest list of revoked certificates")
            )


def read_status(topic: str, wire: bytes) -> tuple[TerminalAddress, TerminalStatus]:
    """Parse a status message. Raises `ContractError` (`malformed`, `oversized`, `foreign_topic`)."""
    if len(wire) > _STATUS_MAX_BYTES:
        raise ContractError("oversized", f"a status of {len(wire)} bytes")
    try:
        address, direction, _ = parse_topic(topic)
        if direction != "status":
            raise ContractError("foreign_topic", "not a status topic")
        value = json.loads(wire)
        # Only what has a canonical form is kept: it goes into a JSON column as it is.
        canonical(value)
        return address, TerminalStatus.model_validate(value)
    except ValidationError as error:
        raise ContractError("malformed", f"status: {error.errors()[0]['type']}") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise ContractError("malformed", "status is not JSON") from error
