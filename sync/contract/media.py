"""Media in chunks: a photo or a video segment travels behind the exams, resumable, each chunk with its hash."""

from pydantic import Field

from sync.contract.model import Id, Sha256, ShortText, WireModel

MEDIA_SCHEMA = "dopusk.media/1"
CHUNK_BYTES = 128 * 1024


class MediaChunk(WireModel):
    """Payload of `up/media`: chunk `index` of `count` of the file with that hash."""

    exam_id: Id
    sha256: Sha256
    """Hash of the whole file, as named by the exam."""
    content_type: ShortText
    index: int = Field(ge=0)
    count: int = Field(ge=1, le=100_000)
    chunk_sha256: Sha256
    content_base64: str = Field(max_length=CHUNK_BYTES * 4 // 3 + 4)
