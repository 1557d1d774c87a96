"""Shares of statements that ran, by package, and their floors in `floors.toml`."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

FLOORS = Path(__file__).with_name("floors.toml")
_HEAD = """# The share of statements, in per cent, that its unit tests run of each package. `make coverage` fails below it.
# It is raised by `make coverage ARGS=--write`, and lowered by nobody without a word in the commit.
"""
_WITH_ROOMS = ("central",)
"""Packages that are measured by their rooms."""


def package_of(file: str) -> str:
    """The package of a measured file, by its path from the root of the repository: `central.people`, `drivers`."""
    parts = PurePosixPath(file).parts
    return ".".join(parts[:2]) if parts[0] in _WITH_ROOMS and len(parts) > 2 else parts[0]


def shares(report: Mapping[str, Any]) -> dict[str, float]:
    """Per cent by package, from what `coverage json` wrote."""
    ran: dict[str, int] = defaultdict(int)
    there: dict[str, int] = defaultdict(int)
    for file, told in report["files"].items():
        package = package_of(file)
        ran[package] += told["summary"]["covered_lines"]
        there[package] += told["summary"]["num_statements"]
    return {package: 100.0 * ran[package] / there[package] for package in sorted(there) if there[package]}


def read_floors(path: Path = FLOORS) -> dict[str, int]:
    """Per cent by package."""
    return {name: int(floor) for name, floor in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def written(measured: Mapping[str, float], before: Mapping[str, int]) -> str:
    """The file with new floors: whole per cents of what was measured, and no floor lower than it was."""
    rows = (f'"{name}" = {max(int(share), before.get(name, 0))}\n' for name, share in measured.items())
    return _HEAD + "".join(rows)


def faults(measured: Mapping[str, float], floors: Mapping[str, int]) -> Iterable[str]:
    """What is below its floor, has none, or is gone."""
    for name, share in measured.items():
        if name not in floors:
            yield f"{name} has no floor: make coverage ARGS=--write"
        elif share < floors[name]:
            yield f"{name}: {share:.1f} per cent of its statements ran; its floor is {floors[name]}"
    for name in sorted(floors.keys() - measured.keys()):
        yield f"{name} has a floor and no statement: take its line out of tests/covered/floors.toml"
