"""One simulated terminal: an identity, a chain, a connection. Takes receipts and what the centre sends down."""

import base64
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from sync import network_thread
from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.envelope import ClockStamp, Envelope, Sealed, open_sealed, seal
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.receipt import ACK_SCHEMA, Receipt, ReceiptBatch, SealHead
from sync.contract.topics import TerminalAddress, Up


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is, and the files that let a terminal in."""

    host: str
    port: int
    ca_file: Path
    cert_file: Path
    key_file: Path


@dataclass(slots=True)
class TerminalIdentity:
    """Who the terminal is, and where its chain stands."""

    address: TerminalAddress
    key: Ed25519PrivateKey
    centre_key: Ed25519PublicKey
    generation: str
    seq: int = 0
    head: str = GENESIS_HASH
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)
    changes: dict[str, Any] = field(default_factory=dict)
    """Fields of the envelope that are overwritten before sealing, to make wrong messages."""

    @property
    def public_key(self) -> str:
        """Raw Ed25519 public key, base64."""
        return base64.b64encode(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")

    def seal(self, schema: str, payload: dict[str, Any]) -> tuple[str, Sealed]:
        """The next message of the chain: its id and its bytes. Safe from any thread."""
        with self.one_at_a_time:
            return self._seal(schema, payload)

    def _seal(self, schema: str, payload: dict[str, Any]) -> tuple[str, Sealed]:
        fields: dict[str, Any] = {
            "message_id": new_id(),
            "schema": schema,
            "terminal_id": self.address.terminal,
            "seq": self.seq + 1,
            "prev_hash": self.head,
            "created_at": datetime.now(UTC),
            "clock": ClockStamp(trusted=True, boot_id="simulated", monotonic_s=time.monotonic()),
            "generation": self.generation,
            "payload": payload,
        }
        envelope = Envelope.model_validate(fields | self.changes)
        sealed = seal(envelope, self.key)
        self.seq, self.head = envelope.seq, sealed.sha256
        return envelope.message_id, sealed


class FleetTerminal:
    """The connection of one identity. `received` holds opened envelopes of everything but receipts."""

    def __init__(self, identity: TerminalIdentity, broker: BrokerAddress, *, acknowledges: bool = True) -> None:
        self.identity = identity
        self.receipts: dict[str, Receipt] = {}
        self.seal_head: SealHead | None = None
        self.received_at: dict[str, float] = {}
        self.received: list[tuple[str, Envelope]] = []
        self.changed = threading.Condition()
        self._acknowledges = acknowledges
        self._broker = broker
        self._subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, identity.address.terminal, protocol=mqtt.MQTTv5)
        self.client.tls_set(str(broker.ca_file), str(broker.cert_file), str(broker.key_file))
        self.client.max_inflight_messages_set(1000)
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = self._message

    def start(self, timeout_s: float = 60.0) -> None:
        """Connect and subscribe. Raises `TimeoutError`."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = 1000
        self.client.will_set(self.identity.address.status, b'{"state":"offline"}', qos=1, retain=True)
        self.client.connect(self._broker.host, self._broker.port, 30, clean_start=True, properties=properties)
        self.client.loop_start()
        if not self._subscribed.wait(timeout_s):
            raise TimeoutError(f"{self.identity.address.terminal}: no subscription in {timeout_s} s")

    def stop(self) -> None:
        """Disconnect and end the network thread."""
        network_thread.end(self.client)

    def send_exam(self, payload: dict[str, Any]) -> tuple[str, Sealed]:
        """Seal and publish an exam; returns its id and its bytes."""
        message_id, sealed = self.identity.seal(EXAM_SCHEMA, payload)
        self.publish(Up.EXAM, sealed.wire)
        return message_id, sealed

    def publish(self, kind: Up, wire: bytes) -> None:
        """Publish bytes on one of the terminal's own topics."""
        self.client.publish(self.identity.address.up(kind), wire, qos=1)

    def say(self, status: bytes) -> None:
        """Publish a retained status."""
        self.client.publish(self.identity.address.status, status, qos=1, retain=True)

    def wait_for(self, condition: Callable[["FleetTerminal"], bool], timeout_s: float = 60.0) -> bool:
        """Wait until something that came makes the condition true; False when it does not in time."""
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), timeout_s)

    def wait_for_receipts(self, message_ids: Sequence[str], timeout_s: float = 60.0) -> bool:
        """Wait until every message has its receipt."""
        return self.wait_for(lambda terminal: all(name in terminal.receipts for name in message_ids), timeout_s)

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(self.identity.address.all_down, options=SubscribeOptions(qos=1))

    def _message(self, _client: mqtt.Client, _user: Any, message: mqtt.MQTTMessage) -> None:
        envelope = open_sealed(bytes(message.payload), self.identity.centre_key)
        kind = message.topic.rsplit("/", 1)[-1]
        now = time.monotonic()
        with self.changed:
            if kind == "receipt":
                batch = ReceiptBatch.model_validate(envelope.payload)
                self.seal_head = batch.seal_head or self.seal_head
                for receipt in batch.receipts:
                    self.receipts[receipt.message_id] = receipt
                    self.received_at[receipt.message_id] = now
            else:
                self.received.append((kind, envelope))
            self.changed.notify_all()
        if kind != "receipt" and self._acknowledges:
            _, sealed = self.identity.seal(ACK_SCHEMA, {"message_ids": [envelope.message_id]})
            self.publish(Up.ACK, sealed.wire)
