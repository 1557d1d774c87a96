"""A broker that accepts everyone, answers pings, takes every message and never acknowledges one. MQTT 5 over TLS, by hand.

Real brokers do this when their disk is full or their cluster has split.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from central.authority.pki import Authority
from dopusk.lab.broker import HOST
from tests.broker import write_pair
from tests.waiting import LONGEST_S

_CONNECT, _PUBLISH, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 8, 12, 14


@dataclass
class MuteBroker:
    """Listens while the block of `mute_broker` runs. `taken` counts the messages that it swallowed."""

    listener: socket.socket
    context: ssl.SSLContext
    taken: int = 0
    pings: int = 0
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
            thread = threading.Thread(target=self._talk, args=(plain,), name="mute broker", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for wire in self._wires:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(wire, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LONGEST_S)

    def _talk(self, plain: socket.socket) -> None:
        try:
            with plain, self.context.wrap_socket(plain, server_side=True) as wire:
                self._wires.append(wire)
                while not self._closing.is_set():
                    kind, body = read_packet(wire)
                    if kind == _CONNECT:
                        wire.sendall(bytes([0x20, 3, 0, 0, 0]))
                    elif kind == _SUBSCRIBE:
                        codes = bytes([1]) * count_topics(body)
                        wire.sendall(bytes([0x90, 3 + len(codes)]) + body[:2] + b"\x00" + codes)
                    elif kind == _PINGREQ:
                        self.pings += 1
                        wire.sendall(bytes([0xD0, 0]))
                    elif kind == _PUBLISH:
                        self.taken += 1
                    elif kind == _DISCONNECT:
                        return
        except OSError:
            return  # the other side is gone


def read_packet(wire: ssl.SSLSocket) -> tuple[int, bytes]:
    """Type and body of the next control packet. Raises `OSError` at the end of the stream."""
    head, body = read_whole(wire)
    return head >> 4, body


def read_whole(wire: ssl.SSLSocket) -> tuple[int, bytes]:
    """First byte and body of the next control packet. Raises `OSError` at the end of the stream."""
    head = _exactly(wire, 1)[0]
    length, shift = 0, 0
    while True:
        (byte,) = _exactly(wire, 1)
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return head, _exactly(wire, length)


def _exactly(wire: ssl.SSLSocket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = wire.recv(count - len(found))
        if not part:
            raise OSError("closed")
        found += part
    return found


def count_topics(body: bytes) -> int:
    """How many filters a SUBSCRIBE names (its properties are shorter than 128 bytes)."""
    at, count = 3 + body[2], 0
    while at < len(body):
        at += 2 + int.from_bytes(body[at : at + 2]) + 1
        count += 1
    return count


@contextlib.contextmanager
def mute_broker(folder: Path, authority: Authority) -> Iterator[MuteBroker]:
    """Start one; everything ends with the block."""
    certificate, key = write_pair(folder, "mute", authority.issue_server([HOST, "localhost"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    broker = MuteBroker(socket.create_server((HOST, 0)), context)
    thread = threading.Thread(target=broker.serve, name="mute broker")
    thread.start()
    try:
        yield broker
    finally:
        broker.close()
        thread.join(LONGEST_S)
