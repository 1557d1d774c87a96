"""HTTP on the loopback, for the pages of one console only.

`GET /state`, and `POST /sign` `{request: {body, signature}, content (base64)}` → `{cms (base64)}` or `{error}`. Every answer needs
the exact `Origin` of the console, and a `Host` that is this very address: a page of another site, or one whose name was made to
lead here (DNS rebinding), learns nothing. Browsers ask first (CORS, Private Network Access) and are told so.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from central.signature.provider import SigningRefused
from signer.desk import Desk
from signer.settings import Settings
from sync.contract.signing_request import RequestRefused, opened_request

MAX_BODY_BYTES = 8 * 1024 * 1024
IDLE_S = 15.0
"""So long a caller may take for its bytes."""
SKEW_S = 300.0
"""How far this computer's clock may be from the centre's."""


def make_server(settings: Settings, desk: Desk, clock: Callable[[], datetime]) -> ThreadingHTTPServer:
    """The server, bound and not yet serving. Raises `OSError` when the port is taken."""
    own_hosts = {f"127.0.0.1:{settings.port}", f"localhost:{settings.port}"}
    key = settings.public_key

    class Handler(BaseHTTPRequestHandler):
        timeout = IDLE_S
        protocol_version = "HTTP/1.1"
        server_version = "dopusk-signer"
        sys_version = ""

        def do_OPTIONS(self) -> None:
            if self._is_ours():
                self.send_response(204)
                self.send_header("Access-Control-Allow-Methods", "GET, POST")
                self.send_header("Access-Control-Allow-Headers", "content-type")
                self.send_header("Access-Control-Max-Age", "600")
                if self.headers.get("Access-Control-Request-Private-Network") == "true":
                    self.send_header("Access-Control-Allow-Private-Network", "true")
                self._end(b"")

        def do_GET(self) -> None:
            if self._is_ours():
                known = self.path == "/state"
                self._json(200 if known else 404, _state(desk) if known else {"error": "not_found"})

        def do_POST(self) -> None:
            if not self._is_ours():
                return
            if self.path != "/sign" or self.headers.get_content_type() != "application/json":
                self._json(404, {"error": "not_found"})
                return
            body = self._body()
            if body is not None:
                self._json(*_signed(body))

        def _is_ours(self) -> bool:
            """Otherwise the answer is given."""
            if self.headers.get("Host", "").lower() in own_hosts and self.headers.get("Origin") == settings.origin:
                return True
            self.close_connection = True
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False

        def _body(self) -> bytes | None:
            size = self.headers.get("Content-Length", "")
            if not size.isdigit() or int(size) > MAX_BODY_BYTES:
                self.close_connection = True
                self._json(413, {"error": "too_large"})
                return None
            return self.rfile.read(int(size))

        def _json(self, status: int, found: dict[str, Any]) -> None:
            body = json.dumps(found).encode("utf-8")
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self._end(body)

        def _end(self, body: bytes) -> None:
            self.send_header("Access-Control-Allow-Origin", settings.origin)
            self.send_header("Vary", "Origin")
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing of a request is kept: records of people travel in them."""

    def _signed(body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            asked = json.loads(body)
            content = base64.b64decode(asked["content"], validate=True)
            now = clock()
            request = opened_request(asked["request"], content, key, settings.origin, now, SKEW_S)
            return 200, {"cms": base64.b64encode(desk.answer(request, content, now)).decode("ascii")}
        except RequestRefused as error:
            return 403, {"error": error.code}
        except SigningRefused as error:
            return 409, {"error": error.code}
        except (ValueError, KeyError, TypeError, binascii.Error):
            return 400, {"error": "not_ours"}

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A caller that went away, or sent nonsense, is no fault of ours."""

    return Server(("127.0.0.1", settings.port), Handler)


def _state(desk: Desk) -> dict[str, Any]:
    try:
        own = version("dopusk")
    except PackageNotFoundError:
        own = ""
    return {"program": "dopusk signer", "version": own, "open": desk.is_open}
