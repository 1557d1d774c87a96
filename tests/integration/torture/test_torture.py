"""A short torture, and the proof that its count can fail."""

from pathlib import Path

import pytest
from sqlalchemy import text

from central.store.engine import writing
from dopusk.lab.postgres import fresh_database, running_postgres
from dopusk.lab.torture import run as torture
from dopusk.lab.torture.count import Outcome
from dopusk.lab.torture.count import count as honest_count
from dopusk.lab.torture.stage import Stage

# The processes of the torture are killed: their pipes and sockets are closed by nobody but the collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    outcome = torture.run(tmp_path / "stage", rounds=8, seed=11, store_url="sqlite:///central.db")
    assert outcome.faults == []
    assert outcome.ok
    assert outcome.exams > 0
    assert outcome.kills >= 20
    fields = outcome.as_fields()
    assert list(fields) == ["rounds", "kills", "exams", "lost", "doubled", "chain_ok", "by_fault", "seconds"]


def test_nothing_is_lost_or_doubled_with_postgresql(tmp_path: Path) -> None:
    with running_postgres() as cluster:
        outcome = torture.run(tmp_path / "stage", rounds=4, seed=12, store_url=fresh_database(cluster, "torture"))
    assert outcome.faults == []
    assert outcome.ok
    assert outcome.exams > 0


def test_what_is_lost_or_doubled_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody takes one exam out of the centre's store, and stores another one's message twice."""

    def count_after_damage(stage: Stage) -> Outcome:
        with writing(stage.engine) as connection:
            lost, doubled = connection.execute(text("SELECT exam_id FROM exam ORDER BY received_at LIMIT 2")).scalars()
            connection.execute(text("PRAGMA foreign_keys = OFF"))
            connection.execute(text("DELETE FROM exam WHERE exam_id = :lost"), {"lost": lost})
            connection.execute(
                text(
                    "INSERT INTO message SELECT 'copy', terminal_id, 999999, prev_hash, sha256, kind, schema, wire,"
                    " created_at, clock_trusted, clock_offset_s, received_at FROM message"
                    " WHERE message_id = (SELECT message_id FROM exam WHERE exam_id = :doubled)"
                ),
                {"doubled": doubled},
            )
        return honest_count(stage)

    monkeypatch.setattr(torture, "count", count_after_damage)
    outcome = torture.run(tmp_path / "stage", rounds=3, seed=5, store_url="sqlite:///central.db")
    assert (outcome.lost, outcome.doubled, outcome.chain_ok) == (1, 1, False)
    assert not outcome.ok
