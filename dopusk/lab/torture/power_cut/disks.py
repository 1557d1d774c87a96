"""The disks that a power cut could leave. Pure: from a recording to contents of files.

What was synced is there. Of what was not, anything may be: nothing, all, any subset, in any order, the last of it torn.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dopusk.lab.torture.power_cut.recording import (
    Delete,
    Operation,
    Promise,
    Rename,
    Sync,
    SyncNames,
    Truncate,
    Write,
)

SECTOR_BYTES = 512
_ALL_SUBSETS_UP_TO = 3
"""So many unsynced operations, and every subset of them is tried; beyond, subsets are drawn."""

Change = Write | Truncate | Delete | Rename
Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Disk:
    """Files as they could be found, the moment (number of operations before the cut), and what must be on them."""

    files: Files
    moment: int
    promised: int
    variant: str


def disks(operations: Sequence[Operation], dice: random.Random, drawn: int, every: int = 1) -> Iterator[Disk]:
    """For every moment (or each `every`-th) the disks of a cut: exhaustive where few operations are open, drawn otherwise."""
    durable: Files = {}
    pending: list[Change] = []
    promised = 0
    for moment, operation in enumerate([*operations, None]):
        if moment % every == 0 or operation is None:
            for variant, changes in _variants(pending, dice, drawn):
                yield Disk(_applied(durable, changes), moment, promised, variant)
        match operation:
            case Promise(number):
                promised = number
            case Sync(file):
                durable = _applied(durable, [change for change in pending if change.file == file])
                pending = [change for change in pending if change.file != file]
            case SyncNames(folder):
                named = [change for change in pending if _is_name_in(change, folder)]
                durable = _applied(durable, named)
                pending = [change for change in pending if change not in named]
            case Write() | Truncate() | Delete() | Rename():
                pending.append(operation)
            case None:
                return


def _variants(pending: Sequence[Change], dice: random.Random, drawn: int) -> Iterator[tuple[str, list[Change]]]:
    yield "nothing of it", []
    if not pending:
        return
    yield "all of it", list(pending)
    yield "all of it, the last torn", [*pending[:-1], *_torn(pending[-1], dice)]
    if len(pending) <= _ALL_SUBSETS_UP_TO:
        for mask in range(1, 2 ** len(pending) - 1):
            yield f"subset {mask:b}", [change for at, change in enumerate(pending) if mask >> at & 1]
        return
    for number in range(drawn):
        subset = [change for change in pending if dice.random() < 0.5]
        match number % 3:
            case 0:
                yield "a subset", subset
            case 1:
                dice.shuffle(subset)
                yield "a subset, reordered", subset
            case _:
                torn = [
                    part for change in subset for part in (_torn(change, dice) if dice.random() < 0.3 else [change])
                ]
                yield "a subset, torn", torn


def _torn(change: Change, dice: random.Random) -> list[Change]:
    """Some sectors of a write, or its beginning to an odd byte."""
    if not isinstance(change, Write):
        return []
    if dice.random() < 0.5:
        return [Write(change.file, change.offset, change.content[: dice.randrange(len(change.content) + 1)])]
    starts = range(0, len(change.content), SECTOR_BYTES)
    return [
        Write(change.file, change.offset + start, change.content[start : start + SECTOR_BYTES])
        for start in starts
        if dice.random() < 0.5
    ]


def _is_name_in(change: Change, folder: str) -> bool:
    """Whether a change is of a name in that folder, and not of a content."""
    return isinstance(change, Delete | Rename) and change.file.rpartition("/")[0] == folder


def _applied(files: Files, changes: Sequence[Change]) -> Files:
    names = {change.file for change in changes} | {change.before for change in changes if isinstance(change, Rename)}
    touched = {name: bytearray(files.get(name, b"")) for name in names}
    gone = {name for name in names if name not in files}
    for change in changes:
        content = touched[change.file]
        match change:
            case Write(file, offset, data):
                gone.discard(file)
                if len(content) < offset + len(data):
                    content.extend(bytes(offset + len(data) - len(content)))
                content[offset : offset + len(data)] = data
            case Truncate(file, size):
                gone.discard(file)
                del content[size:]
                content.extend(bytes(size - len(content)))
            case Delete(file):
                gone.add(file)
                content.clear()
            case Rename(before, file):
                content[:] = touched[before]
                touched[before].clear()
                gone.discard(file)
                gone.add(before)
    after = files | {name: bytes(content) for name, content in touched.items()}
    return {name: content for name, content in after.items() if name not in gone}
