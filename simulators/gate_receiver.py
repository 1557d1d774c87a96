"""A gate's controller that is told by webhooks, and one that asks over REST, from the page on exchange alone.

The receiver believes only what is signed, opens only in its time, and knows a repeat by `passage_id`: it answers 200 and opens
nothing. `troubles` are taken by the next calls: `refuse` answers 503 and does nothing, `late` opens and answers 503 all the
same, `hang` opens and answers nothing until the end.
"""

import hmac
import http.client
import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from simulators.loopback import WebServer, as_json


class WebhookReceiver(WebServer):
    """`openings`: passages that it let in; `calls`: every body that came, doubles too."""

    def __init__(self, secret: str = "", port: int = 0) -> None:
        self.openings: list[str] = []
        self.calls: list[dict[str, Any]] = []
        self.troubles: deque[str] = deque()
        self.happened: Callable[[str], None] = lambda _: None
        """Called with a word for all that the turnstile does."""
        self._secret = secret.encode("utf-8")
        super().__init__("webhooks", self._answer, port)

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        raw = body or b""
        signature = f"sha256={hmac.digest(self._secret, raw, 'sha256').hex()}"
        if not hmac.compare_digest(signature, headers.get("x-dopusk-signature", "")):
            return 401, as_json({"error": "signature"})
        trouble = self.troubles.popleft() if self.troubles else ""
        if trouble == "refuse":
            return 503, b""
        said = json.loads(raw)
        self.calls.append(said)
        if said["passage_id"] in self.openings:
            self.happened("a repeat")
        elif datetime.fromisoformat(said["open_until"]) <= datetime.now(UTC):
            return 410, as_json({"error": "late"})
        else:
            self.openings.append(said["passage_id"])
            self.happened(f"opened for {said['personnel_number']}")
        if trouble == "hang":
            self.hanging.wait()
        return (503, b"") if trouble == "late" else (200, as_json({"result": "open"}))


class RestController:
    """A turnstile that asks the centre at each passage. `address`: of the centre; `key`: of an employer."""

    def __init__(self, address: str, key: str, gate: str) -> None:
        self._place, self._path = urlsplit(address), f"/api/v1/gates/{gate}/passages"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(self, number: str = "1001", request_id: str = "") -> dict[str, Any]:
        """What the centre answers to a worker at the gate. Raises `OSError` for a centre that is away: the gate stays closed."""
        status, answer = self.send({"request_id": request_id or uuid4().hex, "personnel_number": number})
        if status != 200 or not isinstance(answer, dict):
            raise OSError(f"the centre answered {status}: {answer}")
        return answer

    def send(self, body: Any, end: str = "") -> tuple[int, Any]:
        """Any body, to the passages or to a place under them."""
        scheme = http.client.HTTPSConnection if self._place.scheme == "https" else http.client.HTTPConnection
        connection = scheme(self._place.hostname or "", self._place.port, timeout=10)
        try:
            connection.request("POST", self._path + end, as_json(body), self._headers)
            answer = connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        finally:
            connection.close()

    def tell(self, request_id: str, body: Any) -> tuple[int, Any]:
        """What became of an opening."""
        return self.send(body, f"/{request_id}/result")
