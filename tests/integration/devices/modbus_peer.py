"""A hand-written Modbus unit on a real pseudo-terminal or TCP port, whose every answer and its moment the test decides.

It shares no code with the drivers. What a test wants to be said after a request is a list of pieces, each with its pause.
"""

import os
import queue
import select
import socket
import threading
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from simulators.modbus_rtu import crc

Said = Sequence[tuple[float, bytes]]
"""Pieces of an answer: seconds after the request, bytes."""


@dataclass
class Request:
    """A request as it came; `number` counts all of them from 1."""

    raw: bytes
    pdu: bytes
    unit: int
    number: int
    transaction: bytes = b""

    @property
    def function(self) -> int:
        return self.pdu[0]

    @property
    def address(self) -> int:
        return int.from_bytes(self.pdu[1:3], "big")

    @property
    def count(self) -> int:
        return int.from_bytes(self.pdu[3:5], "big")

    def reply(self, pdu: bytes, unit: int | None = None) -> bytes:
        """An answer to it with this PDU, framed as the request was."""
        body = bytes([self.unit if unit is None else unit]) + pdu
        if self.transaction:
            return self.transaction + b"\0\0" + len(body).to_bytes(2, "big") + body
        return body + crc(body)

    def registers(self, *words: int, unit: int | None = None) -> bytes:
        return self.reply(
            bytes([self.function, 2 * len(words)]) + b"".join(word.to_bytes(2, "big") for word in words), unit
        )

    def exception(self, code: int) -> bytes:
        return self.reply(bytes([self.function | 0x80, code]))


@dataclass
class Peer:
    """The other end. `requests` and `connections` grow while it runs."""

    port: str
    requests: list[Request] = field(default_factory=list)
    connections: int = 0


Answer = Callable[[Request], Said]


def _cut(inbox: bytearray, tcp: bool) -> Iterator[tuple[bytes, int, bytes, bytes]]:
    """Whole requests: raw, unit, pdu, transaction."""
    while len(inbox) >= 8:
        size = 6 + int.from_bytes(inbox[4:6], "big") if tcp else 8
        if len(inbox) < size:
            return
        raw = bytes(inbox[:size])
        del inbox[:size]
        if tcp:
            yield raw, raw[6], raw[7:], raw[:2]
        else:
            yield raw, raw[0], raw[1:-2], b""


def _say(send: Callable[[bytes], object], said: Said) -> None:
    """Send each piece in its time, from a timer of its own: the peer goes on listening meanwhile."""
    for pause_s, piece in said:
        if pause_s:
            timer = threading.Timer(pause_s, _sent, (send, piece))
            timer.daemon = True
            timer.start()
        else:
            _sent(send, piece)


def _sent(send: Callable[[bytes], object], piece: bytes) -> None:
    try:
        send(piece)
    except OSError:
        return  # the line is closed already


@contextmanager
def pty_peer(folder: Path, answer: Answer) -> Iterator[Peer]:
    """A unit (or several) at the end of a pseudo-terminal."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    peer = Peer(os.ttyname(theirs), connections=1)
    wake, waker = os.pipe()
    over = threading.Event()

    def run() -> None:
        inbox = bytearray()
        while not over.is_set():
            ready, _, _ = select.select([ours, wake], [], [])
            if ours not in ready:
                return
            inbox += os.read(ours, 4096)
            for raw, unit, pdu, transaction in _cut(inbox, tcp=False):
                peer.requests.append(Request(raw, pdu, unit, len(peer.requests) + 1, transaction))
                _say(lambda piece: None if over.is_set() else os.write(ours, piece), answer(peer.requests[-1]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        over.set()
        os.write(waker, b".")
        thread.join()
        for end in (ours, theirs, wake, waker):
            os.close(end)


@contextmanager
def tcp_peer(
    answer: Answer, *, rtu: bool = False, silent: Callable[[int], bool] = lambda number: False
) -> Iterator[Peer]:
    """A gateway; connections whose number is `silent` (1 for the first) are accepted, and nothing is ever said on them."""
    listener = socket.create_server(("127.0.0.1", 0))
    peer = Peer(f"{'socket' if rtu else 'tcp'}://127.0.0.1:{listener.getsockname()[1]}")
    opened: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket, number: int) -> None:
        inbox = bytearray()
        try:
            while received := connection.recv(4096):
                inbox += received
                for raw, unit, pdu, transaction in _cut(inbox, tcp=not rtu):
                    peer.requests.append(Request(raw, pdu, unit, len(peer.requests) + 1, transaction))
                    if not silent(number):
                        _say(connection.sendall, answer(peer.requests[-1]))
        except OSError:
            return  # the test is over

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            peer.connections += 1
            opened.put(connection)
            thread = threading.Thread(target=serve, args=(connection, peer.connections), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield peer
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        while not opened.empty():
            connection = opened.get()
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in threads:
            thread.join()
