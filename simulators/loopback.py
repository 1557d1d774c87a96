"""Servers of partners on the loopback: one thread takes connections, whatever hangs is let go at the end."""

import json
import socketserver
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class LoopbackServer:
    """What every partner has: a port, a beginning and an end. `hanging` is set at the end, for answers that are held back."""

    def __init__(self, name: str, server: socketserver.BaseServer, port: int) -> None:
        self.port = port
        self.hanging = threading.Event()
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name=name)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hanging.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class LinesServer(LoopbackServer):
    """Speaks in lines; `handler` has one connection each."""

    def __init__(self, name: str, handler: type[socketserver.StreamRequestHandler], port: int = 0) -> None:
        server = _Server(("127.0.0.1", port), handler)
        super().__init__(name, server, int(server.server_address[1]))


class Answering(Protocol):
    """What answers calls over HTTP. `headers` by their names in small letters; `body`: None for a GET."""

    def __call__(self, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]: ...


class WebServer(LoopbackServer):
    """Answers GET and POST by `answer`: status and JSON."""

    def __init__(self, name: str, answer: Answering, port: int = 0) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(answer(self.path, self._named(), None))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self._send(answer(self.path, self._named(), body))

            def _named(self) -> dict[str, str]:
                return {name.lower(): value for name, value in self.headers.items()}

            def _send(self, given: tuple[int, bytes]) -> None:
                status, content = given
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    # Whoever asked is gone, as after an answer that came too late.
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        super().__init__(name, server, server.server_port)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


def as_json(value: Any) -> bytes:
    """An answer."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8")
