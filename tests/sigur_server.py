"""A Sigur server that speaks its text protocol (OIF 1.8) on the loopback, from the facts alone: log in, delegation, ALLOWPASS.

A test holds cards to readers with `card`, and looks at `openings`: what the turnstile would have seen. `troubles` are taken one
at a time by the next command: `silent` answers nothing, `other_point` answers about another access point, `garbage` sends bytes
of nobody.
"""

import queue
import shlex
import socketserver
import threading
from collections import deque
from types import TracebackType
from typing import Self

_ALLOWED = "255"


class SigurServer:
    """Serves on the loopback. One access point, 3, which stands in `state`."""

    def __init__(self, name: str = "Administrator", password: str = "") -> None:
        self.state = "ONLINE_NORMAL"
        self.openings: list[str] = []
        """Directions in which somebody was let through."""
        self.replies: queue.Queue[list[str]] = queue.Queue()
        """Words of each DELEGATION_REPLY."""
        self.delegating = threading.Event()
        self.troubles: deque[str] = deque()
        self._login = [name, password]
        self._asked: dict[tuple[str, str], str] = {}
        self._number = 0
        self._client: socketserver.StreamRequestHandler | None = None
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for raw in self.rfile:
                    for answer in server._take(self, raw.decode("utf-8").strip()):
                        self.wfile.write(answer if isinstance(answer, bytes) else answer.encode() + b"\r\n")
                    if server._client is self:
                        server.delegating.set()
                if server._client is self:
                    server.delegating.clear()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="sigur")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def card(self, series: int, number: int, *, direction: str = "IN", point: int = 3, again: bool = False) -> None:
        """A card is held to a reader. `again`: the same question once more."""
        if not again:
            self._number += 1
        self._asked[str(self._number), str(point)] = direction
        self.say(f"DELEGATION_REQUEST {self._number} {point} W26 {series} {number} {direction}")

    def say(self, line: str | bytes) -> None:
        """Anything, to the client that delegates."""
        if self._client is not None:
            self._client.wfile.write(line if isinstance(line, bytes) else line.encode() + b"\r\n")

    def _take(self, client: socketserver.StreamRequestHandler, line: str) -> list[str | bytes]:
        words = shlex.split(line)
        trouble = self.troubles.popleft() if self.troubles and words[0] != "LOGIN" else ""
        if trouble == "silent":
            return []
        if trouble == "garbage":
            return [b"\xff\xfe\x00DELEGATION\r\n"]
        match words:
            case ["LOGIN", "1.8", *given]:
                return ["OK" if given == self._login else "ERROR 11 AUTHENTICATION FAILED"]
            case ["DELEGATION_START"]:
                self._client = client
                return ["OK"]
            case ["DELEGATION_STOP"]:
                return ["OK"]
            case ["DELEGATION_REPLY", number, point, code, *_]:
                self.replies.put(words)
                direction = self._asked.pop((number, point), None)
                if direction is None:
                    return ["ERROR 6 SYNTAX ERROR"]
                if code == _ALLOWED:
                    self.openings.append(direction)
                return ["OK"]
            case ["GETAPINFO", point]:
                told = "7" if trouble == "other_point" else point
                return [f'APINFO ID {told} NAME "GATE" ZONEA 0 ZONEB 0 STATE {self.state} CLOSED']
            case ["ALLOWPASS", _, "ANONYMOUS", direction]:
                self.openings.append(direction)
                return ['EVENT_CE "2026-11-30 08:00:00" 10 1 0 2', "OK"]
            case _:
                return ["ERROR 6 SYNTAX ERROR"]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
