"""Runs the test of a promise on a copy of the sources without the line that keeps it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.without.patches import ROOT, Patch

_COPIED = (
    "central",
    "config",
    "docs",
    "dopusk",
    "drivers",
    "kiosk_ui",
    "signer",
    "simulators",
    "sync",
    "terminal",
    "tests",
)
_FILES = ("CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "requirements.in", "setup.sh")
_LONGEST_S = 900.0
_END_S = 30.0
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 15.0, 120.0
_TOOK = re.compile(r" in ([\d.]+)s")
# What a library leaves open in a test that was broken off is told after pytest's own last line.
_FAILED = re.compile(r"^\d+ failed", re.MULTILINE)
_LAST_WORDS = 600
_ALL_PASSED, _SOME_FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Proof:
    """What came out. `red`: the test failed without the line, as it must."""

    red: bool
    words: str
    seconds: float


def copy_sources(folder: Path) -> None:
    """The sources, to be changed at will, with what is compiled of them: it is known by moment and size of its source."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("images"))
    for name in _FILES:
        shutil.copy(ROOT / name, folder / name)


def applies(patch: Patch) -> bool:
    """Whether the sources still have the line."""
    command = ["git", "apply", "--check", "--unidiff-zero", "-"]
    return (
        subprocess.run(command, cwd=ROOT, input=patch.diff.encode(), capture_output=True, check=False).returncode == 0
    )


def prove(patch: Patch, sources: Path) -> Proof:
    """Run the test on the copy as it is, take the line out, run it again, and put the line back.

    A test that is red with the line proves nothing when it is red without it.
    """
    begun = time.monotonic()
    code, words = _run(patch.test, sources, _LONGEST_WAIT_S)
    if code != _ALL_PASSED:
        return Proof(
            False, f"is not green with the line (exit code {code}): {words[-_LAST_WORDS:]}", time.monotonic() - begun
        )
    if not _apply(patch, sources):
        return Proof(False, "the patch does not apply any more", time.monotonic() - begun)
    # No wait of the green run took longer than the whole of it; what has not come in twice the time does not come.
    took = _TOOK.search(words)
    longest_s = max(_SHORTEST_WAIT_S, 2 * float(took[1])) if took else _LONGEST_WAIT_S
    try:
        code, words = _run(patch.test, sources, min(longest_s, _LONGEST_WAIT_S))
    finally:
        _apply(patch, sources, back=True)
    seconds = time.monotonic() - begun
    if code == _SOME_FAILED and _FAILED.search(words):
        return Proof(True, "red", seconds)
    if code == _ALL_PASSED:
        return Proof(False, "stays green without the line", seconds)
    return Proof(False, f"did not run: {words[-_LAST_WORDS:]}", seconds)


def _run(test: str, sources: Path, longest_wait_s: float) -> tuple[int, str]:
    """pytest's exit code and what it said."""
    environment = os.environ | {
        "PYTHONPATH": str(sources),
        # The copy keeps what Python compiled for the run before, whatever the settings of who runs this.
        "PYTHONDONTWRITEBYTECODE": "",
        "QT_QPA_PLATFORM": "offscreen",
        "QT_QUICK_BACKEND": "software",
        "TESTS_LONGEST_S": f"{longest_wait_s:.0f}",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", test]
    with subprocess.Popen(
        command, cwd=sources, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        try:
            words, _ = run.communicate(timeout=_LONGEST_S)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)  # it ends what it has started
            try:
                run.wait(_END_S)
            except subprocess.TimeoutExpired:
                run.kill()
            return -1, f"not done within {_LONGEST_S:.0f} s"
    return run.returncode, words


def _apply(patch: Patch, sources: Path, *, back: bool = False) -> bool:
    for name in patch.files:
        # Compiled code is trusted by the source's size and its second: a change within that second would not be seen.
        changed = sources / name
        for compiled in (changed.parent / "__pycache__").glob(f"{changed.stem}.*"):
            compiled.unlink()
    # Outside a repository of its own, so that git takes the folder as it is.
    command = ["git", "apply", "--unidiff-zero", *(["-R"] if back else []), "-"]
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(sources.parent)}
    done = subprocess.run(
        command, cwd=sources, env=environment, input=patch.diff.encode(), capture_output=True, check=False
    )
    return done.returncode == 0
