"""Media: encrypted, named by the hash of their content, every changed byte found."""

from pathlib import Path

import pytest

from terminal.store.media_files import MediaError, MediaFiles
from tests.unit.terminal.store.scene import digest, flip

CONTENT = b"\xff\xd8 a photo " * 40


@pytest.fixture
def files(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "media", b"k" * 32)


def test_what_is_written_is_read(files: MediaFiles) -> None:
    name = files.write(CONTENT)
    assert name == digest(CONTENT)
    assert files.read(name) == CONTENT
    assert files.write(CONTENT) == name


def test_every_changed_byte_is_found(files: MediaFiles, tmp_path: Path) -> None:
    name = files.write(CONTENT)
    (path,) = (tmp_path / "media").iterdir()
    stored = path.read_bytes()
    for at in range(len(stored)):
        path.write_bytes(flip(stored, at))
        with pytest.raises(MediaError):
            files.read(name)


def test_another_file_under_the_name_is_found(files: MediaFiles, tmp_path: Path) -> None:
    name, other = files.write(CONTENT), files.write(b"another")
    (tmp_path / "media" / f"{other}.enc").replace(tmp_path / "media" / f"{name}.enc")
    with pytest.raises(MediaError):
        files.read(name)
    with pytest.raises(MediaError):
        files.read(other)
