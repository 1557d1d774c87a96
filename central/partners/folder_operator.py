"""An operator by folders: its own program, or a person, carries files between these folders and the operator.

`in`: `NAME.xml` and `NAME.sig` of carriers; taken ones move to `in/taken`. `out`: `NAME.xml` and `NAME.sig` of medics.
`receipts`: `*.json`; noted ones move to `receipts/noted`. A file counts once it has its final name: whoever writes here writes
under another name first and renames. `NAME.sig` is written before `NAME.xml`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from central.partners.operators import (
    MAX_RECEIPT_BYTES,
    IncomingFile,
    IncomingReceipt,
    OperatorAway,
    read_receipt,
)
from central.partners.waybill_xml import MAX_FILE_BYTES

AT_ONCE = 100
_MAX_SIGNATURE_BYTES = 256 * 1024


class FolderOperator:
    """Implements `WaybillOperator`."""

    def __init__(self, folder: Path) -> None:
        self._in, self._out, self._receipts = folder / "in", folder / "out", folder / "receipts"
        self._taken, self._noted = self._in / "taken", self._receipts / "noted"

    def files(self) -> Iterator[IncomingFile]:
        """See `WaybillOperator`. A file without its `.sig` has an empty signature."""
        for path in self._found(self._in, "*.xml"):
            signature = path.with_suffix(".sig")
            content = _read(path, MAX_FILE_BYTES + 1)
            yield IncomingFile(path.name, content, _read(signature, _MAX_SIGNATURE_BYTES), path.name)

    def taken(self, file: IncomingFile) -> None:
        """See `WaybillOperator`."""
        for name in (Path(file.key).with_suffix(".sig").name, file.key):
            self._move(self._in / name, self._taken)

    def send(self, file_id: str, content: bytes, signature: bytes) -> None:
        """See `WaybillOperator`."""
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            for name, part in ((f"{file_id}.sig", signature), (f"{file_id}.xml", content)):
                unfinished = self._out / f".{name}.part"
                with unfinished.open("wb") as file:
                    file.write(part)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(self._out / name)
            folder = os.open(self._out, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise OperatorAway(f"{self._out}: {error.strerror}") from error

    def receipts(self) -> Iterator[IncomingReceipt]:
        """See `WaybillOperator`."""
        for path in self._found(self._receipts, "*.json"):
            yield read_receipt(_read(path, MAX_RECEIPT_BYTES), path.name)

    def noted(self, receipt: IncomingReceipt) -> None:
        """See `WaybillOperator`."""
        self._move(self._receipts / receipt.key, self._noted)

    def _found(self, folder: Path, pattern: str) -> list[Path]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = [path for path in folder.glob(pattern) if not path.name.startswith(".") and path.is_file()]
        except OSError as error:
            raise OperatorAway(f"{folder}: {error.strerror}") from error
        return sorted(found)[:AT_ONCE]

    def _move(self, path: Path, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.replace(folder / path.name)
        except OSError as error:
            raise OperatorAway(f"{path}: {error.strerror}") from error


def _read(path: Path, most: int) -> bytes:
    """The file, at most so many bytes of it; empty when there is none."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise OperatorAway(f"{path}: {error.strerror}") from error
