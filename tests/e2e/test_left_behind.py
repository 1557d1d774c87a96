"""A demonstration that is ended, by whatever signal or with its parent, leaves no process and no folder with keys."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until

pytestmark = pytest.mark.timeout(540)


def belonging(folder: Path) -> list[str]:
    """What runs with its keys and stores in that folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in words:
                found.append(f"{entry.name} {(entry / 'comm').read_text().strip()}")
    return found


def folder_in(place: Path) -> Path | None:
    return next(place.glob("dopusk-demo-*"), None)


def running(place: Path) -> bool:
    """Whether the broker, the centre and the kiosk are up."""
    folder = folder_in(place)
    return folder is not None and len(belonging(folder)) >= 4 and bool(list(folder.rglob("*.key")))


@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL", "parent"])
def test_nothing_is_left_behind(how: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dopusk", "demo", "--headless", "--speed", "20"]
    if how == "parent":
        # A shell that does not replace itself by the program.
        command = ["/bin/sh", "-c", f"{' '.join(command)}; true"]
    place = tmp_path / "places"
    place.mkdir()
    demo = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(place)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert until(lambda: running(place))
        folder = folder_in(place)
        assert folder is not None
        demo.send_signal(signal.SIGKILL if how == "parent" else signal.Signals[how])
        demo.wait()
        assert until(lambda: not belonging(folder)), belonging(folder)
        assert until(lambda: folder_in(place) is None)
    finally:
        demo.kill()
        demo.wait()
        for line in belonging(place):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line.split()[0]), signal.SIGKILL)
