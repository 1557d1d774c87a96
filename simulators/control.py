"""The bench from another process: JSON lines over a Unix socket, one request and one answer each.

    {"do": "scenario", "name": "breathalyzer", "scenario": "high"}        -> {"ok": true, "result": null}
    {"do": "change", "name": "thermometer", "fields": {"present": false}}
    {"do": "wait", "name": "tonometer", "field": "phase", "value": "deflating", "timeout_s": 10}
    {"do": "unplug" | "replug" | "look" | "port", "name": "tonometer"}, {"do": "line", …}, {"do": "names"}

What cannot be done is answered with `{"ok": false, "error": "…"}`; the connection stays open.
"""

import json
import socket
import socketserver
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.bench import Bench

_LONGEST_LINE = 65536


class Control:
    """Serves a bench on a Unix socket until `close`."""

    def __init__(self, bench: Bench, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self._server = _Server(str(path), _Conversation)
        self._server.bench = bench
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.path.unlink(missing_ok=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    bench: Bench


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        while line := self.rfile.readline(_LONGEST_LINE):
            try:
                answer = {"ok": True, "result": obey(self.server.bench, json.loads(line))}
            except (ValueError, KeyError, TypeError, TimeoutError) as error:
                answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            self.wfile.write(json.dumps(answer, default=str).encode() + b"\n")


def obey(bench: Bench, request: dict[str, Any]) -> object:
    """Do what a request says. Raises `ValueError`, `KeyError`, `TypeError` or `TimeoutError`."""
    match request["do"]:
        case "scenario":
            bench.scenario(request["name"], request["scenario"])
        case "line":
            bench.line(request["name"], request["situation"])
        case "change":
            bench.change(request["name"], **request["fields"])
        case "unplug":
            bench.unplug(request["name"])
        case "replug":
            bench.replug(request["name"])
        case "wait":
            field_name, value = request["field"], request["value"]
            bench.wait_for(request["name"], lambda model: getattr(model, field_name) == value, request["timeout_s"])
        case "look":
            return bench.look(request["name"])
        case "port":
            return bench.port(request["name"])
        case "names":
            return dict(bench.names())
        case unknown:
            raise ValueError(f"unknown request {unknown!r}")
    return None


class BenchClient:
    """The other end: the same words as `Bench`. Raises `ValueError` when the bench refuses."""

    def __init__(self, path: Path, timeout_s: float = 60.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def ask(self, do: str, **parts: object) -> Any:
        """Send one request and return its result."""
        self._socket.sendall(json.dumps({"do": do, **parts}).encode() + b"\n")
        answer = json.loads(self._lines.readline())
        if not answer["ok"]:
            raise ValueError(answer["error"])
        return answer["result"]

    def scenario(self, name: str, scenario: str) -> None:
        self.ask("scenario", name=name, scenario=scenario)

    def change(self, name: str, **fields: object) -> None:
        self.ask("change", name=name, fields=fields)

    def wait(self, name: str, field: str, value: object, timeout_s: float) -> None:
        """Wait until a public field of the model has this value."""
        self.ask("wait", name=name, field=field, value=value, timeout_s=timeout_s)

    def look(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("look", name=name)
        return found

    def port(self, name: str) -> str:
        return str(self.ask("port", name=name))

    def unplug(self, name: str) -> None:
        self.ask("unplug", name=name)

    def replug(self, name: str) -> None:
        self.ask("replug", name=name)

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
