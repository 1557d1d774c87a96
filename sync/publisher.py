"""The terminal's MQTT client: the only importer of paho on this side. Callbacks do nothing but enqueue.

MQTT 5 with TLS and a client certificate, a session that outlives the connection, QoS 1, acknowledgement by hand after
commit. paho's own thread reconnects; should it die all the same (of a packet that it cannot read), `revive` starts it
again. What the broker has not acknowledged is bounded: memory stays the same whatever the broker does.
"""

import itertools
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from sync.broker_address import BrokerAddress
from sync.contract.topics import TerminalAddress

_CONNECTIONS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us in. `remembered` tells whether it still has our session."""

    remembered: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The link is gone; `reason` is the library's word."""

    reason: str


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


NO_SUBSCRIBERS = 16
"""MQTT 5 reason code of a PUBACK: taken, but nobody is there to have it."""

MOST_UNACKNOWLEDGED = 1200
"""Messages that the library may hold because the broker has not acknowledged them."""

MOST_UNCOMMITTED = 100
"""Messages of the centre that the broker may send before we have committed them (MQTT 5 receive maximum)."""


class Publisher:
    """One connection. `publish` and `acknowledge` may be called from the sync thread only; events come by the queue."""

    def __init__(
        self, broker: BrokerAddress, address: TerminalAddress, events: "SimpleQueue[LinkEvent]", will: bytes
    ) -> None:
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
        client.max_inflight_messages_set(0xFFFF)  # the forwarder's window is the bound
        client.max_queued_messages_set(MOST_UNACKNOWLEDGED)
        client.will_set(address.status, will, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        self._client = client
        self._connection = 0
        self._unheard = False

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

        Delivery is proved by receipts alone.
        """
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            return info.mid
        return None

    def acknowledge(self, token: tuple[int, int, int]) -> None:
        """Tell the broker that a message is committed. On a newer connection the same packet id is another message."""
        connection, mid, qos = token
        if connection == self._connection:
            self._client.ack(mid, qos)

    def revive(self) -> bool:
        """Start the library's thread again if it has died; True if it had."""
        return self._client.loop_start() is MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """Say good-bye and stop the library's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._events.put(Disconnected(str(reason)))
            return
        self._connection = next(_CONNECTIONS)
        client.subscribe(self._address.all_down, options=SubscribeOptions(qos=1))
        self._events.put(Connected(bool(flags.session_present)))

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._events.put(Disconnected(f"the broker's access list refuses our topics: {reasons[0]}"))

    def _on_publish(self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure or reason.value == NO_SUBSCRIBERS:
            self._unheard = True
            self._events.put(Unheard(mid, str(reason)))
        elif self._unheard:
            self._unheard = False
            self._events.put(Heard())

    def _on_connect_fail(self, client: Client, userdata: Any) -> None:
        self._events.put(Disconnected("the broker cannot be reached"))

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._events.put(Disconnected(str(reason)))

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        self._events.put(Arrived(message.topic, bytes(message.payload), (self._connection, message.mid, message.qos)))
