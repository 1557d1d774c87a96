"""`make coverage`: unit tests under measurement, each package and room of the centre against its floor; exit code 1 below one.

`--write` raises the floors to what was measured. `--report FILE` judges a report that `coverage json` has written before.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.covered.shares import FLOORS, faults, read_floors, shares, written

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ("tests/unit", "tests/contract", "--ignore=tests/unit/test_without.py")
"""What runs under measurement. The proofs of promises run tests of copies, and nothing of these sources."""


def main(words: list[str]) -> int:
    """Returns the exit code."""
    given = Path(words[words.index("--report") + 1]) if "--report" in words else None
    is_green, report = (True, json.loads(given.read_text(encoding="utf-8"))) if given else _measured()
    measured = shares(report)
    floors = read_floors() if FLOORS.exists() else {}
    if "--write" in words:
        FLOORS.write_text(written(measured, floors), encoding="utf-8")
        floors = read_floors()
    for name, share in measured.items():
        print(f"{name:24} {share:6.1f} %   floor {floors.get(name, '-')}")
    found = list(faults(measured, floors))
    for fault in found:
        print(fault, file=sys.stderr)
    return int(bool(found) or not is_green)


def _measured() -> tuple[bool, dict[str, Any]]:
    """Whether all tests were green, and the report of `coverage json`."""
    with tempfile.TemporaryDirectory(prefix="dopusk-coverage-") as folder:
        data, report = Path(folder) / "data", Path(folder) / "report.json"
        environment = os.environ | {"COVERAGE_FILE": str(data)}

        def coverage(*words: str, check: bool = True) -> int:
            command = [sys.executable, "-m", "coverage", *words]
            return subprocess.run(command, cwd=ROOT, env=environment, check=check).returncode

        # The workers of pytest-xdist and every program that a test starts measure themselves and write files of their own.
        code = coverage("run", "-m", "pytest", "-q", "-n", "2", *MEASURED, check=False)
        coverage("combine", "--quiet")
        coverage("json", "--quiet", "-o", str(report))
        told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return code == 0, told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
