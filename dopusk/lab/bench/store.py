"""The terminal's store and sync: durable events against bare fdatasync, backlogs against bare paho, memory, restart."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dopusk.lab.bench.backlog import config_of, drain, open_terminal
from dopusk.lab.bench.commits import report_commits
from dopusk.lab.torture.stage import build_stage

Report = Callable[[str, float, str], None]

TERMINAL = "kiosk-1"
INGEST = "ingest-1"
BACKLOGS = (1_000,)
LONG_BACKLOGS = (1_000, 10_000, 100_000)


def run(report: Report, *, long: bool) -> None:
    """Durable events, backlogs with receipts, memory of sync and ingest, restart."""
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-", dir="/var/tmp") as scratch:
        stage = build_stage(Path(scratch) / "stage", "sqlite:///central.db", [TERMINAL], [INGEST], 0.0)
        try:
            config = config_of(stage, TERMINAL)
            with closing(open_terminal(config)) as store:
                report_commits(report, store, config)
            ingest = stage.workers[INGEST]
            ingest.start()
            drain(lambda *_: None, stage, TERMINAL, ingest, 0)  # what the events above have queued
            start_s = drain(report, stage, TERMINAL, ingest, 1)
            for backlog in LONG_BACKLOGS if long else BACKLOGS:
                drain(report, stage, TERMINAL, ingest, backlog, start_s)
        finally:
            stage.close()
