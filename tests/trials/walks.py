"""The walks that every run of the tests only draws from, whole: every byte, every row, every value, every story."""

import os
import subprocess
import sys

from tests.trials.machine import REPOSITORY

_WALKS = (
    "tests/integration/central/test_verify.py",
    "tests/unit/console/test_hostile_addresses.py",
    "tests/e2e/test_demo.py",
)


def walk_whole() -> str:
    """Run them; returns what pytest said at its end. Raises `RuntimeError` with its output for a red one."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-o", "timeout=3600", *_WALKS]
    environment = os.environ | {
        "DOPUSK_WHOLE_WALKS": "1",
        "QT_QPA_PLATFORM": "offscreen",
        "QT_QUICK_BACKEND": "software",
    }
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
    return done.stdout.splitlines()[-1]
