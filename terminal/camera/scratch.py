"""The folder in memory where segments are written before encryption; only this user can read it.

Nothing plain ever touches the disk. The folder outlives the process and not the machine: after a crash a half-written
segment is found again and saved, after a power cut it is gone and the record says so.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from terminal.camera.film import SegmentNote

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory is what is wanted
_PARTIAL = ".part.webm"
_WHOLE = ".webm"


class ScratchError(Exception):
    """There is no folder in memory to write to, or it is somebody else's."""


class Scratch:
    """The folder of one terminal; `owner` is the path of its store, so that two terminals do not meet."""

    def __init__(self, owner: Path, memory: Path = MEMORY) -> None:
        name = hashlib.sha256(str(owner.resolve()).encode()).hexdigest()[:16]
        self._folder = memory / f"dopusk-film-{os.getuid()}-{name}"

    def new(self, note: SegmentNote) -> Path:
        """A path for a new segment, with its note beside it. Raises `ScratchError`."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            owned = self._folder.lstat()
            if owned.st_uid != os.getuid() or owned.st_mode & 0o077 or not self._folder.is_dir():
                raise ScratchError(f"{self._folder} is not a private folder of this user (service engineer)")
            path = self._folder / f"{note.exam_id}.{note.film}.{note.began_s:.3f}{_PARTIAL}"
            self.note(path, note)
        except OSError as error:
            raise ScratchError(f"{self._folder}: {error.strerror} (service engineer)") from error
        return path

    def note(self, path: Path, note: SegmentNote) -> None:
        """Write the note anew: a mark was set, or the segment is whole."""
        beside = _note_of(path)
        fresh = beside.with_suffix(".new")
        fresh.write_text(note.model_dump_json(), encoding="utf-8")
        fresh.replace(beside)

    def whole(self, path: Path, note: SegmentNote) -> Path:
        """The segment is complete: give it its final name."""
        self.note(path, note)
        final = path.with_name(path.name.removesuffix(_PARTIAL) + _WHOLE)
        path.replace(final)
        return final

    def discard(self, path: Path) -> None:
        """Forget a segment; it is no fault if it is gone already."""
        path.unlink(missing_ok=True)
        _note_of(path).unlink(missing_ok=True)

    def left(self, exam_id: str, film: int) -> list[tuple[Path, SegmentNote]]:
        """Segments of a film that were never handed over, in order. What has no readable note cannot be placed and goes."""
        found = []
        for path in self._folder.glob(f"{exam_id}.{film}.*{_WHOLE}"):
            try:
                found.append((path, SegmentNote.model_validate_json(_note_of(path).read_text(encoding="utf-8"))))
            except (OSError, ValidationError):
                self.discard(path)
        return sorted(found, key=lambda item: item[1].began_s)

    def close(self) -> None:
        """Remove the folder if nothing is left in it."""
        with suppress(OSError):
            self._folder.rmdir()

    def sweep(self, open_exams: Iterable[str]) -> int:
        """Delete what belongs to no open exam; gives the number of segments."""
        kept = set(open_exams)
        gone = [path for path in self._folder.glob(f"*{_WHOLE}") if path.name.split(".")[0] not in kept]
        for path in gone:
            self.discard(path)
        return len(gone)


def is_whole(path: Path) -> bool:
    """Whether the encoder had closed the segment."""
    return not path.name.endswith(_PARTIAL)


def _note_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(_PARTIAL).removesuffix(_WHOLE) + ".json")
