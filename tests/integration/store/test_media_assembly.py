"""Two ingest workers put the same file together at the centre, and one of them is killed at it."""

import base64
from pathlib import Path

from central.core.media_files import MediaFiles
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.media import MediaChunk

CONTENT = bytes(range(256)) * 40


def test_a_worker_that_is_killed_while_assembling_damages_nothing(tmp_path: Path) -> None:
    sha256 = sha256_hex(CONTENT)
    chunk = MediaChunk(
        exam_id=new_id(),
        sha256=sha256,
        content_type="image/jpeg",
        index=0,
        count=1,
        chunk_sha256=sha256,
        content_base64=base64.b64encode(CONTENT).decode(),
    )
    files = MediaFiles(tmp_path)
    files.write_chunk(chunk)
    whole = files.path(sha256)
    whole.parent.mkdir(parents=True, exist_ok=True)
    with whole.with_suffix(".new").open("wb") as other:
        assert files.assemble(sha256, 1) == len(CONTENT)
        other.truncate(10)  # the other worker wrote on into its own file, and dies here
    assert whole.read_bytes() == CONTENT
    assert files.assemble(sha256, 1) == len(CONTENT)  # and when it is started again
