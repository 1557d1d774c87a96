"""The interface of the photographer, who looks through the camera in a separate thread and posts what it found."""

from dataclasses import dataclass
from typing import Protocol

from sync.contract.exam import FaceCheck, FaceSearch


@dataclass(frozen=True, slots=True)
class FaceHint:
    """What the worker should do now: `no_face`, `several_faces`, `closer`, `further`, `light`, `look_here`, `hold`.

    With liveness also `turn_left` and `turn_right`, both as seen by the worker.
    """

    request_id: str
    code: str


@dataclass(frozen=True, slots=True)
class PhotoReady:
    """A good picture: JPEG bytes (at most 500 KB) and what was made of the face."""

    request_id: str
    jpeg: bytes
    face: FaceCheck


@dataclass(frozen=True, slots=True)
class PhotoUnusable:
    """No good picture within the time: `code` says what was wrong. `jpeg` is the best picture there was, if any."""

    request_id: str
    code: str
    jpeg: bytes | None


@dataclass(frozen=True, slots=True)
class FaceFound:
    """A search among the enrolled faces proposes this worker, who is asked to confirm it."""

    request_id: str
    worker_id: str
    evidence: FaceSearch


@dataclass(frozen=True, slots=True)
class FaceNotFound:
    """A search proposes nobody. `code` as in `terminal.face.search.Miss`, or what was wrong with the picture."""

    request_id: str
    code: str


@dataclass(frozen=True, slots=True)
class CameraChanged:
    """The camera is there (`ready`) or not (`absent`, with the reason)."""

    state: str
    reason: str = ""


SessionFace = FaceHint | PhotoReady | PhotoUnusable | FaceFound | FaceNotFound
"""What answers a request."""

FaceMessage = SessionFace | CameraChanged


class Photographer(Protocol):
    """Takes photos for the exam core. All calls return at once; answers are posted as `FaceMessage`."""

    def begin(self, request_id: str, worker_id: str, *, may_compare: bool) -> None:
        """Look for a good picture; exactly one `PhotoReady` or `PhotoUnusable` follows unless cancelled.

        `may_compare` is true only if a legal basis is configured and the worker's consent is on record; otherwise
        nothing biometric is computed: presence, count and quality of faces, no embedding.
        """
        ...

    def search(self, request_id: str) -> None:
        """Look who of the enrolled workers this is; exactly one `FaceFound` or `FaceNotFound` follows unless cancelled.

        Called only where the configuration names a legal basis and switches the search on.
        """
        ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...
