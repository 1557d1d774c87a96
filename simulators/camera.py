"""A simulated IP camera: Motion JPEG over HTTP on loopback, with scenes that can be changed while it runs.

    simulator = CameraSimulator({"eileen": path}, scene="person:eileen")
    url = simulator.start()
    simulator.scene("nobody")
    simulator.close()

`hang` keeps the connection and sends nothing more; `gone` closes every connection and refuses new ones. As a process:
`python -m simulators.camera --port 8091 --scene person:eileen_collins` takes further scenes from standard input, one a line.
"""

import argparse
import logging
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2

from simulators.camera_scenes import PORTRAITS, Room, Stage

log = logging.getLogger(__name__)

DEFAULT_PHOTOS = {"eileen": PORTRAITS / "eileen_collins.jpg", "grace": PORTRAITS / "grace_hopper.jpg"}


class CameraSimulator:
    """`frames_per_s` is what it tries to keep; a slow machine gives fewer. Every client gets pictures of its own."""

    def __init__(
        self,
        photos: Mapping[str, Path] | None = None,
        scene: str = "nobody",
        *,
        frames_per_s: float = 20.0,
        port: int = 0,
        room: Room | None = None,
    ) -> None:
        """Raises `ValueError` for a photo without exactly one face or a scene that does not exist."""
        self._stage = Stage(DEFAULT_PHOTOS if photos is None else photos, room)
        self._stage.check(scene)
        self._frames_per_s = frames_per_s
        self._port = port
        self._server: ThreadingHTTPServer | None = None
        self._changed = threading.Condition()
        self._scene = scene
        self._since_s = time.monotonic()
        self._closed = False
        self.frames_sent = 0

    @property
    def room(self) -> Room:
        """Light, noise, blur and sway, to be changed while running."""
        return self._stage.room

    @property
    def url(self) -> str:
        """The address to give to the terminal; valid after `start`, and the same for ever."""
        return f"http://127.0.0.1:{self._port}/video.mjpeg"

    def start(self) -> str:
        """Listen on loopback and return the address of the stream."""
        if self._scene != "gone":
            self._listen()
        return self.url

    def scene(self, name: str) -> None:
        """Play another scene from its beginning. Raises `ValueError` when there is no such scene."""
        self._stage.check(name)
        with self._changed:
            self._scene, self._since_s = name, time.monotonic()
            self._changed.notify_all()
        if name == "gone":
            self._stop_listening()
        elif self._server is None and not self._closed:
            self._listen()

    def close(self) -> None:
        """Close all connections and stop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._stop_listening()

    def next_jpeg(self, after_s: float) -> bytes | None:
        """Wait until it is time for the next picture; None when this connection is to end."""
        with self._changed:
            due_s = after_s + 1 / self._frames_per_s
            while not self._ends() and (self._scene == "hang" or (wait_s := due_s - time.monotonic()) > 0):
                self._changed.wait(None if self._scene == "hang" else wait_s)
            if self._ends():
                return None
            scene, t_s = self._scene, time.monotonic() - self._since_s
            picture = self._stage.picture(scene, t_s)
            self.frames_sent += 1
        encoded, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
        if not encoded:
            raise RuntimeError("OpenCV cannot encode JPEG")
        return jpeg.tobytes()

    def _ends(self) -> bool:
        return self._closed or self._scene == "gone"

    def _listen(self) -> None:
        simulator = self

        class Handler(_StreamHandler):
            camera = simulator

        self._server = _Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="camera-simulator", daemon=True).start()

    def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # `server_close` then waits for the streams, which end on their own
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to shout about; anything else is."""
        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            log.error("simulated camera: %r", error)


class _StreamHandler(BaseHTTPRequestHandler):
    camera: CameraSimulator
    timeout = 5

    def do_GET(self) -> None:
        if self.path != "/video.mjpeg":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        sent_s = 0.0
        while (jpeg := self.camera.next_jpeg(sent_s)) is not None:
            sent_s = time.monotonic()
            self.wfile.write(
                b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"
            )
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)


def main() -> None:
    """Run as a process; standard input takes further scenes, its end stops the camera."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--scene", default="person:eileen")
    parser.add_argument("--frames-per-s", type=float, default=20.0)
    parser.add_argument("--photo", action="append", default=[], metavar="NAME=PATH", help="a portrait; may be repeated")
    options = parser.parse_args()
    photos = dict(DEFAULT_PHOTOS)
    for pair in options.photo:
        name, _, path = pair.partition("=")
        photos[name] = Path(path)
    simulator = CameraSimulator(photos, options.scene, frames_per_s=options.frames_per_s, port=options.port)
    sys.stdout.write(simulator.start() + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        try:
            simulator.scene(line.strip())
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
    simulator.close()


if __name__ == "__main__":
    main()
