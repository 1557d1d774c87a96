"""A fleet of simulated terminals against a running centre: each with its own key, certificate and chain.

All connections are driven by one thread, so that the fleet takes as little as possible of the machine it measures.
Every exam is sealed before the clock starts; what is measured is publishing, committing and receipting.
"""

import random
import selectors
import ssl
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from simulators.fleet_exam import exam_payload
from simulators.fleet_terminal import BrokerAddress, TerminalIdentity
from sync.contract.envelope import open_sealed
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.receipt import ReceiptBatch
from sync.contract.topics import Up

WINDOW = 50
"""Exams of one terminal on their way without a receipt."""
_KEEPALIVE_S = 60
_TURN_S = 0.05
_RATE_TURN_S = 0.002
_CONNECT_S = 60.0
"""How long the broker has at least to take all terminals; a short run is no reason for a hurry there."""
_CARE_S = 1.0
"""How often keep-alives are looked after."""


@dataclass(frozen=True, slots=True)
class Member:
    """One terminal of the fleet: who it is, how it gets in, and whom it examines."""

    identity: TerminalIdentity
    broker: BrokerAddress
    worker_id: str
    employer_id: str


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run. Delays in milliseconds; `commit_to_receipt` by the clocks of centre and fleet."""

    terminals: int
    sent: int
    receipted: int
    refused: int
    seconds: float
    per_second: float
    send_to_receipt_ms: dict[str, float]
    commit_to_receipt_ms: dict[str, float]


@dataclass(slots=True)
class _Mail:
    """One sealed exam and its fate."""

    message_id: str
    wire: bytes
    sent_at: float = 0.0
    waited_s: float | None = None
    after_commit_s: float = 0.0


@dataclass(slots=True)
class _Connection:
    """One terminal's connection, driven from outside."""

    member: Member
    client: mqtt.Client
    waiting: list[_Mail]
    on_the_way: dict[str, _Mail] = field(default_factory=dict)
    done: list[_Mail] = field(default_factory=list)
    refused: int = 0
    subscribed: bool = False


class Fleet:
    """Connects, sends, waits for the receipts, reports. `progress` gets (receipted, sent, all) about once a second."""

    def __init__(
        self,
        members: Sequence[Member],
        exams: int,
        *,
        seed: int = 1,
        progress: Callable[[int, int, int], None] | None = None,
    ) -> None:
        self._exams = exams
        self._progress = progress
        self._selector = selectors.DefaultSelector()
        self._cared = 0.0
        self._next = 0
        dice = random.Random(seed)
        mails: list[list[_Mail]] = [[] for _ in members]
        for number in range(exams):
            member = members[number % len(members)]
            mails[number % len(members)].append(_sealed(member, dice))
        self._connections = [
            _Connection(member, _client(member), list(reversed(own)))
            for member, own in zip(members, mails, strict=True)
        ]

    def run(self, *, rate: float | None = None, timeout_s: float = 600.0) -> Report:
        """Send everything, as fast as the windows allow or `rate` exams a second, and wait for the receipts.

        Ends early after `timeout_s`; what has no receipt then is missing in the report.
        """
        self._connect(max(timeout_s, _CONNECT_S))
        begun = shown = time.monotonic()
        sent = receipted = 0
        while receipted < self._exams and time.monotonic() - begun < timeout_s:
            allowed = self._exams if rate is None else int((time.monotonic() - begun) * rate) + 1
            now_sent = self._send(allowed - sent)
            sent += now_sent
            self._turn(0.0 if now_sent else _TURN_S if rate is None else _RATE_TURN_S)
            receipted = sum(len(connection.done) for connection in self._connections)
            if self._progress and time.monotonic() - shown >= 1:
                shown = time.monotonic()
                self._progress(receipted, sent, self._exams)
        seconds = time.monotonic() - begun
        for connection in self._connections:
            connection.client.disconnect()
        self._selector.close()
        return self._report(sent, seconds)

    def _connect(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        for connection in self._connections:
            self._open(connection)
        while not all(connection.subscribed for connection in self._connections):
            self._turn(_TURN_S)
            if time.monotonic() > deadline:
                raise TimeoutError("the broker did not take all terminals in time")

    def _open(self, connection: _Connection) -> None:
        member, client = connection.member, connection.client

        def connected(_client: mqtt.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                raise ConnectionError(f"{member.identity.address.terminal}: the broker answers {reason}")
            client.subscribe(member.identity.address.all_down, options=SubscribeOptions(qos=1))

        client.on_connect = connected
        client.on_subscribe = lambda *_: setattr(connection, "subscribed", True)
        client.on_message = lambda _client, _user, message: _received(connection, message)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = 1000
        client.connect(member.broker.host, member.broker.port, _KEEPALIVE_S, clean_start=True, properties=properties)
        wire = client.socket()
        if wire is None:
            raise ConnectionError(f"{member.identity.address.terminal}: no connection to the broker")
        self._selector.register(wire.fileno(), selectors.EVENT_READ, connection)

    def _turn(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            client = key.data.client
            client.loop_read()
            # TLS may have read more from the wire than one call gave us; the selector will not tell.
            while _has_more(client):
                client.loop_read()
            if client.want_write():
                client.loop_write()
        if time.monotonic() - self._cared > _CARE_S:
            self._cared = time.monotonic()
            for connection in self._connections:
                connection.client.loop_misc()
                if connection.client.want_write():
                    connection.client.loop_write()

    def _send(self, allowed: int) -> int:
        sent = 0
        for _ in range(len(self._connections)):
            if sent >= allowed:
                break
            # In turn, so that a rate is spread over the fleet and not sent by the first few.
            connection = self._connections[self._next]
            self._next = (self._next + 1) % len(self._connections)
            if connection.waiting and len(connection.on_the_way) < WINDOW:
                mail = connection.waiting.pop()
                mail.sent_at = time.monotonic()
                connection.on_the_way[mail.message_id] = mail
                connection.client.publish(connection.member.identity.address.up(Up.EXAM), mail.wire, qos=1)
                connection.client.loop_write()
                sent += 1
        return sent

    def _report(self, sent: int, seconds: float) -> Report:
        done = [mail for connection in self._connections for mail in connection.done]
        return Report(
            terminals=len(self._connections),
            sent=sent,
            receipted=len(done),
            refused=sum(connection.refused for connection in self._connections),
            seconds=round(seconds, 3),
            per_second=round(len(done) / seconds, 1) if seconds else 0.0,
            send_to_receipt_ms=_percentiles([mail.waited_s or 0.0 for mail in done]),
            commit_to_receipt_ms=_percentiles([mail.after_commit_s for mail in done]),
        )


def _sealed(member: Member, dice: random.Random) -> _Mail:
    identity = member.identity
    payload = exam_payload(
        dice,
        org=identity.address.org,
        worker_id=member.worker_id,
        employer_id=member.employer_id,
        generation=identity.generation,
    )
    message_id, sealed = identity.seal(EXAM_SCHEMA, payload)
    return _Mail(message_id, sealed.wire)


def _client(member: Member) -> mqtt.Client:
    name = member.identity.address.terminal
    client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
    client.tls_set(str(member.broker.ca_file), str(member.broker.cert_file), str(member.broker.key_file))
    client.max_inflight_messages_set(1000)
    return client


def _has_more(client: mqtt.Client) -> bool:
    wire = client.socket()
    return isinstance(wire, ssl.SSLSocket) and wire.pending() > 0


def _received(connection: _Connection, message: mqtt.MQTTMessage) -> None:
    if not message.topic.endswith("/receipt"):
        return
    envelope = open_sealed(bytes(message.payload), connection.member.identity.centre_key)
    now, wall = time.monotonic(), datetime.now(UTC)
    for receipt in ReceiptBatch.model_validate(envelope.payload).receipts:
        mail = connection.on_the_way.pop(receipt.message_id, None)
        if mail is None:
            continue
        mail.waited_s = now - mail.sent_at
        mail.after_commit_s = (wall - receipt.committed_at).total_seconds()
        connection.refused += receipt.outcome == "refused"
        connection.done.append(mail)


def _percentiles(delays_s: Sequence[float]) -> dict[str, float]:
    if len(delays_s) < 2:
        return {name: round(sum(delays_s) * 1000, 1) for name in ("p50", "p95", "p99")}
    cuts = statistics.quantiles(delays_s, n=100, method="inclusive")
    return {"p50": round(cuts[49] * 1000, 1), "p95": round(cuts[94] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}
