"""A terminal bound to an employer by the command, as a user does it: its processes, its own status, and nobody else's workers."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from central.core.parties import Employer, Worker
from central.store import outgoing
from central.store.engine import reading, writing
from sync.contract.envelope import read_unverified
from sync.contract.roster_delta import ROSTER_DELTA_SCHEMA
from tests.broker import ORG
from tests.integration.sync.test_processes import NAME, Installed, installed
from tests.waiting import until

__all__ = ["installed"]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def _dopusk(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dopusk", "--lang", "en", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _status(installed: Installed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_dopusk("terminal", "status", "--json", "-c", str(installed.config)))
    return found


def _sent(installed: Installed) -> list[tuple[str, int]]:
    """Schema and size of each roster that is on its way to the terminal."""
    with reading(installed.centre.engine) as connection:
        rows = outgoing.unacknowledged(connection, NAME, 100)
    return [(read_unverified(row.wire)[0].schema_, len(row.wire)) for row in rows if row.kind == "roster"]


def test_a_terminal_bound_to_one_employer_counts_only_its_workers(installed: Installed) -> None:
    centre, config = installed.centre, str(installed.centre.folder / "central.toml")
    with writing(centre.engine) as connection:
        other = centre.registry.add_employer(connection, Employer(ORG, "АО «Лесные дороги»"))
        people = [Worker(ORG, other, number, "Лесной Пётр Саввич", "слесарь") for number in ("1001", "1002")]
        centre.registry.save_workers(connection, people)
    centre.dispatcher.wake()
    with installed.running("sync"), installed.running("run"):
        assert until(lambda: installed.status.get("roster_version", 0) > 0)
        assert until(lambda: _status(installed)["workers"] == 3)
        _dopusk("central", "terminals", "bind", NAME, "--employer", "АО «Лесные дороги»", "-c", config)
        assert until(lambda: _status(installed)["workers"] == 2)
        listed = json.loads(_dopusk("central", "terminals", "list", "--json", "-c", config))
        assert {row["terminal_id"]: row["employers"] for row in listed}[NAME] == [other]
        _dopusk("central", "terminals", "bind", NAME, "--all", "-c", config)
        assert until(lambda: _status(installed)["workers"] == 3)
    # One change while it is away comes as one small difference.
    version = _status(installed)["roster_version"]
    with writing(centre.engine) as connection:
        centre.registry.save_workers(connection, [Worker(ORG, other, "1003", "Озеров Лука Ильич", "слесарь")])
    centre.dispatcher.wake()
    with installed.running("sync"):
        assert until(lambda: bool(_sent(installed)))
        ((schema, size),) = _sent(installed)
        assert schema == ROSTER_DELTA_SCHEMA
        assert size < 2000
        with installed.running("run"):
            assert until(lambda: _status(installed)["workers"] == 4)
    assert _status(installed)["roster_version"] == version + 1
