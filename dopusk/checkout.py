"""The checkout of the sources, for the few commands that work on it: published schemas, recorded frames."""

from pathlib import Path

import typer

FOLDER = Path(__file__).resolve().parents[1]
"""The checkout's folder, if this program runs from one."""


def need_checkout(path: Path) -> Path:
    """`path`, a file or folder of the checkout. Raises `typer.BadParameter` in an installed package, which has none."""
    if not (FOLDER / "pyproject.toml").is_file():
        raise typer.BadParameter("this command works on a checkout of the sources; an installed package has none")
    return path
