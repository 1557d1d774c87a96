"""A PERCo-Web server and a webhook's receiver on the loopback, from the facts alone: token, command of a device, signed opening.

`openings` is what the turnstile would have seen. `troubles` are taken by the next calls: `refuse` answers 503 and does nothing,
`garbage` does it and answers no JSON, `expire` forgets the tokens, `hang` does it and answers too late.
"""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

OPEN_COMMAND = {"cmdNumber": 1, "cmdType": 0, "cmdValue": 3, "cmdParam": 5000}
DEVICE = 12


class PercoServer:
    """Serves on the loopback."""

    def __init__(self, login: str = "dopusk", password: str = "") -> None:
        self.openings = 0
        self.hooked: list[tuple[dict[str, Any], bytes, str]] = []
        """Bodies, bytes and signatures of webhooks."""
        self.troubles: deque[str] = deque()
        self.hanging = threading.Event()
        self.logins = 0
        self._login = {"login": login, "password": password}
        self._tokens: set[str] = set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status, body = server._answer(self, raw)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="perco")

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, request: BaseHTTPRequestHandler, raw: bytes) -> tuple[int, bytes]:
        body = json.loads(raw)
        if request.path == "/api/system/auth":
            if body != self._login:
                return 401, b'{"error": "login"}'
            self.logins += 1
            token = f"token-{self.logins}"
            self._tokens.add(token)
            return 200, json.dumps({"token": token}).encode()
        trouble = self.troubles.popleft() if self.troubles else ""
        if trouble == "expire":
            self._tokens.clear()
        if trouble == "refuse":
            return 503, b""
        if request.path == "/hook":
            self.hooked.append((body, raw, request.headers["X-Dopusk-Signature"]))
        elif request.path == f"/api/devices/{DEVICE}/command":
            if request.headers["Authorization"].removeprefix("Bearer ") not in self._tokens:
                return 401, b'{"error": "token"}'
            if body != OPEN_COMMAND:
                return 400, b'{"error": "command"}'
        else:
            return 404, b""
        self.openings += 1
        if trouble == "hang":
            self.hanging.wait(10)
        return 200, b"what" if trouble == "garbage" else b'{"result": "ok"}'

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
