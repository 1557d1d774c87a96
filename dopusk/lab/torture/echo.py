"""Delivers duplicates: sends messages that the centre already has once more, on their own topics."""

import random

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from central.store.engine import reading
from central.store.messages import message
from dopusk.lab.torture.stage import ORG, Stage
from sync import network_thread
from sync.contract.topics import TerminalAddress, Up

_AT_ONCE = 20


class Echo:
    """A client with the centre's rights that repeats what others said."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._dice = random.Random()  # noqa: S311 - which ones does not matter
        mqtt_config = stage.config.mqtt
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "echo", protocol=mqtt.MQTTv5)
        self._client.tls_set(str(mqtt_config.ca_file), str(mqtt_config.cert_file), str(mqtt_config.key_file))
        self._client.reconnect_delay_set(1, 2)
        self._mount_point = mqtt_config.mount_point
        self._client.connect_async(mqtt_config.own_host, mqtt_config.own_port, 20)
        self._client.loop_start()

    def say_again(self) -> None:
        """Send some stored messages once more."""
        with reading(self._stage.engine) as connection:
            query = select(message.c.terminal_id, message.c.kind, message.c.wire).where(message.c.wire.is_not(None))
            rows = connection.execute(query.order_by(message.c.received_at.desc()).limit(200)).all()
        for terminal_id, kind, wire in self._dice.sample(rows, min(_AT_ONCE, len(rows))):
            topic = TerminalAddress(ORG, terminal_id).up(Up(kind))
            self._client.publish(self._mount_point + topic, wire, qos=1)

    def close(self) -> None:
        """Disconnect."""
        network_thread.end(self._client)
