"""The terminal's MQTT client: the only importer of paho on this side. Callbacks do nothing but enqueue.

MQTT 5 with TLS and a client certificate, a session that outlives the connection, QoS 1, acknowledgement by hand after
commit. paho's own thread reconnects; a broken callback cannot kill it, because callbacks hold no logic.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from sync.contract.topics import TerminalAddress


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and how to prove who we are."""

    host: str
    port: int
    ca_file: Path
    cert_file: Path
    key_file: Path
    keepalive_s: int = 15
    session_expiry_s: int = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us in."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The link is gone; `reason` is the library's word."""

    reason: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message of the centre's; `token` acknowledges it."""

    topic: str
    payload: bytes
    token: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Woken:
    """Somebody wants the sync thread to look at the outbox now."""


LinkEvent = Connected | Disconnected | Arrived | Woken


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
        context = ssl.create_default_context(cafile=str(broker.ca_file))
        context.load_cert_chain(str(broker.cert_file), str(broker.key_file))
        client.tls_set_context(context)
        client.reconnect_delay_set(min_delay=1, max_delay=15)
        client.max_inflight_messages_set(0xFFFF)  # the forwarder's window is the bound
        client.will_set(address.status, will, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client

    def start(self) -> None:
        """Begin to connect, and reconnect for ever. Returns at once."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._broker.session_expiry_s
        self._client.connect_async(
            self._broker.host,
            self._broker.port,
            keepalive=self._broker.keepalive_s,
            clean_start=False,
            properties=properties,
        )
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the library. False if it could not even take it; delivery is proved by receipts alone."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        return info.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN)

    def acknowledge(self, token: tuple[int, int]) -> None:
        """Tell the broker that a message is committed."""
        self._client.ack(*token)

    def close(self) -> None:
        """Say good-bye and stop the library's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._events.put(Disconnected(str(reason)))
            return
        client.subscribe(self._address.all_down, options=SubscribeOptions(qos=1))
        self._events.put(Connected())

    def _on_connect_fail(self, client: Client, userdata: Any) -> None:
        self._events.put(Disconnected("the broker cannot be reached"))

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._events.put(Disconnected(str(reason)))

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        self._events.put(Arrived(message.topic, bytes(message.payload), (message.mid, message.qos)))
