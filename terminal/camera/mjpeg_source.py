"""An IP camera over HTTP: Motion JPEG, or one JPEG per request. Our own reading, because OpenCV's blocks without limit."""

import base64
import http.client
import socket
import time
from collections import deque
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np

from terminal.camera.mjpeg_parts import LARGEST_PART_BYTES, MjpegParts, StreamGarbled, boundary_of
from terminal.camera.source import CameraFault, Pace, Picture, without_password

SILENCE_S = 2.0
"""No byte for this long, or no whole picture for twice as long: the camera hangs."""
SNAPSHOTS_PER_S = 10.0


class MjpegSource:
    """Speaks HTTP/1.1 with Basic authentication from the address. Digest authentication is not spoken."""

    def __init__(self, address: str) -> None:
        self._parts = urlsplit(address)
        self._shown_address = without_password(address)
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None
        self._wire: socket.socket | None = None
        self._stream: MjpegParts | None = None
        self._pictures: deque[bytes] = deque(maxlen=1)
        self._pace = Pace(SNAPSHOTS_PER_S)

    def open(self) -> None:
        secure = self._parts.scheme == "https"
        connection_type = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = connection_type(self._parts.hostname or "", self._parts.port, timeout=SILENCE_S)
        self._response = self._request(self._connection)
        content_type = self._response.headers.get("Content-Type", "")
        kind = content_type.partition(";")[0].strip().lower()
        if kind.startswith("multipart/"):
            try:
                self._stream = MjpegParts(boundary_of(content_type))
            except StreamGarbled as error:
                raise CameraFault("format", f"{self._shown_address}: {error}") from error
        elif kind != "image/jpeg":
            raise CameraFault("format", f"{self._shown_address} sends {kind or 'nothing named'}, expected Motion JPEG")

    def read(self) -> Picture:
        jpeg = self._next_of_stream(self._stream) if self._stream is not None else self._next_snapshot()
        try:
            picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error as error:
            raise CameraFault("format", f"{self._shown_address} sent a picture that cannot be decoded") from error
        if picture is None:
            raise CameraFault("format", f"{self._shown_address} sent a picture that cannot be decoded")
        return picture

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        self._pace.end()
        if self._wire is not None:
            try:
                # The shutdown of an SSLSocket would leave its reader with the bare cipher text.
                socket.socket.shutdown(self._wire, socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already, which is what we want

    def _request(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        headers = {"Accept": "multipart/x-mixed-replace, image/jpeg"}
        if self._parts.username is not None:
            secret = f"{unquote(self._parts.username)}:{unquote(self._parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
        try:
            connection.request("GET", path, headers=headers)
            # A response that ends with the connection takes the socket away from it, so it is noted here.
            self._wire = connection.sock
            response = connection.getresponse()
        except TimeoutError as error:
            raise CameraFault("silent", f"{self._shown_address} does not answer within {SILENCE_S:.0f} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise CameraFault("missing", f"{self._shown_address} cannot be reached: {error}") from error
        if response.status != 200:
            response.close()
            raise self._refusal(response.status)
        return response

    def _refusal(self, status: int) -> CameraFault:
        if status in (401, 403):
            return CameraFault("refused", f"{self._shown_address} refuses our user and password (HTTP {status})")
        if status in (409, 429, 503):
            return CameraFault("busy", f"{self._shown_address} is busy (HTTP {status})")
        return CameraFault("missing", f"{self._shown_address} answers HTTP {status}")

    def _next_of_stream(self, stream: MjpegParts) -> bytes:
        give_up_s = time.monotonic() + 2 * SILENCE_S
        while not self._pictures:
            if time.monotonic() > give_up_s:
                raise CameraFault("silent", f"{self._shown_address} sends bytes and no whole picture")
            received = self._receive(65536)
            if not received:
                raise CameraFault("missing", f"{self._shown_address} has closed the stream")
            try:
                # Only the newest picture is of use: `deque(maxlen=1)` drops those that came before it.
                self._pictures.extend(stream.feed(received))
            except StreamGarbled as error:
                raise CameraFault("format", f"{self._shown_address}: {error}") from error
        return self._pictures.popleft()

    def _next_snapshot(self) -> bytes:
        if self._response is None and self._connection is not None:
            if not self._pace.wait():
                raise CameraFault("silent", "interrupted")
            self._response = self._request(self._connection)
        picture = bytearray()
        while received := self._receive(65536):
            picture += received
            if len(picture) > LARGEST_PART_BYTES:
                raise CameraFault("format", f"{self._shown_address} sends a picture that does not end")
        if self._response is not None:
            self._response.close()
            self._response = None
        return bytes(picture)

    def _receive(self, most: int) -> bytes:
        if self._response is None:
            raise CameraFault("missing", f"{self._shown_address} is not open")
        try:
            return self._response.read1(most)
        except TimeoutError as error:
            raise CameraFault("silent", f"{self._shown_address} sends nothing for {SILENCE_S:.0f} s") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise CameraFault("missing", f"{self._shown_address} is gone: {error}") from error
