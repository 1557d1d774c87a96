"""A fresh store for each test of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.store.store import TerminalStore
from tests.unit.terminal.store.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def store(scene: Scene) -> Iterator[TerminalStore]:
    opened = scene.open()
    yield opened
    opened.close()
