"""The diary: chained, signed, append-only, one transaction with what belongs to it."""

import pytest
import sqlcipher3

from sync.contract.canonical import GENESIS_HASH, sha256_hex
from terminal.desk import ExamDesk
from terminal.exam.decide import fold
from terminal.exam.moves import ImpossibleEvent
from terminal.store.store import TerminalStore
from tests.unit.terminal.exams import Script
from tests.unit.terminal.store.scene import Scene, play_exam


def test_every_event_names_the_one_before_and_is_signed(scene: Scene, store: TerminalStore) -> None:
    play_exam(store)
    play_exam(store)
    before = GENESIS_HASH
    for number, row in enumerate(store.log.rows(), start=1):
        assert (row.seq, row.prev_hash) == (number, before)
        assert sha256_hex(row.body) == row.sha256
        scene.key.public_key().verify(row.signature, row.body)
        before = row.sha256
    assert number > 20


@pytest.mark.parametrize(
    "statement", ["DELETE FROM diary", "UPDATE diary SET exam_id = 'x'", "UPDATE diary SET seq = 9"]
)
def test_the_database_refuses_changes(store: TerminalStore, statement: str) -> None:
    play_exam(store)
    with pytest.raises(sqlcipher3.IntegrityError, match="append-only"):
        store.db.execute(statement)


def test_a_restart_finds_the_open_exams_and_folds_them(scene: Scene, store: TerminalStore) -> None:
    done, waiting = play_exam(store), play_exam(store, phase="waiting")
    store.close()
    again = scene.open()
    desk = ExamDesk(again, "zarya", lambda _exam_id: 0.0)
    desk.recover()
    assert list(desk.exams) == [waiting]
    assert desk.exams[waiting].phase == "waiting"
    folded = fold(again.log.events_of(done))
    assert folded is not None
    assert not folded.is_open
    again.close()


def test_event_and_record_are_committed_together_or_not_at_all(store: TerminalStore) -> None:
    script = Script().up_to("waiting")
    desk = ExamDesk(store, "zarya", lambda _exam_id: 0.0)
    for event in script.events[:-1]:
        desk.happen(event)
    before = store.db.execute("SELECT count(*) FROM diary").fetchone()

    def power_cut() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        desk.happen(script.events[-1], with_transaction=power_cut)
    assert store.db.execute("SELECT count(*) FROM diary").fetchone() == before
    assert store.outbox.backlog().queued == 0
    desk.happen(script.events[-1])
    assert store.outbox.backlog().queued == 1


def test_an_impossible_event_writes_nothing(store: TerminalStore) -> None:
    script = Script()
    desk = ExamDesk(store, "zarya", lambda _exam_id: 0.0)
    desk.happen(script.events[0])
    with pytest.raises(ImpossibleEvent):
        desk.happen(script.events[0])
    assert store.db.execute("SELECT count(*) FROM diary").fetchone() == (1,)


def test_the_record_names_its_part_of_the_diary(store: TerminalStore) -> None:
    play_exam(store)
    exam_id = play_exam(store)
    part = store.log.range_of(exam_id)
    rows = [row for row in store.log.rows() if row.exam_id == exam_id]
    assert (part.first_seq, part.last_seq) == (rows[0].seq, rows[-1].seq)
