"""A gateway of an operator of electronic waybills, from the page on exchange alone: an inbox, titles, receipts, over HTTP.

A title is known by its `file_id`: the same one that comes again is no second one. `troubles` are answers for the next calls, in
turn: `refuse` answers 503 and does nothing; `late` does what was asked and answers 503 all the same; `hang` does it and answers
nothing until the end.
"""

import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from threading import Event

from simulators.loopback import WebServer, as_json


class WaybillGateway(WebServer):
    """What it holds may be read and changed while it runs."""

    def __init__(self, token: str = "", port: int = 0) -> None:
        self.files: list[dict[str, str]] = []
        self.titles: dict[str, dict[str, str]] = {}
        """Titles by `file_id`."""
        self.calls: list[dict[str, str]] = []
        """Every title that came, repeats too."""
        self.came = Event()
        """Set when a title has come."""
        self.receipts: list[dict[str, str]] = []
        self.troubles: deque[str] = deque()
        self.happened: Callable[[str], None] = lambda _: None
        """Called with a word for each title."""
        self._token = token
        super().__init__("waybill-gateway", self._answer, port)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{super().url}/v1"

    def put_file(self, name: str, content: bytes, signature: bytes) -> None:
        """A file of a carrier."""
        encoded = {"content": content, "signature": signature}
        self.files.append({"name": name} | {key: base64.b64encode(value).decode() for key, value in encoded.items()})

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        if self._token and headers.get("authorization") != f"Bearer {self._token}":
            return 401, b"{}"
        trouble = self.troubles.popleft() if self.troubles else ""
        if trouble == "refuse":
            return 503, b""
        done = self._do(path.removeprefix("/v1/"), json.loads(body) if body else None)
        if trouble == "hang":
            self.hanging.wait()
        return (503, b"") if trouble == "late" else (200, done)

    def _do(self, path: str, said: dict[str, str] | None) -> bytes:
        if said is None:
            return as_json(self.files if path == "files" else self.receipts)
        if path == "titles":
            self.calls.append(said)
            is_new = said["file_id"] not in self.titles
            self.titles.setdefault(said["file_id"], said)
            self.happened(f"{'title' if is_new else 'a repeat of'} {said['file_id']}")
            self.came.set()
        elif path == "files/taken":
            self.files = [one for one in self.files if one["name"] != said["name"]]
        elif path == "receipts/noted":
            self.receipts = [one for one in self.receipts if one.get("receipt_id") != said["receipt_id"]]
        return b"{}"
