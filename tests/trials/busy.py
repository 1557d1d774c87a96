"""All tests beside twenty programs that want the processor all the time, as on a machine where others work too."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from tests.trials.machine import REPOSITORY

LOOPS = 20
_PART = "DOPUSK_BUSY_TESTS"
"""Names folders or files, with a space between, where only a part of the tests is to be tried."""


def run_beside_busy_loops() -> str:
    """Run them; returns what pytest said at its end. Raises `RuntimeError` with its output for a red one."""
    part = os.environ.get(_PART, "tests").split()
    command = [sys.executable, "-m", "pytest", "-q", "-n", "4", "-o", "timeout=3600", *part]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}
    with _busy_loops():
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
    of_what = "" if part == ["tests"] else f"of {' '.join(part)}: "
    return of_what + done.stdout.splitlines()[-1].strip("= ")


@contextlib.contextmanager
def _busy_loops() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(LOOPS):
            loop = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(loop.kill)
        yield
