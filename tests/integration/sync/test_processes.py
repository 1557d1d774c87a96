"""The two processes of a terminal as systemd starts them, `terminal run` and `terminal sync`, and what the centre sees of them."""

import os
import socket
import subprocess
import sys
import threading
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import uvicorn
from fastapi import FastAPI

from central.console.enrolment_api import make_router
from central.core.clock import now_utc
from central.core.parties import Terminal
from central.store import fleet, terminals
from central.store.engine import reading, writing
from central.terminals.enrolment import Enrolment
from dopusk.lab.broker import free_port
from dopusk.terminal_enrolment import enrol
from sync.neighbour import SILENT_AFTER_S
from tests.broker import ORG, TestCentre
from tests.waiting import LONGEST_S, until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
NAME = "kiosk-9"


@dataclass
class Installed:
    """A terminal that is enrolled at a running centre; its programs are started by hand."""

    centre: TestCentre
    config: Path

    def change(self, section: str, **values: Any) -> None:
        fields = tomllib.loads(self.config.read_text(encoding="utf-8"))
        fields.setdefault(section, {}).update(values)
        self.config.write_text(tomli_w.dumps(fields), encoding="utf-8")

    @contextmanager
    def running(self, command: str) -> Iterator["subprocess.Popen[bytes]"]:
        """`dopusk terminal COMMAND`, killed at the end if it still lives."""
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}
        log = (self.config.parent / f"{command}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "dopusk", "terminal", command, "-c", str(self.config)],
            stdout=log,
            stderr=log,
            env=environment,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(LONGEST_S)
            log.close()

    @property
    def status(self) -> dict[str, Any]:
        """What the terminal last said of itself, as the centre has it."""
        with reading(self.centre.engine) as connection:
            row = terminals.get_terminal(connection, NAME)
            return dict(row["status"] or {}) if row is not None and row["link"] == "online" else {}

    @property
    def is_in_need(self) -> bool:
        """Whether the page of terminals puts it among those that need somebody."""
        with reading(self.centre.engine) as connection:
            (brief,) = [one for one in fleet.briefs(connection, [ORG], now_utc().date()) if one.terminal_id == NAME]
            marks = [mark for mark in terminals.attention_marks(connection) if mark[1] == NAME]
        assert brief.needs_somebody == bool(marks)
        return brief.needs_somebody


@pytest.fixture
def installed(centre: TestCentre, tmp_path: Path) -> Installed:
    app = FastAPI()
    app.include_router(make_router(Enrolment(centre.config, centre.engine)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", port=0))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert until(lambda: server.started)
    try:
        with writing(centre.engine) as connection:
            centre.registry.add_terminal(connection, Terminal(NAME, ORG, "Киоск 9", "Цех 2"))
            code = Enrolment(centre.config, centre.engine).create_code(connection, NAME)
        port = server.servers[0].sockets[0].getsockname()[1]
        config = enrol(tmp_path / "kiosk", code, f"http://127.0.0.1:{port}").config_file
    finally:
        server.should_exit = True
        thread.join(LONGEST_S)
    made = Installed(centre, config)
    made.change("exam", steps=["consent", "complaints"])
    made.change("camera", source="")
    fields = tomllib.loads(config.read_text(encoding="utf-8"))
    config.write_text(tomli_w.dumps(fields | {"device": []}), encoding="utf-8")
    return made


def test_a_kiosk_that_stands_still_is_seen_at_the_centre(installed: Installed) -> None:
    with installed.running("sync"):
        assert until(lambda: installed.status.get("kiosk") == "silent")
        assert installed.is_in_need
        with installed.running("run") as kiosk:
            assert until(lambda: installed.status.get("kiosk") == "running")
            assert until(lambda: installed.status.get("roster_version", 0) > 0)
            assert installed.status["free_disk_bytes"] > 0
            assert installed.status["wal_bytes"] >= 0
            assert not installed.is_in_need
            kiosk.kill()
            assert until(lambda: installed.status.get("kiosk") == "silent")
        assert installed.is_in_need
    assert SILENT_AFTER_S < LONGEST_S


def test_a_kiosk_that_carries_sync_itself_serves_its_figures(installed: Installed) -> None:
    port = free_port()
    installed.change("metrics", port=port)
    installed.change("broker", in_process=True)
    with installed.running("run"):
        assert until(lambda: "dopusk_terminal_connected 1.0" in _page(port))
        assert "dopusk_terminal_wal_bytes" in _page(port)


def test_a_port_of_figures_that_is_taken_costs_the_figures_alone(installed: Installed) -> None:
    port = free_port()
    installed.change("metrics", port=port)
    with socket.create_server(("127.0.0.1", port)), installed.running("sync") as sync:
        assert until(lambda: bool(installed.status))
        assert sync.poll() is None


def _page(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONGEST_S) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""
