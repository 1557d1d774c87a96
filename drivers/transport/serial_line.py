"""A serial line through pyserial: any of its URLs, opened for us alone, every call bounded.

pyserial 3.5 raises `SerialException`, plain `OSError` and `termios.error` for a line that is gone; here all of them
become `Unavailable`, with a code that tells a pulled cable from a port that another program holds.
"""

import errno
import socket
import sys
import termios
from io import TextIOBase

import serial

from drivers.errors import Unavailable
from drivers.spec import LineSettings
from drivers.transport.keep_alive import keep_alive

_FIRST_BYTE_S = 0.1
_WRITE_S = 1.0
_DISCARD_BYTES = 65536
"""A line that talks without pause must not hold `discard_input` for ever."""

GONE = (OSError, termios.error, TypeError)
"""`TypeError` is what pyserial raises when its file is closed under a call."""


def open_port(url: str, line: LineSettings, first_byte_s: float = _FIRST_BYTE_S) -> serial.Serial:
    """Open a pyserial URL exclusively. Raises `Unavailable` (`not_found`, `port_in_use`, `no_permission`)."""
    try:
        port: serial.Serial = serial.serial_for_url(
            url,
            baudrate=line.baudrate,
            bytesize=line.bytesize,
            parity=line.parity,
            stopbits=line.stopbits,
            timeout=first_byte_s,
            write_timeout=_WRITE_S,
            exclusive=True,
        )
    except (OSError, ValueError, termios.error) as error:
        raise _unavailable(url, error) from error
    connection = getattr(port, "_socket", None)
    if isinstance(connection, socket.socket):
        keep_alive(connection)
    return port


def _unavailable(url: str, error: Exception) -> Unavailable:
    number = getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EBUSY) or "exclusively lock" in str(error):
        return Unavailable(f"{url}: another program holds this port; stop that program", code="port_in_use")
    if number == errno.EACCES:
        return Unavailable(f"{url}: no permission; add the user to the group dialout", code="no_permission")
    return Unavailable(f"{url}: the port is not there; plug the device in or correct the port", code="not_found")


class SerialLine:
    """A `drivers.ports.ByteStream` over an open pyserial port."""

    def __init__(self, url: str, line: LineSettings, *, first_byte_s: float = _FIRST_BYTE_S) -> None:
        self._url = url
        self._port = open_port(url, line, first_byte_s)

    def read(self, size: int = 256) -> bytes:
        """At most `size` bytes, as soon as the first is there; empty after `first_byte_s` of silence."""
        try:
            received = bytearray(self._port.read(1))
            while received and len(received) < size and (waiting := self._port.in_waiting):
                received += self._port.read(min(waiting, size - len(received)))
        except GONE as error:
            raise self._gone(error) from error
        return bytes(received)

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except GONE as error:
            raise self._gone(error) from error

    def discard_input(self) -> None:
        """Forget what was received. Raises `Unavailable` when the line is gone, so it serves as a sign of life too."""
        self.drain()

    def drain(self) -> bytes:
        """What was received and nobody has read. Raises `Unavailable` when the line is gone."""
        try:
            return discard(self._port)
        except GONE as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Close the port; a line that is gone already is no error."""
        close_port(self._port)

    def _gone(self, error: Exception) -> Unavailable:
        return Unavailable(f"{self._url}: the line is gone ({error}); put the cable back", code="line_lost")


def discard(port: serial.Serial) -> bytes:
    """Read away what is waiting, and return it. Raises one of `GONE` when the line is."""
    discarded = bytearray()
    while (waiting := port.in_waiting) and len(discarded) < _DISCARD_BYTES:
        discarded += port.read(waiting)
    port.reset_input_buffer()
    return bytes(discarded)


def close_port(port: serial.Serial) -> None:
    """Close a port, whatever state it is in."""
    # pyserial 3.5 forgets two things: the socket of `socket://` after the other end has hung up, the file of `spy://`.
    connection = getattr(port, "_socket", None)
    log = getattr(getattr(port, "formatter", None), "output", None)
    try:
        port.close()
    except GONE:
        return
    finally:
        if isinstance(connection, socket.socket):
            connection.close()
        if isinstance(log, TextIOBase) and log is not sys.stderr:
            log.close()
