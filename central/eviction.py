"""Ending the connection that a revoked terminal still holds.

A broker looks at certificates when somebody connects. So the centre connects once under the revoked terminal's own MQTT
name: the broker must close the older connection of that name (MQTT 5, 3.1.4-3), and the terminal, which comes back at
once, meets the new list of revoked certificates. Repeated by the dispatcher until the terminal is offline.
"""

import logging
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.config import MqttConfig
from sync.contract.topics import TerminalAddress

TIMEOUT_S = 5.0
OFFLINE = b'{"state":"offline"}'
_KEEPALIVE_S = 10
_log = logging.getLogger(__name__)


def end_connection(config: MqttConfig, address: TerminalAddress) -> bool:
    """Take the terminal's place at the broker, say that it is offline, and leave. False when the broker was not reached."""
    connected = threading.Event()

    def on_connect(
        _client: mqtt.Client, _user: object, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if not reason.is_failure:
            connected.set()

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=address.terminal,
        protocol=mqtt.MQTTv5,
        reconnect_on_failure=False,
    )
    client.on_connect = on_connect
    try:
        client.tls_set(str(config.ca_file), str(config.cert_file), str(config.key_file))
        client.connect(config.host, config.port, _KEEPALIVE_S, clean_start=True)
    except OSError as error:
        _log.warning("the connection of revoked terminal %s was not ended: %s", address.terminal, error)
        return False
    client.loop_start()
    try:
        if not connected.wait(TIMEOUT_S):
            return False
        # Its own last will may have said so already; a terminal with changed software would have none.
        said = client.publish(address.status, OFFLINE, qos=1, retain=True)
        said.wait_for_publish(TIMEOUT_S)
        return said.is_published()
    finally:
        client.disconnect()
        client.loop_stop()
