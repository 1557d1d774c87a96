"""A stand-in for a partner's system that takes results by HTTP, and has all the troubles that strangers' servers have.

`troubles` are used up one an attempt: `hang` (no answer before `close`), `500`, `401`, `422`, `cut` (half an answer, then the
connection is gone), `junk` (200 with a page of a portal), `noise` (bytes that are no HTTP). Without one it is 200 with JSON.
"""

import contextlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_PORTAL = "<html><body>Вход в сеть: введите номер телефона</body></html>".encode()


class PartnerServer:
    """Takes what is posted. `taken`: key and body of what was answered with 200 and JSON; `asked`: of every attempt."""

    def __init__(self, secure: ssl.SSLContext | None = None) -> None:
        self.troubles: list[str] = []
        self.usual = ""
        """The trouble of every attempt that has none of its own."""
        self.taken: list[tuple[str, bytes]] = []
        self.asked: list[tuple[str, bytes]] = []
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._scheme, self._host = ("https", "localhost") if secure is not None else ("http", "127.0.0.1")
        if secure is not None:
            # The greeting of TLS is the handler's: one that fails stops nobody else.
            listening = self._server.socket
            self._server.socket = secure.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, name="partner-stand-in")

    @property
    def url(self) -> str:
        """Where results go."""
        return f"{self._scheme}://{self._host}:{self._server.server_address[1]}/exams"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                # Who does not believe the certificate hangs up.
                with contextlib.suppress(ssl.SSLError, ConnectionError):
                    super().handle()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is told."""

            def do_GET(self) -> None:
                self._say(200, b"{}", "application/json")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                told = (self.headers.get("Idempotency-Key", ""), body)
                stand_in.asked.append(told)
                trouble = stand_in.troubles.pop(0) if stand_in.troubles else stand_in.usual
                self.close_connection = True
                if trouble == "hang":
                    stand_in._closing.wait()
                elif trouble == "noise":
                    self.wfile.write(b"\x00\x17garbage\r\n\r\n")
                elif trouble == "cut":
                    self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"accepted": ')
                elif trouble == "junk":
                    self._say(200, _PORTAL, "text/html")
                elif trouble:
                    self._say(int(trouble), b"", "text/plain")
                else:
                    stand_in.taken.append(told)
                    self._say(200, b'{"accepted": true}', "application/json")

            def _say(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

        return Handler
