"""Runs the test of a promise on a copy of the sources without the line that keeps it."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.without.patches import ROOT, Patch

_COPIED = ("central", "config", "docs", "dopusk", "drivers", "kiosk_ui", "simulators", "sync", "terminal", "tests")
_FILES = ("CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "requirements.in", "setup.sh")
_LONGEST_S = 900.0
_ALL_PASSED, _SOME_FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Proof:
    """What came out. `red`: the test failed without the line, as it must."""

    red: bool
    words: str
    seconds: float


def copy_sources(folder: Path) -> None:
    """The sources without caches, to be changed at will."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "images"))
    for name in _FILES:
        shutil.copy(ROOT / name, folder / name)


def applies(patch: Patch) -> bool:
    """Whether the sources still have the line."""
    command = ["git", "apply", "--check", "--unidiff-zero", "-"]
    return (
        subprocess.run(command, cwd=ROOT, input=patch.diff.encode(), capture_output=True, check=False).returncode == 0
    )


def prove(patch: Patch, sources: Path) -> Proof:
    """Take the line out of the copy, run the test there, and put the line back."""
    begun = time.monotonic()
    if not _apply(patch, sources):
        return Proof(False, "the patch does not apply any more", 0.0)
    try:
        environment = os.environ | {
            "PYTHONPATH": str(sources),
            "PYTHONDONTWRITEBYTECODE": "1",
            "QT_QPA_PLATFORM": "offscreen",
            "QT_QUICK_BACKEND": "software",
        }
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", patch.test]
        done = subprocess.run(
            command, cwd=sources, env=environment, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
        code, words = done.returncode, done.stdout[-600:]
    except subprocess.TimeoutExpired:
        code, words = -1, f"not done within {_LONGEST_S:.0f} s"
    finally:
        _apply(patch, sources, back=True)
    seconds = time.monotonic() - begun
    if code == _SOME_FAILED and "failed" in words:
        return Proof(True, "red", seconds)
    if code == _ALL_PASSED:
        return Proof(False, "stays green without the line", seconds)
    return Proof(False, f"did not run: {words}", seconds)


def _apply(patch: Patch, sources: Path, *, back: bool = False) -> bool:
    # Outside a repository of its own, so that git takes the folder as it is.
    command = ["git", "apply", "--unidiff-zero", *(["-R"] if back else []), "-"]
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(sources.parent)}
    done = subprocess.run(
        command, cwd=sources, env=environment, input=patch.diff.encode(), capture_output=True, check=False
    )
    return done.returncode == 0
