"""Processes of jobs for tests: an export that stops half-way, work done here instead, and how to find what was started."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from central.core.job_order import Order, Running
from central.jobs.__main__ import carry_out
from central.jobs.child import JobProcess

STALLED_EXPORT = """
import threading
from central.jobs.__main__ import main
from central.journal import export

whole = export.rows_in_batches

def stalled(engine, wanted):
    for row in whole(engine, wanted):
        for _ in range(1000):
            yield row
    threading.Event().wait()

export.rows_in_batches = stalled
main()
"""
"""A program for `Jobs(command=)`: the real one, but each exam is a thousand rows, and the last one is never reached."""


_STALLED = """
import os
import threading
from central.jobs.__main__ import main
from {module} import {owner}

whole, times = {owner}.{method}, []

def stalled(*args):
    whole(*args)
    times.append(1)
    if len(times) == {after}:
        with open(os.environ["TMPDIR"] + "/stalled", "x") as told:
            told.write(str(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        threading.Event().wait()

{owner}.{method} = stalled
main()
"""
STALLED_IMPORTS = {
    "working_out": _STALLED.format(module="central.people.registry", owner="Registry", method="save_workers", after=2),
    "medics": _STALLED.format(module="central.imports", owner="medics", method="store_checked", after=1),
    "writing": _STALLED.format(module="central.store.rehearsal", owner="Rehearsed", method="write", after=1),
}
"""The real program, but it never goes on: once two lots of workers are worked out, once medics are written, or once everything is
written into a transaction that is never ended. Then the file `stalled` stands in the folder of the job, with the niceness of the
thread that stalls."""


class DoneHere(JobProcess):
    """The same work told in the same words, without the second that a process needs to start."""

    def __init__(self, order: Order, _command: Sequence[str] = ()) -> None:
        self._kind = order.kind
        self._news: dict[str, Any] = {}
        self._result: dict[str, Any] = {}
        self._end = None
        self._hear(carry_out(order, Running(order, self._hear)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def listen(self, within_s: float) -> bool:
        return False


def own_children(word: str) -> list[int]:
    """The living processes that this one has started with that word on their command line."""
    found = [int(pid) for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
    return [pid for pid in found if word in _command(pid)]


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []
