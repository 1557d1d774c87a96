"""A Sigur server that speaks its text protocol (OIF 1.8), from the facts alone: log in, delegation, ALLOWPASS, one turnstile.

Cards are held to readers with `card`; `openings` is what the turnstile has done. `troubles` are taken one at a time by the next
commands: `silent` answers nothing, `other_point` answers about another access point, `garbage` sends bytes of nobody. While nobody
delegates, the controller decides by its own setting, `in_outage`.
"""

import queue
import shlex
import socketserver
import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

from simulators.loopback import LinesServer

_ALLOWED = "255"


class SigurServer(LinesServer):
    """One access point, 3, which stands in `state`."""

    def __init__(self, name: str = "Administrator", password: str = "", port: int = 0) -> None:
        self.state = "ONLINE_NORMAL"
        self.in_outage: Literal["deny", "allow"] = "deny"
        self.openings: list[str] = []
        """Directions in which somebody was let through."""
        self.replies: queue.Queue[list[str]] = queue.Queue()
        """Words of each DELEGATION_REPLY."""
        self.delegating = threading.Event()
        self.troubles: deque[str] = deque()
        self.happened: Callable[[str], None] = lambda _: None
        """Called with a word for all that the turnstile does."""
        self._login = [name, password]
        self._asked: dict[tuple[str, str], str] = {}
        self._number = 0
        self._client: socketserver.StreamRequestHandler | None = None
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    for raw in self.rfile:
                        for answer in server._take(self, raw.decode("utf-8").strip()):
                            self.wfile.write(answer if isinstance(answer, bytes) else answer.encode() + b"\r\n")
                        if server._client is self:
                            server.delegating.set()
                except OSError:
                    # The client is gone, as one that was killed is.
                    pass
                if server._client is self:
                    server._client = None
                    server.delegating.clear()

        super().__init__("sigur", Handler, port)

    def card(self, series: int, number: int, *, direction: str = "IN", point: int = 3, again: bool = False) -> None:
        """A card is held to a reader. `again`: the same question once more."""
        if not again:
            self._number += 1
        self._asked[str(self._number), str(point)] = direction
        if self._client is None:
            self._end(self.in_outage == "allow", direction)
            return
        self.say(f"DELEGATION_REQUEST {self._number} {point} W26 {series} {number} {direction}")

    def say(self, line: str | bytes) -> None:
        """Anything, to the client that delegates."""
        if self._client is not None:
            self._client.wfile.write(line if isinstance(line, bytes) else line.encode() + b"\r\n")

    def _end(self, opens: bool, direction: str) -> None:
        if opens:
            self.openings.append(direction)
        self.happened(f"opened {direction}" if opens else f"closed {direction}")

    def _take(self, client: socketserver.StreamRequestHandler, line: str) -> list[str | bytes]:
        words = shlex.split(line)
        trouble = self.troubles.popleft() if self.troubles and words[:1] != ["LOGIN"] else ""
        if trouble == "silent":
            return []
        if trouble == "garbage":
            return [b"\xff\xfe\x00DELEGATION\r\n"]
        match words:
            case ["LOGIN", "1.8", *given]:
                return ["OK" if given == self._login else "ERROR 11 AUTHENTICATION FAILED"]
            case ["LOGIN", *_]:
                return ["ERROR 3 UNSUPPORTED INTERFACE VERSION"]
            case ["DELEGATION_START"]:
                self._client = client
                return ["OK"]
            case ["DELEGATION_STOP"]:
                return ["OK"]
            case ["DELEGATION_REPLY", number, point, code, *_]:
                direction = self._asked.pop((number, point), None)
                if direction is not None:
                    self._end(code == _ALLOWED, direction)
                self.replies.put(words)
                return ["OK" if direction is not None else "ERROR 6 SYNTAX ERROR"]
            case ["GETAPINFO", point]:
                told = "7" if trouble == "other_point" else point
                return [f'APINFO ID {told} NAME "GATE" ZONEA 0 ZONEB 0 STATE {self.state} CLOSED']
            case ["ALLOWPASS", _, "ANONYMOUS", direction]:
                self._end(True, direction)
                return ['EVENT_CE "2026-11-30 08:00:00" 10 1 0 2', "OK"]
            case _:
                return ["ERROR 6 SYNTAX ERROR"]
