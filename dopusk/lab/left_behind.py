"""Ends the child processes and deletes the folder of a program that has ended, by whatever signal.

A process that is killed outright can tidy nothing up, so a second one stands by: it waits on a pipe whose other end only the
program holds. What belongs to the program is known by a mark in its environment, which every child and child's child inherits.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

MARK = "DOPUSK_BELONGS_TO"
_GRACE_S = 10.0
_POLL_S = 0.05
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Ended(SystemExit):
    """Somebody asked the program to end; what is open is closed on the way out."""


@contextlib.contextmanager
def nothing_left_behind(folder: Path) -> Iterator[None]:
    """Around a program's whole work with `folder`, in its main thread.

    SIGTERM, SIGHUP, SIGQUIT and the end of the parent process raise `Ended` here. Whatever else ends the process: its children are
    ended and `folder` is removed. A program that comes to its own end tidies its folder itself, or keeps it.
    """
    reading, holding = os.pipe()
    stand_by = subprocess.Popen(
        [sys.executable, "-m", "dopusk.lab.left_behind", str(folder)],
        stdin=reading,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(reading)
    if stand_by.stdout is not None:
        stand_by.stdout.read(1)  # it has to stand by before there is anything to leave behind
    before = {number: signal.signal(number, _end) for number in _ENDING}
    os.environ[MARK] = str(folder)
    peace = threading.Event()
    _watch_parent(peace)
    try:
        yield
    finally:
        peace.set()
        os.environ.pop(MARK, None)
        for number, handler in before.items():
            signal.signal(number, handler)
        # The other end learns of our end by the pipe, which stays open until then: what we started may end by itself before.
        os.write(holding, b"peace")


def _end(number: int, _frame: FrameType | None) -> None:
    for other in _ENDING:
        signal.signal(other, signal.SIG_IGN)  # once is enough: what is being closed must not be torn away
    raise Ended(128 + number)


def _watch_parent(peace: threading.Event) -> None:
    parent = os.getppid()
    try:
        watched = os.pidfd_open(parent)
    except OSError:
        return

    def watch() -> None:
        while not peace.is_set() and not select.select([watched], [], [], 0.5)[0]:
            pass
        os.close(watched)
        if not peace.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _stand_by(folder: Path) -> None:
    """Wait until the program is done, end what still belongs to it, and remove the folder unless it left in peace."""
    for number in (signal.SIGINT, *_ENDING):
        signal.signal(number, signal.SIG_IGN)
    sys.stdout.write("r")
    sys.stdout.flush()
    in_peace = b""
    while piece := os.read(0, 16):
        in_peace += piece
    deadline = time.monotonic() + _GRACE_S
    number = signal.SIGTERM
    while belonging := _belonging(folder):
        if time.monotonic() > deadline:
            number = signal.SIGKILL
        for process in belonging:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
                os.kill(process, number)
        time.sleep(_POLL_S)
    if not in_peace:
        shutil.rmtree(folder, ignore_errors=True)


def _belonging(folder: Path) -> list[int]:
    """Processes with the mark of this folder, but ourselves."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


if __name__ == "__main__":
    _stand_by(Path(sys.argv[1]))
