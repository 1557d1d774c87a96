"""Reference faces: a terminal asks for photos, gets them in parts, and tells what became of each.

Only a terminal whose configuration names a legal basis asks, and only for workers whose consent to the comparison is in
force; the centre checks the consent again before it sends. Numbers computed from a face never travel.
"""

from typing import Literal

from pydantic import Field

from sync.contract.media import CHUNK_BYTES
from sync.contract.model import Id, LongText, Sha256, ShortText, Utc, WireModel

FACE_SCHEMA = "dopusk.face/1"
PHOTO_SCHEMA = "dopusk.photo/1"

FaceState = Literal["wanted", "taken", "refused", "deleted"]


class FaceNote(WireModel):
    """One worker's reference face on this terminal.

    `wanted`: send the photo with this hash. `taken`: a template was made, the photo is gone. `refused`: the photo is no
    good, `problems` say what to change. `deleted`: template and photo are gone, because the consent, the basis, the
    worker or this photo is no longer there.
    """

    worker_id: Id
    photo_sha256: Sha256
    state: FaceState
    engine: ShortText = ""
    """Name of the engine that made the template or refused the photo."""
    problems: tuple[ShortText, ...] = ()
    at: Utc


class FaceReport(WireModel):
    """Payload of `up/face`."""

    legal_basis: LongText
    """The text of the terminal's configuration; empty where only deletions are told."""
    notes: tuple[FaceNote, ...] = Field(min_length=1, max_length=500)


class PhotoPart(WireModel):
    """Payload of `down/photo`: part `index` of `count` of the worker's reference photo."""

    worker_id: Id
    sha256: Sha256
    """Hash of the whole photo, as named by the roster."""
    index: int = Field(ge=0)
    count: int = Field(ge=1, le=64)
    part_sha256: Sha256
    content_base64: str = Field(max_length=CHUNK_BYTES * 4 // 3 + 4)
