"""Fixtures of whole sites."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from tests.e2e.site import Site, running_site


@pytest.fixture
def site(tmp_path: Path, qapp: QGuiApplication, qtbot: QtBot) -> Iterator[Site]:
    """A kiosk at a running centre."""
    with running_site(tmp_path, qapp, qtbot) as running:
        yield running
