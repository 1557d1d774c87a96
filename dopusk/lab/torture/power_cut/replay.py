"""Replaying power cuts over a whole examination at the terminal, and over what the centre does before its receipts."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dopusk.lab.torture.power_cut.centre_side import check_centre, record_centre
from dopusk.lab.torture.power_cut.disks import Disk, disks
from dopusk.lab.torture.power_cut.recording import Recording
from dopusk.lab.torture.power_cut.terminal_side import check_terminal, record_terminal

FAST_FOLDER = Path("/dev/shm")  # noqa: S108 - tens of thousands of short-lived disks; a real one would wear


@dataclass
class Replayed:
    """How many disks were tried, at how many moments, and what was wrong with any."""

    operations: int = 0
    promises: int = 0
    disks: int = 0
    by_variant: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def as_fields(self) -> dict[str, int | dict[str, int] | list[str]]:
        """What `--json` prints; `dataclasses.asdict` cannot copy a Counter under Python 3.11."""
        return {
            "operations": self.operations,
            "promises": self.promises,
            "disks": self.disks,
            "by_variant": dict(self.by_variant),
            "faults": self.faults,
        }


def replay_terminal(*, seed: int, drawn: int, every: int = 1) -> Replayed:
    """A new store is made and two exams are played, one with a photo; after every operation the power is cut."""
    return _replay(record_terminal, check_terminal, seed=seed, drawn=drawn, every=every)


def replay_centre(*, seed: int, drawn: int, every: int = 1) -> Replayed:
    """Batches of exams are taken in; a receipt that was handed out is a promise."""
    return _replay(record_centre, check_centre, seed=seed, drawn=drawn, every=every)


def _replay(
    record: Callable[[Path], Recording], check: Callable[[Path, int], list[str]], *, seed: int, drawn: int, every: int
) -> Replayed:
    found = Replayed()
    place = FAST_FOLDER if FAST_FOLDER.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="dopusk-cut-", dir=place) as scratch:
        recording = record(Path(scratch))
        found.operations = len(recording.operations)
        found.promises = sum(1 for one in recording.operations if type(one).__name__ == "Promise")
        dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
        for number, disk in enumerate(disks(recording.operations, dice, drawn, every)):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            _write(folder, disk)
            found.disks += 1
            found.by_variant[disk.variant.split(" ")[0] if disk.variant.startswith("subset") else disk.variant] += 1
            found.faults += [
                f"operation {disk.moment}, {disk.variant}: {fault}" for fault in check(folder, disk.promised)
            ]
            shutil.rmtree(folder)
    return found


def _write(folder: Path, disk: Disk) -> None:
    for name, content in disk.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
