"""One MQTT 5 connection of the centre to the broker: TLS with a client certificate, endless reconnection, QoS 1.

Terminals are kept below a mount point by the broker, which they do not see. It is added and taken away here, so that the rest of
the centre knows the topics of the contract alone.
"""

import logging
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from central.authority.certificates import note_shown
from central.core import metrics
from central.core.config import ConfigError, MqttConfig
from central.core.step_records import place_of
from sync import network_thread

KEEPALIVE_S = 20
RECONNECT_S = (1, 15)
_log = logging.getLogger(__name__)

MOST_UNACKNOWLEDGED = 5000
"""Messages that the library may hold because the broker acknowledges none: what is sent again and again must not fill the
memory. The publisher keeps the rest."""


class BrokerLink:
    """A client that connects, subscribes and stays. Its callbacks run in paho's network thread and must be short.

    The session is clean on purpose: what was not acknowledged goes back to the broker's shared queue or is sent again by
    the terminal, and a worker that never comes back leaves no queue behind.
    """

    def __init__(
        self,
        config: MqttConfig,
        name: str,
        filters: Sequence[str],
        *,
        on_message: Callable[[mqtt.MQTTMessage], None],
        on_ready: Callable[[], None],
        receive_maximum: int = 1000,
    ) -> None:
        self._config = config
        self._mount_point = config.mount_point
        self._filters = [_mounted(topic, config.mount_point) for topic in filters]
        self._on_message = on_message
        self._on_ready = on_ready
        self._receive_maximum = receive_maximum
        self.name = own_name(name)
        self.connects = 0
        self.ready = False
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.name,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=True,
        )
        try:
            self.client.tls_set(str(config.ca_file), str(config.cert_file), str(config.key_file))
        except (OSError, ssl.SSLError, ValueError) as error:
            raise ConfigError("mqtt", [f"mqtt.ca_file, cert_file, key_file: {error}"]) from error
        self.client.max_inflight_messages_set(1000)
        self.client.max_queued_messages_set(MOST_UNACKNOWLEDGED)
        self.client.reconnect_delay_set(*RECONNECT_S)
        self.client.on_connect = self._connected
        self.client.on_connect_fail = self._not_reached
        self.client.on_subscribe = self._subscribed
        self.client.on_disconnect = self._disconnected
        self.client.on_message = self._message

    def start(self) -> None:
        """Begin to connect, in the background; also when the broker is not there yet."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = self._receive_maximum
        self.client.connect_async(
            self._config.own_host, self._config.own_port, KEEPALIVE_S, clean_start=True, properties=properties
        )
        self.client.loop_start()

    def stop(self) -> None:
        """Disconnect and end the network thread."""
        network_thread.end(self.client)

    def publish(self, topic: str, wire: bytes) -> bool:
        """Hand a message over with QoS 1. False without a connection, and while the broker acknowledges nothing; the caller
        keeps it then.
        """
        return self.client.publish(self._mount_point + topic, wire, qos=1).rc == mqtt.MQTT_ERR_SUCCESS

    def forget(self, topic: str) -> None:
        """Make the broker drop what it retained on a topic: a retained message without content."""
        self.client.publish(self._mount_point + topic, b"", qos=1, retain=True)

    def look_for_retained(self, topic: str) -> None:
        """Be told what the broker has retained on these topics, with the flag set, and of nothing that comes later."""
        self.client.subscribe(self._mount_point + topic, options=SubscribeOptions(qos=1))
        # At once: what is retained is on its way by then, and for a terminal this must not pass for somebody who takes its
        # messages.
        self.client.unsubscribe(self._mount_point + topic)

    def _connected(
        self,
        client: mqtt.Client,
        _user: Any,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _log.error("broker refused the connection: %s", reason)
            return
        self.connects += 1
        wire = client.socket()
        if isinstance(wire, ssl.SSLSocket):
            note_shown(wire.getpeercert() or {})
        # As published, so that the sender of a message that nobody should retain is seen.
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        client.subscribe([(topic, options) for topic in self._filters])

    def _not_reached(self, _client: mqtt.Client, _user: Any) -> None:
        _log.warning(
            "the broker at %s:%d cannot be reached, or its certificate is not ours",
            self._config.own_host,
            self._config.own_port,
        )

    def _subscribed(
        self, _client: mqtt.Client, _user: Any, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            _log.error("broker refused a subscription, see its access list: %s", ", ".join(refused))
            return
        if not self.ready:
            self.ready = True
            self._on_ready()

    def _disconnected(
        self,
        _client: mqtt.Client,
        _user: Any,
        _flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.ready = False
        if reason.is_failure:
            _log.warning("connection to the broker lost: %s", reason)

    def revive(self) -> None:
        """Start the library's thread again should it have died; nothing comes in or goes out without it."""
        if network_thread.revive(self.client):
            _log.critical("the network thread of %s had died and was started again", self.name)

    def _message(self, client: mqtt.Client, _user: Any, message: mqtt.MQTTMessage) -> None:
        # Whatever is raised here ends the library's thread, and the broker would send the same once more for ever.
        try:
            if message.topic.startswith(self._mount_point):
                message.topic = message.topic.removeprefix(self._mount_point).encode()
            self._on_message(message)
        except Exception as error:  # noqa: BLE001  (strangers' bytes)
            # Not acknowledged by a receipt, so whoever sent it keeps it; its words may carry values of people.
            _log.error("a message from the broker cannot be taken over: %s", place_of(error))
            metrics.step_failures.labels(self.name, "arrivals", type(error).__name__).inc()
            client.ack(message.mid, message.qos)


def own_name(name: str) -> str:
    """Name of a session of the centre's. No terminal can have one like it: the sign is none of a terminal's name."""
    return f"centre:{name}"


def _mounted(topic: str, mount_point: str) -> str:
    """A filter of the contract below the mount point; of a shared subscription the part behind its group."""
    if not topic.startswith("$share/"):
        return mount_point + topic
    share, group, rest = topic.split("/", 2)
    return f"{share}/{group}/{mount_point}{rest}"
