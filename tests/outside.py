"""Other people's servers on the loopback, as they are met: webhooks that take, refuse, drip or never end, and mail servers."""

import base64
import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.waiting import LONGEST_S

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
FLOOD = b"." * 65536


@dataclass
class Outside:
    """A server that does with each connection what `behave` says, until `release` is set."""

    behave: Callable[["Outside", socket.socket], None]
    port: int = 0
    asked: int = 0
    sent_bytes: int = 0
    taken: list[bytes] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def send(self, line: socket.socket, content: bytes) -> None:
        line.sendall(content)
        self.sent_bytes += len(content)


def read_request(line: socket.socket) -> bytes:
    """Head and body of one HTTP request."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += line.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = [int(one.split(b":")[1]) for one in head.split(b"\r\n") if one.lower().startswith(b"content-length")]
    while len(body) < length:
        body += line.recv(65536)
    return body


def take(outside: Outside, line: socket.socket) -> None:
    outside.taken.append(read_request(line))
    outside.send(line, OK + b"Content-Length: 0\r\n\r\n")
    outside.arrived.set()


def drip_head(outside: Outside, line: socket.socket) -> None:
    read_request(line)
    outside.send(line, OK)
    while not outside.release.wait(0.05):
        outside.send(line, b"X")


def drip_body(outside: Outside, line: socket.socket) -> None:
    outside.taken.append(read_request(line))
    outside.send(line, OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while not outside.release.wait(0.05):
        outside.send(line, b"1\r\n.\r\n")


def flood_body(outside: Outside, line: socket.socket) -> None:
    outside.taken.append(read_request(line))
    outside.send(line, OK + b"\r\n")
    while not outside.release.is_set():
        outside.send(line, FLOOD)


def flood_head(outside: Outside, line: socket.socket) -> None:
    read_request(line)
    outside.send(line, OK)
    while not outside.release.is_set():
        outside.send(line, b"X-More: " + FLOOD + b"\r\n")


def be_silent(outside: Outside, line: socket.socket) -> None:
    outside.release.wait(LONGEST_S)


def greet_slowly(outside: Outside, line: socket.socket) -> None:
    while not outside.release.wait(0.05):
        outside.send(line, b"2")


def greet_without_end(outside: Outside, line: socket.socket) -> None:
    while not outside.release.is_set():
        outside.send(line, b"220-" + b"." * 900 + b"\r\n")


@contextlib.contextmanager
def running(behave: Callable[[Outside, socket.socket], None]) -> Iterator[Outside]:
    """The server on a free port."""
    outside = Outside(behave)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            outside.asked += 1
            self.request.settimeout(LONGEST_S)
            with contextlib.suppress(OSError, ValueError):
                outside.behave(outside, self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    outside.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield outside
    finally:
        outside.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class MailServerOutside:
    """As much of a mail server as is needed. `login`: user and password that it wants; `tls`: how it speaks."""

    tls: str = "none"
    context: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    taken: list[str] = field(default_factory=list)
    logged_in: list[tuple[str, str]] = field(default_factory=list)
    envelope: list[str] = field(default_factory=list)

    def __call__(self, _outside: Outside, line: socket.socket) -> None:
        with contextlib.ExitStack() as lines:
            self._talk(line, lines)

    def _talk(self, line: socket.socket, lines: contextlib.ExitStack) -> None:
        if self.tls == "implicit" and self.context is not None:
            line = lines.enter_context(self.context.wrap_socket(line, server_side=True))
        stream = lines.enter_context(line.makefile("rwb", buffering=0))
        stream.write(b"220 ready\r\n")
        secure = self.tls == "implicit"
        while words := stream.readline().decode().strip():
            match words.upper().split(maxsplit=1)[0]:
                case "EHLO":
                    offers = ["here"]
                    offers += ["STARTTLS"] if self.tls == "starttls" and not secure else []
                    offers += ["AUTH PLAIN"] if self.login and secure else []
                    last = len(offers) - 1
                    for at, offer in enumerate(offers):
                        stream.write(f"250{' ' if at == last else '-'}{offer}\r\n".encode())
                case "STARTTLS" if self.context is not None:
                    stream.write(b"220 go on\r\n")
                    line = lines.enter_context(self.context.wrap_socket(line, server_side=True))
                    stream, secure = lines.enter_context(line.makefile("rwb", buffering=0)), True
                case "AUTH":
                    _, user, password = base64.b64decode(words.split()[-1]).decode().split("\0")
                    self.logged_in.append((user, password))
                    stream.write(b"235 fine\r\n" if (user, password) == self.login else b"535 no\r\n")
                case "MAIL" if self.login and self.logged_in[-1:] != [self.login]:
                    stream.write(b"530 log in first\r\n")
                case "RCPT":
                    self.envelope.append(words)
                    stream.write(b"250 fine\r\n")
                case "DATA":
                    stream.write(b"354 go on\r\n")
                    letter = ""
                    while not letter.endswith("\r\n.\r\n"):
                        letter += stream.readline().decode()
                    self.taken.append(letter.removesuffix(".\r\n"))
                    stream.write(b"250 taken\r\n")
                case "QUIT":
                    stream.write(b"221 bye\r\n")
                    return
                case _:
                    stream.write(b"250 fine\r\n")
