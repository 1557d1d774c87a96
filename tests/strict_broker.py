"""A broker with limits that it holds everybody to, as EMQX and HiveMQ do: whoever goes beyond one is thrown out.

MQTT 5 over TLS, by hand. It acknowledges, and hands nothing on.
"""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from central.authority.pki import Authority
from dopusk.lab.broker import HOST
from tests.broker import write_pair
from tests.mute_broker import count_topics, read_whole
from tests.waiting import LONGEST_S

_CONNECT, _PUBLISH, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 8, 12, 14
_FLAGS_AT = 7
_RETAIN_NOT_SUPPORTED, _QOS_NOT_SUPPORTED = 0x9A, 0x9B
_RECEIVE_MAXIMUM_EXCEEDED, _PACKET_TOO_LARGE = 0x93, 0x95


@dataclass(frozen=True)
class Limits:
    """What its CONNACK says; None where it says nothing."""

    receive_maximum: int | None = None
    packet_bytes: int | None = None
    retains: bool = True
    maximum_qos: int | None = None

    def properties(self) -> bytes:
        """As they stand in the CONNACK."""
        found = b"" if self.receive_maximum is None else b"\x21" + self.receive_maximum.to_bytes(2)
        found += b"" if self.packet_bytes is None else b"\x27" + self.packet_bytes.to_bytes(4)
        found += b"" if self.retains else b"\x25\x00"
        return found + (b"" if self.maximum_qos is None else b"\x24" + bytes([self.maximum_qos]))


@dataclass
class StrictBroker:
    """Listens while the block of `strict_broker` runs."""

    listener: socket.socket
    context: ssl.SSLContext
    limits: Limits
    taken: set[str] = field(default_factory=set)
    """Topics and contents of what came."""
    contents: list[bytes] = field(default_factory=list)
    retained: list[bytes] = field(default_factory=list)
    thrown_out: list[int] = field(default_factory=list)
    connections: int = 0
    most_unacknowledged: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)
    _wires: list[ssl.SSLSocket] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        while not self._closing.is_set():
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(plain,), name="strict broker", daemon=True)
            thread.start()
            self._threads.append(thread)

    def hang_up(self) -> None:
        """End all connections, as a restart of the broker would."""
        for wire in self._wires:
            with contextlib.suppress(OSError):
                # An SSLSocket's own `shutdown` takes its encryption off: whoever reads would read cipher text.
                socket.socket.shutdown(wire, socket.SHUT_RDWR)

    def close(self) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(LONGEST_S)

    def _talk(self, plain: socket.socket) -> None:
        pending: list[bytes] = []
        try:
            with plain, self.context.wrap_socket(plain, server_side=True) as wire:
                self._wires.append(wire)
                while not self._closing.is_set():
                    if pending and not wire.pending() and not select.select([wire], [], [], 0.02)[0]:
                        # Nothing more comes: now, and not before, what came is acknowledged.
                        for mid in pending:
                            wire.sendall(b"\x40\x02" + mid)
                        pending.clear()
                    head, body = read_whole(wire)
                    if not self._answer(wire, head, body, pending):
                        return
        except OSError:
            return  # the other side is gone

    def _answer(self, wire: ssl.SSLSocket, head: int, body: bytes, pending: list[bytes]) -> bool:
        kind = head >> 4
        if kind == _CONNECT:
            return self._connect(wire, body)
        if kind == _SUBSCRIBE:
            codes = bytes([1]) * count_topics(body)
            wire.sendall(bytes([0x90, 3 + len(codes)]) + body[:2] + b"\x00" + codes)
        elif kind == _PINGREQ:
            wire.sendall(bytes([0xD0, 0]))
        elif kind == _PUBLISH:
            return self._take(wire, head, body, pending)
        return kind != _DISCONNECT

    def _connect(self, wire: ssl.SSLSocket, body: bytes) -> bool:
        self.connections += 1
        if len(body) <= _FLAGS_AT:
            return False  # a connection that was cut while it began
        flags = body[_FLAGS_AT]
        code = 0
        if flags & 0x20 and not self.limits.retains:
            code = _RETAIN_NOT_SUPPORTED
        elif flags & 0x18 and self.limits.maximum_qos == 0:
            code = _QOS_NOT_SUPPORTED
        properties = b"" if code else self.limits.properties()
        wire.sendall(bytes([0x20, 3 + len(properties), 0, code, len(properties)]) + properties)
        return not code

    def _take(self, wire: ssl.SSLSocket, head: int, body: bytes, pending: list[bytes]) -> bool:
        name_bytes = int.from_bytes(body[:2])
        topic, mid = body[2 : 2 + name_bytes].decode(), body[2 + name_bytes : 4 + name_bytes]
        properties_bytes = body[4 + name_bytes]
        content = body[5 + name_bytes + properties_bytes :]
        size = 1 + len(body) + (1 if len(body) < 128 else 2 if len(body) < 16384 else 3)
        pending.append(mid)
        self.most_unacknowledged = max(self.most_unacknowledged, len(pending))
        if self.limits.packet_bytes is not None and size > self.limits.packet_bytes:
            return self._throw_out(wire, _PACKET_TOO_LARGE)
        if self.limits.receive_maximum is not None and len(pending) > self.limits.receive_maximum:
            return self._throw_out(wire, _RECEIVE_MAXIMUM_EXCEEDED)
        if head & 1:
            if not self.limits.retains:
                return self._throw_out(wire, _RETAIN_NOT_SUPPORTED)
            self.retained.append(content)
        self.taken.add(topic)
        self.contents.append(content)
        return True

    def _throw_out(self, wire: ssl.SSLSocket, code: int) -> bool:
        self.thrown_out.append(code)
        wire.sendall(bytes([0xE0, 2, code, 0]))
        return False


@contextlib.contextmanager
def strict_broker(folder: Path, authority: Authority, limits: Limits) -> Iterator[StrictBroker]:
    """Start one; everything ends with the block. Its `limits` may be changed: they hold for the next connection."""
    certificate, key = write_pair(folder, "strict", authority.issue_server([HOST, "localhost"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    broker = StrictBroker(socket.create_server((HOST, 0)), context, limits)
    thread = threading.Thread(target=broker.serve, name="strict broker")
    thread.start()
    try:
        yield broker
    finally:
        broker.close()
        thread.join(LONGEST_S)
