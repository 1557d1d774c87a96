"""Ends the open connection of a revoked terminal.

A broker looks at certificates when somebody connects. On the terminals' listener it takes the name of a session from the
certificate, whatever the client asks for, so that a certificate has one session at most. The centre, on the listener of its own,
connects once under that name: the broker must close the older connection of a name (MQTT 5, 3.1.4-3), and the terminal, which
comes back at once, meets the new list of revoked certificates.
"""

import logging
import socket
import ssl
import threading
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.authority.revocation_list import PROBE_FILE
from central.core.config import MqttConfig
from sync import network_thread
from sync.contract.topics import TerminalAddress

TIMEOUT_S = 5.0
OFFLINE = b'{"state":"offline"}'
_KEEPALIVE_S = 10
_log = logging.getLogger(__name__)


def list_is_read(config: MqttConfig, authority_dir: Path) -> bool | None:
    """Whether the broker refuses what the newest list of revoked certificates names, as the probe tells.

    None where that cannot be known: no broker, no probe.
    """
    try:
        context = ssl.create_default_context(cafile=str(config.ca_file))
        # In this version the broker looks at the client's certificate before the handshake ends.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(authority_dir / PROBE_FILE)
        with (
            socket.create_connection((config.host, config.port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=config.host),
        ):
            return False
    except ssl.SSLCertVerificationError:
        return None
    except ssl.SSLError as error:
        return True if "ALERT" in (error.reason or "") else None
    except OSError:
        return None


def end_connection(config: MqttConfig, address: TerminalAddress, *, say_offline: bool = True) -> bool:
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
        client.connect(config.own_host, config.own_port, _KEEPALIVE_S, clean_start=True)
    except OSError as error:
        _log.warning("the connection of revoked terminal %s was not ended: %s", address.terminal, error)
        return False
    client.loop_start()
    try:
        if not connected.wait(TIMEOUT_S):
            return False
        if not say_offline:
            return True
        # Its own last will may have said so already; a terminal with changed software would have none.
        said = client.publish(config.mount_point + address.status, OFFLINE, qos=1, retain=True)
        said.wait_for_publish(TIMEOUT_S)
        return said.is_published()
    finally:
        network_thread.end(client)
