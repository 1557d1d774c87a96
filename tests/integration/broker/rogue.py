"""A terminal that has turned: a certificate of the centre's authority, and software that asks the broker for anything."""

import contextlib
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sync import network_thread
from tests.broker import TestCentre, write_pair
from tests.waiting import until

_A_WEEK_S = 7 * 24 * 3600


@dataclass(frozen=True)
class Papers:
    """What lets a client in, and where."""

    centre: TestCentre
    certificate: Path
    key: Path
    port: int


def stolen(centre: TestCentre, name: str) -> Papers:
    """Certificate and key of a registered terminal."""
    _, address = centre.identity(name)
    return Papers(centre, address.cert_file, address.key_file, centre.broker.port)


def unregistered(centre: TestCentre, name: str) -> Papers:
    """A certificate behind which no terminal is registered."""
    pair = write_pair(centre.folder, f"tls-{name}", centre.authority.issue_terminal(name))
    return Papers(centre, *pair, centre.broker.port)


class Rogue:
    """One connection. Never connects again by itself."""

    def __init__(
        self,
        papers: Papers,
        session: str,
        *,
        will: tuple[str, bytes] | None = None,
        port: int | None = None,
        keeps_session: bool = False,
    ) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.answers: list[Any] = []
        self.ended = threading.Event()
        self._connected = threading.Event()
        self.is_let_in = False
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, session, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        self.client.tls_set(str(papers.centre.broker.ca_file), str(papers.certificate), str(papers.key))
        self.client.max_queued_messages_set(0)
        if will is not None:
            self.client.will_set(*will, qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_connect_fail = lambda *_: self._over()
        self.client.on_disconnect = lambda *_: self._over()
        self.client.on_subscribe = lambda _client, _user, _mid, reasons, _more: self.answers.append(reasons)
        self.client.on_message = lambda _client, _user, message: self.received.append(
            (message.topic, bytes(message.payload))
        )
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if keeps_session:
            properties.SessionExpiryInterval = _A_WEEK_S
        with contextlib.suppress(ssl.SSLError, OSError):
            self.client.connect(
                papers.centre.broker.host,
                port or papers.port,
                clean_start=not keeps_session,
                properties=properties,
            )
            self.client.loop_start()
            assert until(lambda: self._connected.is_set() or self.ended.is_set())

    def _on_connect(self, _client: Any, _user: Any, _flags: Any, reason: Any, _more: Any) -> None:
        self.is_let_in = not reason.is_failure
        self._connected.set()

    def _over(self) -> None:
        self.ended.set()

    @property
    def is_in(self) -> bool:
        """Whether it is connected now."""
        return self.is_let_in and not self.ended.is_set()

    def subscribe(self, filters: Sequence[str]) -> None:
        """Ask for all of these, one by one, and wait for the broker's answers."""
        before = len(self.answers)
        for name in filters:
            self.client.subscribe(name, qos=1)
        assert until(lambda: len(self.answers) == before + len(filters) or self.ended.is_set())

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message over and wait until the broker has answered."""
        sent = self.client.publish(topic, payload, qos=1, retain=retain)
        assert until(lambda: sent.is_published() or self.ended.is_set())

    def vanish(self) -> None:
        """Cut the line, as a power cut would: the broker publishes the will."""
        found = self.client.socket()
        assert found is not None
        found.close()
        network_thread.end(self.client)

    def close(self) -> None:
        """Leave."""
        network_thread.end(self.client)
