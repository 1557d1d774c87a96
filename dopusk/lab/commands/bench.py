"""`dopusk bench`: figures of this machine, as ratios where a ratio can be had; writes bench.json."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dopusk.commands.choices import one_of
from dopusk.lab.bench.sections import SECTIONS
from dopusk.words import say, word


def bench(
    only: Annotated[list[str] | None, typer.Option(help="Sections to run: " + ", ".join(SECTIONS) + ".")] = None,
    long: Annotated[bool, typer.Option("--long", help="Full sizes: a million frames, 100,000 exams.")] = False,
    output: Annotated[Path, typer.Option(help="Where the figures are written.")] = Path("bench.json"),
) -> None:
    """Measure, print each figure as it is known, and write them all into one file with machine and date."""
    for name in only or ():
        one_of(name, SECTIONS, "--only")
    figures: dict[str, dict[str, float | str]] = {}

    def report(name: str, value: float, unit: str) -> None:
        figures[name] = {"value": value, "unit": unit}
        print(f"{name:<60} {value:>14.4g} {unit}", flush=True)

    for name, section in SECTIONS.items():
        if not only or name in only:
            print(f"-- {name}: {word((section.__doc__ or '').strip().splitlines()[0])}", flush=True)
            section(report, long=long)
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "long": long,
    }
    output.write_text(json.dumps({"about": about, "figures": figures}, indent=1), encoding="utf-8")
    print(say("written to {path}", path=output))
