"""The pictures that the documents name, those that lie there, and those that the program makes are the same ones."""

import re
from pathlib import Path

from tests.ui.console.pictures import IMAGES, names

ROOT = IMAGES.parents[1]


def _named() -> set[str]:
    documents: list[Path] = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return {name for one in documents for name in re.findall(r"images/(console-[\w-]+\.png)", one.read_text("utf-8"))}


def test_the_program_makes_exactly_the_pictures_that_the_documents_name() -> None:
    assert names() == _named()


def test_exactly_these_pictures_lie_beside_the_documents() -> None:
    assert {file.name for file in IMAGES.glob("console-*.png")} == names()
