"""A TCP proxy as a wire that can be cut: it drops connections, refuses them, or swallows bytes (half-open)."""

import selectors
import socket
import threading
from contextlib import suppress
from typing import Literal

HOST = "127.0.0.1"
_CHUNK_BYTES = 64 * 1024

Mode = Literal["open", "cut", "half_open"]


class Proxy:
    """Forwards connections to `port` on the loopback. One thread for all of them; `close` ends it.

    `cut`: existing connections are reset, new ones are closed at once. `half_open`: connections stay, and nothing that
    either side sends arrives any more, as when a router forgot them; after the next `heal` they are reset.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._mode: Mode = "open"
        self._peers: dict[socket.socket, socket.socket] = {}
        self._waker, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._reset = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Reset everything and let nobody in."""
        self._order("cut", reset=True)

    def half_open(self) -> None:
        """Swallow everything from now on."""
        self._order("half_open", reset=False)

    def heal(self) -> None:
        """Forward again; what was half-open is reset."""
        self._order("open", reset=self._mode == "half_open")

    def close(self) -> None:
        """End all connections and the thread."""
        self._closing = True
        self._wake()
        self._thread.join(10)
        for one in (self._listener, self._waker, self._woken):
            one.close()
        self._selector.close()

    def _order(self, mode: Mode, *, reset: bool) -> None:
        self._mode, self._reset = mode, reset
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):
            self._waker.send(b"x")

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select(1.0):
                if key.fileobj is self._woken:
                    self._woken.recv(_CHUNK_BYTES)
                elif key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._peers:
                    self._forward(key.fileobj)
            if self._reset:
                self._reset = False
                self._drop_all()
        self._drop_all()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._mode == "cut":
            client.close()
            return
        try:
            upstream = socket.create_connection((HOST, self._target), 2.0)
        except OSError:
            client.close()
            return
        for one, other in ((client, upstream), (upstream, client)):
            one.settimeout(5.0)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _forward(self, source: socket.socket) -> None:
        try:
            received = source.recv(_CHUNK_BYTES)
            if not received:
                self._drop(source)
            elif self._mode != "half_open":
                self._peers[source].sendall(received)
        except OSError:
            self._drop(source)

    def _drop_all(self) -> None:
        while self._peers:
            self._drop(next(iter(self._peers)))

    def _drop(self, one: socket.socket) -> None:
        for side in (one, self._peers[one]):
            del self._peers[side]
            self._selector.unregister(side)
            side.close()
