"""One thing that nobody uses, and the list of those that are kept for a reason."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("kept.toml")
PRODUCT = ("central", "config", "dopusk", "drivers", "kiosk_ui", "signer", "simulators", "sync", "terminal")


@dataclass(frozen=True, slots=True, order=True)
class Unused:
    """`name`: what it is called in the list of those that are kept."""

    file: str
    """From the root of the project."""
    line: int
    kind: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.file}:{self.name}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind} {self.name} is used nowhere"


def sources(root: Path, *folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """The parsed Python files below these folders."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path, _parsed(path)


def kept() -> dict[str, str]:
    """Why each of these stays: `file:name` → reason."""
    tables = tomllib.loads(KEPT.read_text(encoding="utf-8"))
    return {f"{file}:{name}": reason for file, names in tables.items() for name, reason in names.items()}


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
