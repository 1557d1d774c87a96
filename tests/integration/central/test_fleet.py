"""A small fleet against a running centre: everything sent is receipted, and the report says so."""

from pathlib import Path

from sqlalchemy import func, select

from central.store.engine import reading
from central.store.messages import message
from dopusk.lab.commands.fleet import enter_fleet
from simulators.fleet import Fleet
from tests.broker import TestCentre
from tests.waiting import LONGEST_S


def test_a_fleet_is_receipted_to_the_last_exam(centre: TestCentre, tmp_path: Path) -> None:
    centre.start_ingest()
    shown: list[tuple[int, int, int]] = []
    members = enter_fleet(centre.config, centre.engine, 5, tmp_path)
    report = Fleet(members, 37, progress=lambda *counts: shown.append(counts)).run(timeout_s=LONGEST_S)
    assert (report.terminals, report.sent, report.receipted, report.refused) == (5, 37, 37, 0)
    assert report.per_second > 0
    assert report.send_to_receipt_ms["p50"] <= report.send_to_receipt_ms["p95"] <= report.send_to_receipt_ms["p99"]
    with reading(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(message)).scalar_one() == 37


def test_a_fleet_without_ingest_ends_in_time_and_counts_what_is_missing(centre: TestCentre, tmp_path: Path) -> None:
    centre.stop_ingest()
    report = Fleet(enter_fleet(centre.config, centre.engine, 1, tmp_path), 3).run(timeout_s=2)
    assert (report.sent, report.receipted) == (3, 0)
