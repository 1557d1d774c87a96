"""A PERCo-Web server from the facts alone: a token for the login, the list of a device's commands, a command.

`openings` is what the turnstile has done. `troubles` are taken by the next calls: `refuse` answers 503 and does nothing, `garbage`
does it and answers no JSON, `expire` forgets the tokens, `hang` does it and answers too late.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from simulators.loopback import WebServer, as_json

OPEN_COMMAND = {"cmdNumber": 1, "cmdType": 0, "cmdValue": 3, "cmdParam": 5000}
DEVICE = 12


class PercoWeb(WebServer):
    """One device, which opens by one command."""

    def __init__(self, login: str = "dopusk", password: str = "", port: int = 0) -> None:
        self.openings = 0
        self.troubles: deque[str] = deque()
        self.happened: Callable[[str], None] = lambda _: None
        """Called with a word for all that the turnstile does."""
        self._login = {"login": login, "password": password}
        self._logins = 0
        self._tokens: set[str] = set()
        super().__init__("perco", self._answer, port)

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        said = json.loads(body) if body else None
        if path == "/api/system/auth":
            return self._log_in(said)
        trouble = self.troubles.popleft() if self.troubles else ""
        if trouble == "expire":
            self._tokens.clear()
        if trouble == "refuse":
            return 503, b""
        if headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return 401, as_json({"error": "token"})
        if path == f"/api/devices/{DEVICE}/commandList":
            return 200, as_json([{"title": "door", "commands": [{"title": "open once"} | OPEN_COMMAND]}])
        if path != f"/api/devices/{DEVICE}/command":
            return 404, b""
        if said != OPEN_COMMAND:
            return 400, as_json({"error": "command"})
        self.openings += 1
        self.happened("opened")
        if trouble == "hang":
            self.hanging.wait()
        return 200, b"what" if trouble == "garbage" else as_json({"result": "ok"})

    def _log_in(self, said: Any) -> tuple[int, bytes]:
        if said != self._login:
            return 401, as_json({"error": "login"})
        self._logins += 1
        token = f"token-{self._logins}"
        self._tokens.add(token)
        return 200, as_json({"token": token})
