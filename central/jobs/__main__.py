"""The process of one job: `python -m central.jobs KIND`, with an order on standard input and lines of JSON on output.

It gives way to the server in everything: lower priority, first to go when memory ends, and gone when its input closes, since
that is how the end of the server reaches it, however the server ended.
"""

import contextlib
import errno
import json
import logging
import os
import sys
import threading
from pathlib import Path
from types import TracebackType

from central.books.source import StoreBooks
from central.core import book_source
from central.core.job_order import JobFault, JobLine, Order, Running
from central.core.priority import give_way
from central.core.step_records import trace_of
from central.jobs.kinds import WORKS
from central.store.engine import open_engine

log = logging.getLogger(__name__)

NICENESS = 10
_FIRST_TO_GO = "1000"
"""`oom_score_adj` (man 5 proc): the kernel takes this process before any other of the unit."""
_ORPHANED = 3
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """Do the one job of the order. Whatever goes wrong is told to the server and stands in the log."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # What a library may print goes to the log, and never between the lines for the server.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(said: JobLine) -> None:
        lines.write(json.dumps(said) + "\n")
        lines.flush()

    def tell_slip(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log.error("the job failed: %s", trace_of(error))
        say({"ended": "fault", "code": "ours", "detail": kind.__name__})

    sys.excepthook = tell_slip
    give_way(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_server, name="server's end", daemon=True).start()
    if line:
        order = Order.model_validate_json(line)
        say(carry_out(order, Running(order, say)))


def carry_out(order: Order, running: Running) -> JobLine:
    """Do the work and return the last line of the process."""
    engine = open_engine(order.config.store_url)
    book_source.use(StoreBooks(engine))
    try:
        WORKS[order.kind](engine, order.config)(running)
    except JobFault as fault:
        return {"ended": "fault", "code": fault.code, "detail": fault.detail}
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        return {"ended": "fault", "code": "disk_full", "detail": ""}
    finally:
        engine.dispose()
    return {"ended": "done", "done": running.done, "file_name": running.file_name, "peak_mib": _peak_mib()}


def _end_with_server() -> None:
    # Nothing follows the order: a read returns only when the other end is closed.
    try:
        os.read(0, 1)
    finally:
        os._exit(_ORPHANED)


def _peak_mib() -> int:
    """The most memory that this process has held, in MiB, rounded up."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [peak_kib] = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return -(-peak_kib // 1024)


if __name__ == "__main__":
    main()
