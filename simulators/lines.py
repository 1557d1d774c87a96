"""Where a simulated device is plugged in: a pseudo-terminal behind a stable link, or a TCP port; and what bad lines do.

A pseudo-terminal is 8-bit clean whatever baud rate is set, so wrong line settings cannot be tried on it.
"""

import errno
import os
import random
import select
import socket
import tty
from pathlib import Path
from typing import Protocol

_CHUNK = 4096


class Plug(Protocol):
    """One end of a line."""

    port: str

    def plug(self) -> None:
        """Put the cable in; the address stays the same."""
        ...

    def unplug(self) -> None: ...
    def filenos(self) -> list[int]: ...
    def receive(self) -> bytes: ...
    def send(self, data: bytes) -> None: ...


class PtyPlug:
    """A pseudo-terminal; `port` is a link whose target changes with every plugging, as USB numbers do."""

    def __init__(self, link: Path) -> None:
        self.port = str(link)
        self._link = link
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        if self._ends is not None:
            return
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._ends = (ours, theirs)
        fresh = self._link.with_name(f".{self._link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(theirs))
        fresh.replace(self._link)

    def unplug(self) -> None:
        """The link goes first, so that nobody opens a line that is about to die."""
        if self._ends is None:
            return
        self._link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None

    def filenos(self) -> list[int]:
        return [self._ends[0]] if self._ends is not None else []

    def receive(self) -> bytes:
        if self._ends is None:
            return b""
        try:
            return os.read(self._ends[0], _CHUNK)
        except BlockingIOError:
            return b""

    def send(self, data: bytes) -> None:
        """What does not fit because nobody reads is lost, as on a real line."""
        if self._ends is None or not data:
            return
        try:
            os.write(self._ends[0], data)
        except BlockingIOError:
            return


class TcpPlug:
    """A TCP port on this machine for one host at a time; a new connection takes over from the old one."""

    def __init__(self, scheme: str) -> None:
        self._number = 0
        self._scheme = scheme
        self._listener: socket.socket | None = None
        self._host: socket.socket | None = None
        self.port = ""

    def plug(self) -> None:
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._number))
        listener.listen(4)
        listener.setblocking(False)
        self._number = listener.getsockname()[1]
        self._listener = listener
        self.port = f"{self._scheme}://127.0.0.1:{self._number}"

    def unplug(self) -> None:
        self._hang_up()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def filenos(self) -> list[int]:
        return [end.fileno() for end in (self._listener, self._host) if end is not None]

    def receive(self) -> bytes:
        self._accept()
        if self._host is None:
            return b""
        try:
            data = self._host.recv(_CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        return data

    def send(self, data: bytes) -> None:
        if self._host is None or not data:
            return
        try:
            self._host.sendall(data)
        except BlockingIOError:
            return
        except OSError:
            self._hang_up()

    def _accept(self) -> None:
        if self._listener is None or not select.select([self._listener], [], [], 0)[0]:
            return
        try:
            host, _ = self._listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        self._hang_up()
        host.setblocking(False)
        host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = host

    def _hang_up(self) -> None:
        if self._host is not None:
            self._host.close()
            self._host = None


SITUATIONS = ("perfect", "split", "delays", "loss", "noise", "retry")


_LOST_AT_FIRST_S = 0.3
"""On a line in `retry` so much of what the device says at first is lost, simulated seconds of talking."""


class Wire:
    """What happens to bytes between the device and the host. Seeded, so that a bad line can be repeated."""

    def __init__(self, situation: str = "perfect", seed: int = 1) -> None:
        if situation not in SITUATIONS:
            raise ValueError(f"unknown line {situation!r}, there are: {', '.join(SITUATIONS)}")
        self.situation = situation
        self._chance = random.Random(seed)
        self._waiting = bytearray()
        self._held_s = 0.0

    def carry(self, data: bytes, dt: float) -> bytes:
        """Take what the device sends now and return what arrives now; `dt` in simulated seconds."""
        match self.situation:
            case "split":
                self._waiting += data
                size = 1 + len(self._waiting) // 16  # a stream must not pile up behind the splitting
                arrives = bytes(self._waiting[:size])
                del self._waiting[:size]
                return arrives
            case "delays":
                self._held_s = self._held_s + dt if self._waiting else 0.0
                self._waiting += data
                if self._held_s < 0.3:
                    return b""
                size = 5 + len(self._waiting) // 4
                arrives = bytes(self._waiting[:size])
                del self._waiting[:size]
                return arrives
            case "loss":
                return bytes(byte for byte in data if self._chance.random() >= 0.02)
            case "retry":
                self._held_s += dt if data else 0.0
                return data if self._held_s > _LOST_AT_FIRST_S else b""
            case "noise":
                garbage = self._chance.randbytes(self._chance.randrange(1, 4)) if data else b""
                flipped = bytes(byte ^ 0x40 if self._chance.random() < 0.02 else byte for byte in data)
                return garbage + flipped if self._chance.random() < 0.5 else flipped
            case _:
                return data

    @property
    def busy(self) -> bool:
        return bool(self._waiting)
