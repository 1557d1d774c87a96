"""Rows of a large file while it is worked on: on the disk, one after the other, so that memory does not grow with the file.

The files stand in the folder of the job (`Running.folder`, for its process alone) or where the system keeps temporary files, and
have no name there: whatever ends the process, they are gone.
"""

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from central.imports.tables import TableRow

Item = TypeVar("Item")
_PIECE_BYTES = 256 * 1024


class LinesOnDisk(Generic[Item]):
    """Items that are appended and then read in their order, as often as needed."""

    def __init__(self, written: Callable[[Item], str], read: Callable[[str], Item]) -> None:
        """`written` makes one line of an item, `read` the item of a line."""
        self._written, self._read = written, read
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object
        self._count = 0
        self._is_at_end = True

    def append(self, item: Item) -> None:
        """Add one behind the others."""
        if not self._is_at_end:
            self._file.seek(0, io.SEEK_END)
            self._is_at_end = True
        self._file.write(self._written(item).encode("utf-8", "surrogatepass") + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        place = 0
        while True:
            # Whoever else reads or appends meanwhile has a place of their own.
            self._file.seek(place)
            self._is_at_end = False
            lines = self._file.readlines(_PIECE_BYTES)
            place = self._file.tell()
            if not lines:
                return
            for line in lines:
                yield self._read(line[:-1].decode("utf-8", "surrogatepass"))

    def close(self) -> None:
        """The lines are gone."""
        self._file.close()

    def __del__(self) -> None:
        # A reading that was given up half-way leaves nobody who could close it.
        self.close()


def table_rows() -> LinesOnDisk[TableRow]:
    """For rows of a table."""
    return LinesOnDisk(
        lambda row: json.dumps([row.number, row.faults, row], ensure_ascii=False),
        lambda line: _row(*json.loads(line)),
    )


def _row(number: int, faults: dict[str, str], texts: dict[str, str]) -> TableRow:
    return TableRow(texts, number, faults)
