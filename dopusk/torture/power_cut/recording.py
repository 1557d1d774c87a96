"""A file system layer under SQLite (an APSW VFS) that notes every write, truncation, deletion and sync, in order."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes handed to the system; on the disk for certain only after the next `Sync` of the file."""

    file: str
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """The file was cut or stretched to a size."""

    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Delete:
    """The file was removed."""

    file: str


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything that was done to the file before is on the disk."""

    file: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Not an operation: from here on this was shown to somebody and must never be gone."""

    number: int


Operation = Write | Truncate | Delete | Sync | Promise


@dataclass
class Recording:
    """What happened to the files of one folder, by their names."""

    operations: list[Operation] = field(default_factory=list)

    def promise(self, number: int) -> None:
        """Note that everything up to `number` was shown."""
        self.operations.append(Promise(number))


class RecordingVfs(apsw.VFS):
    """Passes everything on to the system's own layer and notes it. Connections name it as their `vfs`."""

    def __init__(self, name: str, recording: Recording) -> None:
        self._recording = recording
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> "_RecordingFile":
        return _RecordingFile(name, flags, self._recording)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        name = Path(filename).name
        self._recording.operations.append(Delete(name))
        if syncdir:
            self._recording.operations.append(Sync(name))


class _RecordingFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], recording: Recording) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else ""
        self._recording = recording
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._note(Write(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._note(Truncate(self._name, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._note(Sync(self._name))

    def _note(self, operation: Operation) -> None:
        if self._name:  # a temporary file without a name does not outlive anything
            self._recording.operations.append(operation)
