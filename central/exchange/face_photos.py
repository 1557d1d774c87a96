"""Sends reference photos to the terminals that asked for them: a few at a time, and only while the consent is in force.

The parts go through the centre's outbox like everything else: sealed, chained, sent again until acknowledged. A photo that
may not or cannot be sent is noted with the reason, and the worker's page shows it.
"""

import base64
import logging
from collections import Counter
from datetime import datetime

from sqlalchemy import Connection

from central.core import metrics
from central.core.media_files import MediaFiles
from central.core.step_records import is_away, place_of
from central.link.outgoing import Outgoing
from central.store import consents, faces
from central.store.faces import MOST_PARTS_IN_FLIGHT, Wanted
from central.store.workers import get_worker
from sync.contract.canonical import sha256_hex
from sync.contract.face import PHOTO_SCHEMA, PhotoPart
from sync.contract.media import CHUNK_BYTES

log = logging.getLogger(__name__)

LOOK_AT = 200
"""Requests that one call answers at most."""

__all__ = ["LOOK_AT", "MOST_PARTS_IN_FLIGHT", "FacePhotos"]


class FacePhotos:
    """Answers what terminals want. Works inside the caller's transaction."""

    def __init__(self, outgoing: Outgoing, files: MediaFiles) -> None:
        self._outgoing = outgoing
        self._files = files

    def are_wanted(self, connection: Connection) -> bool:
        """Whether there is anything to answer: one quick look."""
        return faces.is_any_wanted(connection)

    def answer(self, connection: Connection, *, now: datetime) -> int:
        """Queue the next photos; returns how many requests were answered. Call again after acknowledgements."""
        asks = faces.wanted(connection, LOOK_AT)
        if not asks:
            return 0
        in_flight = Counter(faces.photos_in_flight(connection))
        answered = 0
        # Rows of terminals are taken in one order; the requests of one stay in theirs.
        for ask in sorted(asks, key=lambda ask: ask.terminal_id):
            if in_flight[ask.terminal_id] >= MOST_PARTS_IN_FLIGHT:
                continue
            try:
                with connection.begin_nested():
                    in_flight[ask.terminal_id] += self._answer_one(connection, ask, now)
            except Exception as error:
                if is_away(error):
                    raise
                # One that we stumble over is said to be so on the worker's page and keeps no other from its photo.
                log.error("a reference photo cannot be sent to %s: %s", ask.terminal_id, place_of(error))
                metrics.step_failures.labels("dispatcher", "photos", type(error).__name__).inc()
                faces.answer(connection, ask, "not_sent", "fault", now=now)
            answered += 1
        return answered

    def _answer_one(self, connection: Connection, ask: Wanted, now: datetime) -> int:
        """Answer one request; returns how many parts were queued."""
        reason = self._obstacle(connection, ask)
        content = None if reason else self._read(ask.photo_sha256)
        if content is None:
            faces.answer(connection, ask, "not_sent", reason or "no_file", now=now)
            return 0
        parts = self._queue(connection, ask, content)
        faces.answer(connection, ask, "sent", now=now)
        return parts

    def _obstacle(self, connection: Connection, ask: Wanted) -> str:
        worker = get_worker(connection, ask.worker_id)
        if worker is None or not consents.has_consent(connection, ask.worker_id, "biometric_comparison"):
            return "no_consent"
        return "" if worker["photo_sha256"] == ask.photo_sha256 else "other_photo"

    def _read(self, sha256: str) -> bytes | None:
        try:
            content = self._files.path(sha256).read_bytes()
        except OSError:
            return None
        return content if sha256_hex(content) == sha256 else None

    def _queue(self, connection: Connection, ask: Wanted, content: bytes) -> int:
        pieces = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
        for index, piece in enumerate(pieces):
            part = PhotoPart(
                worker_id=ask.worker_id,
                sha256=ask.photo_sha256,
                index=index,
                count=len(pieces),
                part_sha256=sha256_hex(piece),
                content_base64=base64.b64encode(piece).decode("ascii"),
            )
            self._outgoing.queue(connection, ask.terminal_id, "photo", PHOTO_SCHEMA, part.model_dump(mode="json"))
        return len(pieces)
