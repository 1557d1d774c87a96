"""Figures and health of a process of the centre, on a port of the loopback: GET /metrics for Prometheus, GET /health for a watcher.

/health: 200 with `{"status": "ok"}`, or 503 with `{"status": "trouble", "parts": […]}`, the names of the parts that fail, stand
still or have ended. It asks neither the store nor the broker. No organisation and no person is named.
"""

import json
import threading
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST

from central.core import metrics, step_records


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 10.0  # of a reader that asks for nothing

    def log_message(self, format: str, *args: object) -> None:  # the base class names it so
        pass


def serve_figures(port: int) -> None:
    """Answer in the background for as long as the process lives. Raises `OSError` for a port that is in use."""
    try:
        server = make_server("127.0.0.1", port, _answer, _Server, _Quiet)
    except OSError as error:
        raise OSError(f"port {port} for figures cannot be used ({error}); change metrics_port") from error
    threading.Thread(target=server.serve_forever, name="figures", daemon=True).start()


def _answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ.get("PATH_INFO") != "/health":
        body = metrics.render()
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Content-Length", str(len(body)))])
        return [body]
    parts = [f"{state.thread}.{state.step}" for state in step_records.troubles()]
    body = json.dumps({"status": "trouble", "parts": parts} if parts else {"status": "ok"}).encode()
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response("503 Service Unavailable" if parts else "200 OK", head)
    return [body]
