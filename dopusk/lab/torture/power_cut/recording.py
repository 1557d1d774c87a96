"""What notes every write, truncation, deletion, renaming and sync, in order: a file system layer under SQLite (an APSW
VFS), and the steps in which the files of media are written."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from terminal.store.file_steps import FileSteps


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
class Rename:
    """The file got another name; whatever had it is gone."""

    before: str
    file: str


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything that was done to the file before is on the disk."""

    file: str


@dataclass(frozen=True, slots=True)
class SyncNames:
    """Names that were given and taken in the folder before are on the disk."""

    folder: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Not an operation: from here on this was shown to somebody and must never be gone."""

    number: int


Operation = Write | Truncate | Delete | Rename | Sync | SyncNames | Promise


@dataclass
class Recording:
    """What happened to the files of one folder and those below it, by their names."""

    operations: list[Operation] = field(default_factory=list)

    def promise(self, number: int) -> None:
        """Note that everything up to `number` was shown."""
        self.operations.append(Promise(number))


class RecordingSteps(FileSteps):
    """Writes files beside the database and notes each step; names are told from the folder of the database on."""

    def __init__(self, root: Path, recording: Recording) -> None:
        self._root, self._operations = root, recording.operations

    def write(self, path: Path, content: bytes) -> None:
        super().write(path, content)
        self._operations.append(Truncate(self._name(path), 0))
        self._operations.append(Write(self._name(path), 0, content))

    def sync(self, path: Path) -> None:
        super().sync(path)
        self._operations.append(Sync(self._name(path)))

    def rename(self, path: Path, name: Path) -> None:
        super().rename(path, name)
        self._operations.append(Rename(self._name(path), self._name(name)))

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self._operations.append(SyncNames(self._name(folder)))

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))


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
