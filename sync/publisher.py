"""The terminal's MQTT client: the only importer of paho on this side. Callbacks do nothing but enqueue.

MQTT 5 with TLS and a client certificate, a session that outlives the connection, QoS 1, acknowledgement by hand after
commit. paho's own thread reconnects; should it die all the same (of a packet that it cannot read), `revive` starts it
again. What the broker has not acknowledged is bounded: memory stays the same whatever the broker does.
"""

import itertools
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from sync import network_thread
from sync.broker_address import BrokerAddress
from sync.broker_limits import BrokerLimits
from sync.contract.topics import ROOT, TerminalAddress

_CONNECTIONS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us in. `remembered` tells whether it still has our session, `limits` what it can take."""

    remembered: bool
    limits: BrokerLimits


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The link is gone; `reason` is the library's word. `without_retain`: the broker refuses a will that is retained."""

    reason: str
    without_retain: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message of the centre's; `token` acknowledges it, on the connection that it came by only."""

    topic: str
    payload: bytes
    token: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Unheard:
    """The broker took a message that reached nobody: no ingest is there, or the access list forbids it."""

    mid: int
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """After `Unheard`: somebody takes our messages again."""


@dataclass(frozen=True, slots=True)
class Woken:
    """Somebody wants the sync thread to look at the outbox now."""


LinkEvent = Connected | Disconnected | Arrived | Unheard | Heard | Woken


ACCESS_REFUSED = "the broker's access list refuses our topics"
NO_SUBSCRIBERS = 16
"""MQTT 5 reason code of a PUBACK: taken, but nobody is there to have it."""

RETAIN_NOT_SUPPORTED = 0x9A
"""MQTT 5 reason code of a CONNACK: the broker keeps no last messages."""

MOST_UNACKNOWLEDGED = 1200
"""Messages that the library may hold because the broker has not acknowledged them."""

MOST_UNCOMMITTED = 100
"""Messages of the centre that the broker may send before we have committed them (MQTT 5 receive maximum)."""


class Publisher:
    """One connection. `publish` and `acknowledge` may be called from the sync thread only; events come by the queue."""

    def __init__(
        self,
        broker: BrokerAddress,
        address: TerminalAddress,
        events: "SimpleQueue[LinkEvent]",
        will: bytes,
        *,
        retains: bool = True,
    ) -> None:
        """`retains`: whether status and will are kept by the broker for those who ask later."""
        self._events = events
        self._broker = broker
        self._address = address
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.terminal,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        client.tls_set_context(broker.tls())
        client.reconnect_delay_set(min_delay=1, max_delay=15)
        client.max_inflight_messages_set(0xFFFF)  # `room` is the bound
        client.max_queued_messages_set(MOST_UNACKNOWLEDGED)
        client.will_set(address.status, will, qos=1, retain=retains)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        self._client = client
        self._retains = retains
        self._connection = 0
        self._refusal = ""
        self._unheard = False
        self._lock = threading.Lock()
        self._unacknowledged: set[int] = set()
        self._acknowledged_early: set[int] = set()
        self._limits = BrokerLimits()
        self._is_full = False

    @property
    def room(self) -> int:
        """How many more messages the broker may be given before it has acknowledged some."""
        with self._lock:
            room = min(self._limits.receive_maximum, MOST_UNACKNOWLEDGED) - len(self._unacknowledged)
            self._is_full = room <= 0
        return max(0, room)

    @property
    def holds(self) -> int:
        """Messages that the library would send again after a new connection."""
        with self._lock:
            return len(self._unacknowledged)

    def start(self) -> None:
        """Begin to connect, and reconnect for ever. Returns at once."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._broker.session_expiry_s
        properties.ReceiveMaximum = MOST_UNCOMMITTED
        self._client.connect_async(
            self._broker.host,
            self._broker.port,
            keepalive=self._broker.keepalive_s,
            clean_start=False,
            properties=properties,
        )
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Hand a message to the library; returns its packet id for `Unheard`. None when too many are unacknowledged.

        Delivery is proved by receipts alone. Raises `ValueError` for what is no message of MQTT.
        """
        if self.room <= 0:
            return None
        info = self._client.publish(topic, payload, qos=1, retain=retain and self._retains and self._limits.retains)
        if info.rc is MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return None
        with self._lock:  # whatever else it says, the library holds it and sends it on the next connection
            if info.mid in self._acknowledged_early:  # the library's thread was quicker than this one
                self._acknowledged_early.discard(info.mid)
            else:
                self._unacknowledged.add(info.mid)
        return info.mid

    def acknowledge(self, token: tuple[int, int, int]) -> None:
        """Tell the broker that a message is committed. On a newer connection the same packet id is another message."""
        connection, mid, qos = token
        if connection == self._connection:
            self._client.ack(mid, qos)

    def revive(self) -> bool:
        """Start the library's thread again if it has died; True if it had."""
        return network_thread.revive(self._client)

    def close(self) -> None:
        """Say good-bye and stop the library's thread."""
        network_thread.end(self._client)

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            self._events.put(Disconnected(self._refusal, without_retain=reason.value == RETAIN_NOT_SUPPORTED))
            return
        self._refusal = ""
        limits = BrokerLimits.of(properties)
        with self._lock:
            self._limits = limits
        self._connection = next(_CONNECTIONS)
        client.subscribe(self._address.all_down, options=SubscribeOptions(qos=1))
        self._events.put(Connected(bool(flags.session_present), limits))

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._events.put(Disconnected(f"{ACCESS_REFUSED}: {reasons[0]}"))

    def _on_publish(self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        with self._lock:
            if mid in self._unacknowledged:
                self._unacknowledged.discard(mid)
            else:
                self._acknowledged_early.add(mid)
            was_full, self._is_full = self._is_full, False
        if was_full:
            self._events.put(Woken())
        if reason.is_failure or reason.value == NO_SUBSCRIBERS:
            self._unheard = True
            self._events.put(Unheard(mid, str(reason)))
        elif self._unheard:
            self._unheard = False
            self._events.put(Heard())

    def _on_connect_fail(self, client: Client, userdata: Any) -> None:
        self._refusal = ""
        self._events.put(Disconnected("the broker cannot be reached"))

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        # The end of a connection that the broker refused says nothing; why it refused is what somebody can act on.
        self._events.put(Disconnected(self._refusal or str(reason)))

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        token = (self._connection, message.mid, message.qos)
        try:
            topic = _unmounted(message.topic)
        except UnicodeDecodeError:
            # The library's thread would die of it, and the broker would send it again for ever.
            topic = ""
        self._events.put(Arrived(topic, bytes(message.payload), token))


def _unmounted(topic: str) -> str:
    """The topic of the contract. Mosquitto 2.0.11, that of Debian 12, leaves the listener's mount point before it."""
    mount_point, root, rest = topic.partition(f"{ROOT}/")
    return root + rest if root and mount_point.endswith("/") else topic
