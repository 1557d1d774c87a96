"""A gateway of an operator of electronic waybills, from the page on exchange alone: an inbox, titles, receipts, over HTTP.

`troubles` are answers for the next calls, in turn: `refuse` answers 503 and does nothing; `late` does what was asked and answers
503 all the same, as a gateway does whose answer comes too late.
"""

import base64
import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class WaybillGateway:
    """Serves on the loopback. What it holds may be read and changed while it runs."""

    def __init__(self, token: str = "") -> None:
        self.files: list[dict[str, str]] = []
        self.titles: list[dict[str, str]] = []
        self.receipts: list[dict[str, str]] = []
        self.troubles: deque[str] = deque()
        self._token = token
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gateway._answer(self, None)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                gateway._answer(self, json.loads(self.rfile.read(length)))

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="waybill-gateway")

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def put_file(self, name: str, content: bytes, signature: bytes) -> None:
        """A file of a carrier."""
        encoded = {"content": content, "signature": signature}
        self.files.append({"name": name} | {key: base64.b64encode(value).decode() for key, value in encoded.items()})

    def __enter__(self) -> "WaybillGateway":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, call: BaseHTTPRequestHandler, said: dict[str, str] | None) -> None:
        status, body = 200, b"{}"
        if self._token and call.headers.get("Authorization") != f"Bearer {self._token}":
            status = 401
        else:
            trouble = self.troubles.popleft() if self.troubles else ""
            if trouble != "refuse":
                body = self._do(call.path.removeprefix("/v1/"), said)
            if trouble:
                status = 503
        call.send_response(status)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)

    def _do(self, path: str, said: dict[str, str] | None) -> bytes:
        if said is None:
            return json.dumps(self.files if path == "files" else self.receipts).encode()
        if path == "titles":
            self.titles.append(said)
        elif path == "files/taken":
            self.files = [one for one in self.files if one["name"] != said["name"]]
        elif path == "receipts/noted":
            self.receipts = [one for one in self.receipts if one.get("receipt_id") != said["receipt_id"]]
        return b"{}"
