"""The two kinds of line under a Modbus bus: any pyserial URL, or a TCP gateway. Every call is bounded.

pymodbus waits by the wall clock on serial lines, and its framer throws a good frame away with the noise before it; so
bytes are fetched here, and `drivers.modbus_answer` finds the answer among them (ADR 0100).
"""

import socket
from typing import Protocol
from urllib.parse import urlsplit

from drivers.errors import Unavailable
from drivers.spec import LineSettings
from drivers.transport.keep_alive import keep_alive
from drivers.transport.serial_line import GONE, SerialLine

_FIRST_BYTE_S = 0.02
_CONNECT_S = 1.5
_WRITE_S = 1.0
_DRAIN_BYTES = 65536


class Wire(Protocol):
    """Bytes to and from a line. A line that is gone raises `Unavailable`."""

    def read(self) -> bytes:
        """What is there, waiting at most 0.02 s for the first byte."""
        ...

    def write(self, data: bytes) -> None: ...

    def drain(self) -> bytes:
        """What has come unasked, without waiting; a sign of life too."""
        ...

    def close(self) -> None: ...


def open_wire(url: str, line: LineSettings) -> Wire:
    """Open the line. Raises `Unavailable`."""
    return TcpWire(url) if url.startswith("tcp://") else SerialLine(url, line, first_byte_s=_FIRST_BYTE_S)


class TcpWire:
    """A plain connection to a Modbus TCP gateway; a socket's time-outs are monotonic."""

    def __init__(self, url: str) -> None:
        self._url = url
        place = urlsplit(url)
        try:
            self._socket = socket.create_connection((place.hostname or "localhost", place.port or 502), _CONNECT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            keep_alive(self._socket)
        except OSError as error:
            raise Unavailable(f"{url}: the gateway does not answer ({error})", code="not_found") from error

    def read(self) -> bytes:
        return self._receive(_FIRST_BYTE_S) or b""

    def write(self, data: bytes) -> None:
        try:
            self._socket.settimeout(_WRITE_S)
            self._socket.sendall(data)
        except GONE as error:
            raise self._gone(error) from error

    def drain(self) -> bytes:
        drained = b""
        while (received := self._receive(0.0)) and len(drained) < _DRAIN_BYTES:
            drained += received
        return drained

    def close(self) -> None:
        self._socket.close()

    def _receive(self, wait_s: float) -> bytes | None:
        try:
            self._socket.settimeout(wait_s)
            received = self._socket.recv(4096)
        except (BlockingIOError, TimeoutError):
            return None
        except GONE as error:
            raise self._gone(error) from error
        if not received:
            raise self._gone("the other end hung up")
        return received

    def _gone(self, why: object) -> Unavailable:
        return Unavailable(f"{self._url}: the line is gone ({why}); put the cable back", code="line_lost")
