"""The centre that benchmarks run on: its rows are what intake and decisions would have written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from central.core.trust import Trust
from central.deciding.decisions import is_valid
from central.keeping.installation import Choices, create_secrets, write_config
from central.keeping.rebuild import rebuild
from central.store import decisions, exams, messages, outgoing, worklist
from central.store.engine import reading, writing
from dopusk.lab.bench.population import Population, Scale, populate
from sync.contract.canonical import canonical, parse_canonical, sha256_hex
from sync.contract.decision import DecisionMessage, DecisionRecord
from sync.contract.envelope import read_unverified
from tests.console_centre import cheap_hashes

SCALE = Scale(exams=300, workers=40, terminals=16, medics=8, days=3, waiting=5, signed=20)


@pytest.fixture
def filled(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Population:
    cheap_hashes(monkeypatch)
    authority = create_secrets(tmp_path / "centre", clock=lambda: datetime.now(UTC) - timedelta(days=2 * SCALE.days))
    return populate(engine, write_config(tmp_path / "centre", Choices("test", 8883, 8080)), authority, SCALE)


def test_the_list_of_exams_is_the_one_that_is_made_anew_from_the_messages(engine: Engine, filled: Population) -> None:
    every = select(exams.exam).order_by(exams.exam.c.exam_id)
    with reading(engine) as connection:
        written = connection.execute(every).all()
    with writing(engine) as connection:
        assert rebuild(connection) == SCALE.exams
        assert connection.execute(every).all() == written


def test_messages_are_canonical_and_chained(engine: Engine, filled: Population) -> None:
    heads: dict[str, str] = {}
    with reading(engine) as connection:
        for row in messages.in_chain_order(connection):
            envelope = read_unverified(row.wire or b"")[0]
            assert sha256_hex(row.wire or b"") == row.sha256
            assert envelope.prev_hash == row.prev_hash == heads.get(row.terminal_id, row.prev_hash)
            heads[row.terminal_id] = row.sha256
        for sent in outgoing.in_chain_order(connection):
            message = DecisionMessage.model_validate(read_unverified(sent.wire)[0].payload)
            assert canonical(parse_canonical(message.record_json.encode())) == message.record_json.encode()
    assert sum(1 for _ in heads) <= SCALE.terminals


def test_the_newest_decisions_are_really_signed(engine: Engine, filled: Population, tmp_path: Path) -> None:
    trust = Trust(tmp_path / "centre" / "authority")
    with reading(engine) as connection:
        for exam_id in filled.signed:
            (given,) = decisions.of_exam(connection, exam_id)
            DecisionRecord.model_validate_json(given.record)
            assert is_valid(given, trust)
        assert [
            item.exam_id for item in worklist.waiting(connection, tuple(filled.people.organisations))
        ] == filled.waiting
    assert len(filled.signed) == SCALE.signed
